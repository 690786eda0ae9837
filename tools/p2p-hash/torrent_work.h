// Hashing all of a torrent's pieces, on all cores and with a progress line.
#pragma once

#include <functional>
#include <string>

#include "cli/console.h"
#include "files/torrent_pieces.h"
#include "options.h"

namespace p2p::hash {

/// Told of runs of pieces in order, each with the number of its first piece.
using TakePieces = std::function<void(std::uint64_t first, const files::PieceHashes& hashes)>;

/// `what` is what the progress line calls it. `take` is called on this thread, `open` on any.
void hash_torrent(cli::Console& console, const Options& options, const std::string& what,
                  const torrent::Layout& layout, files::TorrentVersions versions,
                  const files::OpenTorrentFile& open, const TakePieces& take);

}  // namespace p2p::hash
