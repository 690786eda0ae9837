// What the command line asks of p2p-hash, as far as more than one mode looks at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "content/checksum_line.h"
#include "crypto/hash.h"
#include "files/pipeline.h"
#include "multiformats/cid.h"
#include "multiformats/multibase.h"

namespace p2p::hash {

struct Options {
  /// The first that was given, for modes that take one.
  crypto::HashAlg algorithm = crypto::HashAlg::sha2_256;
  /// All that were given, each once; none if none was.
  std::vector<crypto::HashAlg> algorithms;
  /// How multihashes and CIDs are written, where it was given.
  std::optional<multiformats::Multibase> base;
  std::vector<std::string> files;
  bool recursive = false;
  /// Threads that hash; 0 for as many as there are processors.
  std::uint64_t jobs = 0;

  unsigned threads() const {
    return jobs == 0 ? files::default_jobs() : static_cast<unsigned>(jobs);
  }
  std::vector<crypto::HashAlg> algorithms_or_default() const {
    return algorithms.empty() ? std::vector{algorithm} : algorithms;
  }
  /// The CID as it is written here.
  std::string text_of(const multiformats::Cid& name) const {
    return base ? name.text(*base) : name.text();
  }

  /// CIDs instead of hashes; and whether a proof is wanted, not only a name.
  bool cid = false;
  bool proves = false;
  /// -c was given: CIDs in lists are checked by importing.
  bool checks = false;

  /// Where the modes that write something put it.
  std::optional<std::string> output;

  /// No remarks, no progress, and nothing about what is as it should be.
  bool quiet = false;

  content::ChecksumStyle style;
  bool text = false;
};

}  // namespace p2p::hash
