// The Merkle trees of BEP 52: binary, of SHA-256, over a file's 16 KiB blocks, filled up with zero
// hashes to a power of two.
#pragma once

#include <cstdint>
#include <span>

#include "crypto/hash.h"

namespace p2p::torrent {

using crypto::Digest32;

/// The root over `2^height` zero hashes: what stands for a subtree without content.
Digest32 pad_hash(unsigned height);

/// The root over `hashes`, at least one, filled up to a power of two with `pad`.
Digest32 merkle_root(std::span<const Digest32> hashes, const Digest32& pad);

/// The hash of one piece of a file of `file_size` bytes, from its blocks' hashes: that of a file
/// smaller than a piece is the file's root, any other is filled up to the whole piece.
Digest32 piece_root(std::span<const Digest32> blocks, std::uint64_t file_size,
                    std::uint64_t piece_size);

/// The root of a file's tree from the hashes of its pieces, one for each.
Digest32 file_root(std::span<const Digest32> pieces, std::uint64_t piece_size);

}  // namespace p2p::torrent
