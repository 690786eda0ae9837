#include "torrent_work.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "cli/progress.h"
#include "files/pipeline.h"

namespace p2p::hash {

namespace {

Time now() {
  return Time(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace

void hash_torrent(cli::Console& console, const Options& options, const std::string& what,
                  const torrent::Layout& layout, files::TorrentVersions versions,
                  const files::OpenTorrentFile& open, const TakePieces& take) {
  console.out().flush();
  cli::Progress progress(console);
  if (progress.visible()) progress.begin(what, layout.total(), now());
  files::Pipeline pipeline(options.jobs != 0 ? static_cast<unsigned>(options.jobs)
                                             : files::default_jobs());
  const std::uint64_t step = files::pieces_per_job(layout, pipeline.threads());
  for (std::uint64_t first = 0; first < layout.pieces(); first += step) {
    const std::uint64_t end = std::min(first + step, layout.pieces());
    const auto hashes = std::make_shared<files::PieceHashes>();
    pipeline.submit(
        [=, &layout, &open] { *hashes = files::hash_pieces(layout, first, end, versions, open); },
        [=, &layout, &take, &progress] {
          take(first, *hashes);
          if (progress.visible()) {
            progress.update(std::min(end * layout.piece_size(), layout.total()), now());
          }
        });
  }
  pipeline.drain();
  progress.end();
}

}  // namespace p2p::hash
