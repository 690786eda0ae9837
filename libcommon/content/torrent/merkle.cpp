#include "content/torrent/merkle.h"

#include <bit>
#include <vector>

#include "content/torrent/metainfo.h"

namespace p2p::torrent {

Digest32 pad_hash(unsigned height) {
  Digest32 hash{};
  for (unsigned i = 0; i < height; ++i) hash = crypto::sha256(hash, hash);
  return hash;
}

Digest32 merkle_root(std::span<const Digest32> hashes, const Digest32& pad) {
  std::vector<Digest32> row(hashes.begin(), hashes.end());
  Digest32 filler = pad;
  while (row.size() > 1) {
    if (row.size() % 2 != 0) row.push_back(filler);
    for (std::size_t i = 0; i < row.size() / 2; ++i) {
      row[i] = crypto::sha256(row[2 * i], row[2 * i + 1]);
    }
    row.resize(row.size() / 2);
    filler = crypto::sha256(filler, filler);
  }
  return row.front();
}

Digest32 piece_root(std::span<const Digest32> blocks, std::uint64_t file_size,
                    std::uint64_t piece_size) {
  Digest32 root = merkle_root(blocks, Digest32{});
  if (file_size < piece_size) return root;
  // The piece's other half, quarter, … that has no content at all.
  for (auto width = std::bit_ceil(blocks.size()); width < piece_size / kBlockSize; width *= 2) {
    root = crypto::sha256(root, pad_hash(static_cast<unsigned>(std::countr_zero(width))));
  }
  return root;
}

Digest32 file_root(std::span<const Digest32> pieces, std::uint64_t piece_size) {
  const auto height = static_cast<unsigned>(std::countr_zero(piece_size / kBlockSize));
  return merkle_root(pieces, pad_hash(height));
}

}  // namespace p2p::torrent
