// What the command line asks of p2p-hash, as far as more than one mode looks at it.
#pragma once

#include <string>
#include <vector>

#include "content/checksum_line.h"
#include "crypto/hash.h"

namespace p2p::hash {

struct Options {
  crypto::HashAlg algorithm = crypto::HashAlg::sha2_256;
  std::vector<std::string> files;
  bool recursive = false;
  /// Threads that hash; 0 for as many as there are processors.
  std::uint64_t jobs = 0;

  content::ChecksumStyle style;
  bool text = false;
};

}  // namespace p2p::hash
