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
  std::vector<Digest32> open;  // subtrees that wait for one of their size, the largest first
  // A subtree that has `before` of its size before it.
  const auto add = [&open](Digest32 root, std::size_t before) {
    for (; before % 2 != 0; before /= 2) {
      root = crypto::sha256(open.back(), root);
      open.pop_back();
    }
    open.push_back(root);
  };
  for (std::size_t i = 0; i < hashes.size(); ++i) add(hashes[i], i);
  Digest32 filler = pad;
  for (std::size_t row = hashes.size(); row > 1; row = (row + 1) / 2) {
    if (row % 2 != 0) add(filler, row);
    filler = crypto::sha256(filler, filler);
  }
  return open.front();
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
