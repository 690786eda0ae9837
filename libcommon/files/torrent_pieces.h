// The hashes of a torrent's pieces, from files on disk.
//
// Several pieces are hashed side by side, which is what makes SHA-1 fast (crypto/sha1_lanes.h), and
// for a hybrid torrent each 16 KiB block is hashed for both versions while it is in the cache.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "content/torrent/layout.h"
#include "files/file.h"

namespace p2p::files {

/// Opens a file of the torrent by its place in the list. It is called from the threads that hash,
/// more than once for a file that is in several pieces.
using OpenTorrentFile = std::function<Result<File>(std::size_t file)>;

struct PieceHash {
  bool whole = false;   ///< all of it could be read; else the hashes mean nothing
  crypto::Digest20 v1;  ///< where asked for
  crypto::Digest32 v2;  ///< where asked for: of the one file that is in the piece (piece_root)
};

struct PieceHashes {
  std::vector<PieceHash> pieces;
  /// What could not be read, or changed meanwhile: each file once.
  std::vector<std::pair<std::size_t, Error>> failures;
};

struct TorrentVersions {
  bool v1 = false;
  bool v2 = false;  ///< files begin on pieces' edges
};

/// The hashes of pieces [first, end). Memory is bounded whatever the pieces' size. A piece that is
/// padding alone, which only a foreign torrent has, is not hashed, and not `whole`: such a torrent
/// could name any number of bytes that are nowhere. `mapped` is what may be mapped at once.
PieceHashes hash_pieces(const torrent::Layout& layout, std::uint64_t first, std::uint64_t end,
                        TorrentVersions versions, const OpenTorrentFile& open,
                        std::size_t mapped = kWindowSize);

/// How many pieces a job should take when `threads` work on `layout`: enough to fill all lanes and
/// to be worth handing over, few enough that all threads have work to the end.
std::uint64_t pieces_per_job(const torrent::Layout& layout, unsigned threads);

}  // namespace p2p::files
