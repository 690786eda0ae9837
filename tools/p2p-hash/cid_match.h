// Whether a file or directory is what a CID names. A CID says what the blocks are, but not how the
// file was cut into them, so it is imported anew by the ways that may have led there.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "files/digest.h"
#include "files/import.h"
#include "multiformats/cid.h"

namespace p2p::hash {

/// A way of importing, and what it is called. The hash function that is used is always the CID's.
struct CidWay {
  std::string profile;
  /// Called on any thread.
  std::function<Result<files::ImportOptions>()> options;
};

struct CidMatch {
  bool matches = false;
  /// What made it match: a way's profile; "block" where the file is the very block.
  std::string profile;
};

struct CidQuestion {
  std::string path;  ///< "-" is standard input
  multiformats::Cid cid;
  std::optional<CidWay> way;  ///< the only one to try, where there is one
};

/// Without a way, tries until one matches:
/// - a file, for codec raw and all others but dag-pb: the file as one block;
/// - a file or directory for dag-pb: the profiles with the CID's hash function. For version 0
///   unixfs-v0-2015; for version 1 unixfs-v1-2025, v1, test-cid-v1, test-cid-v1-wide (which differs
///   for directories only), and unixfs-v0-2015 once more, for CIDs of version 0 rewritten as 1.
///   A directory without its hidden entries first, as `ipfs add` takes it, then with them;
/// - a file for dag-pb that is no larger than a block may be: the file as one block.
/// So a file that matches nothing is read five times at most, and a directory ten times. Inlined
/// blocks are taken to be as large as the CID's own. Standard input, and what else can be read only
/// once, is imported in all these ways at once.
Result<CidMatch> match_cid(const CidQuestion& question, unsigned threads,
                           const files::Advance& advance);

/// The same, in turn among what `digester` does: small files on some thread of its, large ones and
/// directories on `threads` of them together.
void match_later(files::Digester& digester, unsigned threads, CidQuestion question,
                 files::Advance advance,
                 std::move_only_function<void(const Result<CidMatch>&)> done);

}  // namespace p2p::hash
