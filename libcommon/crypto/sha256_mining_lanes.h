// Sixteen nonces at a time in AVX-512's vectors; private to crypto/.
#pragma once

#include <array>
#include <cstdint>

namespace p2p::crypto {

/// What is the same for all nonces of a header.
struct MiningWork {
  std::array<std::uint32_t, 8> midstate;  ///< after the first 64 bytes
  std::array<std::uint32_t, 3> tail;      ///< words 16 to 18, as SHA-256 reads them
  std::array<std::uint32_t, 8> begun;     ///< a to h after the three rounds that take the tail
};

/// Those of the sixteen nonces from `first` on (bit i for first + i) of whose hashes the most
/// significant 32 bits are `limit` or less. Needs sha256_lanes_available().
std::uint32_t mining_lanes(const MiningWork& work, std::uint32_t first, std::uint32_t limit);

}  // namespace p2p::crypto
