// LAYERS: p2p_torrent
// OPTIONS: -max_len=2048
// A torrent that is read has a layout that holds together, and what is written of it reads as the
// same torrent again.
#include "fuzz/require.h"

#include "content/torrent/layout.h"
#include "content/torrent/metainfo.h"
#include "support/torrent.h"

using namespace p2p;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto torrent = torrent::read_torrent(ByteView(data, size));
  if (!torrent) return 0;
  const auto& meta = torrent->meta;
  require(meta.v1 == torrent->hashes.v1.has_value() && meta.v2 == torrent->hashes.v2.has_value());
  const torrent::Layout layout(meta);
  require(layout.total() > 0 && layout.total() <= torrent::kMaxTotalSize);
  if (meta.v1) require(meta.pieces.size() == layout.pieces());

  // Every byte of a piece is in one slice; a few pieces stand for all.
  for (const auto piece : {std::uint64_t{0}, layout.pieces() / 2, layout.pieces() - 1}) {
    std::uint64_t sum = 0;
    for (const auto& slice : layout.slices(piece)) {
      const auto& file = meta.files[slice.file];
      require(slice.size > 0 && slice.offset + slice.size <= file.size);
      const auto [first, end] = layout.pieces_of(slice.file);
      require(first <= piece && piece < end);
      sum += slice.size;
    }
    require(sum == layout.size_of(piece));
  }
  for (const auto& file : meta.files) {
    if (!file.unsafe && !file.pad) require(torrent::is_safe_path(file.path));
  }

  // What cannot be used is not meant to be written.
  for (const auto& file : meta.files) {
    if (file.unsafe || (file.symlink && !torrent::is_safe_path(file.target))) return 0;
    if (file.pad && !torrent::is_safe_path(file.path)) return 0;
  }
  if (meta.v2) {
    auto sorted = meta.files;
    std::erase_if(sorted, [](const auto& file) { return file.pad; });
    if (!torrent::arrange(sorted, meta.piece_size, false)) return 0;
  }
  const auto encoded = p2p::testing::encode_torrent(meta);
  if (!encoded) return 0;
  const auto again = torrent::read_torrent(encoded->file);
  require(again.has_value() && !again->flaw);
  require(again->meta.files.size() == meta.files.size());
  require(again->hashes.v1 == encoded->hashes.v1 && again->hashes.v2 == encoded->hashes.v2);
  const auto twice = p2p::testing::encode_torrent(again->meta);
  require(twice.has_value() && twice->file == encoded->file);
  return 0;
}
