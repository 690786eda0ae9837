// What the command line asks of p2p-hash.
#pragma once

#include <string>
#include <vector>

#include "content/checksum_line.h"
#include "content/profile.h"
#include "multiformats/multicodec.h"

namespace p2p::hash {

struct Options {
  crypto::HashAlg algorithm = crypto::HashAlg::sha2_256;
  std::vector<std::string> files;
  bool recursive = false;

  content::ChecksumStyle style;
  bool text = false;

  bool check = false;
  bool ignore_missing = false;
  bool strict = false;
  /// --quiet, --status and --warn are one choice: in coreutils the last one given holds.
  enum class Report { usual, quiet, status, warn } report = Report::usual;

  bool cid = false;
  bool hidden = false;
  std::string profile = "unixfs-v0-2015";  // what `ipfs add` does by default
  std::optional<multiformats::Codec> codec;
};

}  // namespace p2p::hash
