#include "torrent_work.h"

#include <algorithm>
#include <memory>

#include "files/pipeline.h"
#include "meter.h"

namespace p2p::hash {

void hash_torrent(cli::Console& console, const Options& options, const std::string& what,
                  const torrent::Layout& layout, files::TorrentVersions versions,
                  const files::OpenTorrentFile& open, const TakePieces& take) {
  Meter meter(console);
  meter.begin(what, layout.total());
  files::Pipeline pipeline(options.threads());
  pipeline.before_waiting([&meter] { meter.flush(); });
  const std::uint64_t step = files::pieces_per_job(layout, pipeline.threads());
  const std::size_t mapped = files::mapped_by_each(pipeline.threads());
  for (std::uint64_t first = 0; first < layout.pieces(); first += step) {
    const std::uint64_t end = std::min(first + step, layout.pieces());
    const auto hashes = std::make_shared<files::PieceHashes>();
    pipeline.submit(
        [=, &layout, &open, &meter] {
          *hashes = files::hash_pieces(layout, first, end, versions, open, mapped);
          meter.advance((end - first) * layout.piece_size());
        },
        [=, &take, &meter] {
          if (!hashes->failures.empty()) meter.hide();
          take(first, *hashes);
        });
  }
  pipeline.drain();
}

}  // namespace p2p::hash
