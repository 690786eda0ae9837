// Whether a file or directory is what a CID names. A CID says what the blocks are, but not how the
// file was cut into them, so it is imported anew by the ways that may have led there.
#pragma once

#include <string>

#include "base/error.h"
#include "files/digest.h"
#include "multiformats/cid.h"

namespace p2p::hash {

struct CidMatch {
  bool matches = false;
  /// What made it match: a profile's name; "block" where the file is the very block.
  std::string profile;
};

/// Tries, until one matches:
/// - a file, for codec raw and all others but dag-pb: the file as one block;
/// - a file or directory for dag-pb: the profiles with the CID's hash function. For version 0
///   unixfs-v0-2015; for version 1 unixfs-v1-2025, v1, test-cid-v1, test-cid-v1-wide (which differs
///   for directories only), and unixfs-v0-2015 once more, for CIDs of version 0 rewritten as 1.
///   A directory without its hidden entries first, as `ipfs add` takes it, then with them;
/// - a file for dag-pb that is no larger than a block may be: the file as one block.
/// So a file that matches nothing is read five times at most, and a directory ten times. Inlined
/// blocks are taken to be as large as the CID's own. Standard input, and what else can be read only
/// once, is imported in all these ways at once.
Result<CidMatch> match_cid(const std::string& path, const multiformats::Cid& cid,
                           const files::Advance& advance);

}  // namespace p2p::hash
