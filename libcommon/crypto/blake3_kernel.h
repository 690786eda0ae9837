// What a BLAKE3 kernel offers; private to crypto/. Section numbers are those of the BLAKE3 paper.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "crypto/blake3.h"

namespace p2p::crypto::blake3_kernel {

// Domain flags, section 2.2.
inline constexpr std::uint8_t kChunkStart = 1;
inline constexpr std::uint8_t kChunkEnd = 2;
inline constexpr std::uint8_t kParent = 4;
inline constexpr std::uint8_t kRoot = 8;

inline constexpr std::array<std::uint32_t, 8> kInitial = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// Which message word each round takes when: the permutation of section 2.2, applied once a round.
inline constexpr std::array<std::array<std::size_t, 16>, 7> kSchedule = {{
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
}};

/// Equally long inputs, one after the other, each to be chained from kInitial through its blocks.
struct Batch {
  const std::uint8_t* input;
  std::size_t count;    ///< inputs
  std::size_t blocks;   ///< of each input: 16 for a chunk, 1 for a parent
  std::uint64_t first;  ///< counter of the first input
  std::uint64_t step;   ///< 1 for chunks, whose counter is their index; 0 for parents
  std::uint8_t flags;   ///< of every block
  std::uint8_t start;   ///< more flags of the first block
  std::uint8_t end;     ///< more flags of the last block
  std::uint8_t* out;    ///< 32 bytes for each; may be `input` itself
};

struct Kernel {
  std::size_t width;  ///< inputs worked on at once
  /// Section 2.2's compression, `state` becoming the chaining value.
  void (*compress)(std::array<std::uint32_t, 8>& state, const std::uint8_t* block,
                   std::uint8_t block_size, std::uint64_t counter, std::uint8_t flags);
  void (*hash_batch)(const Batch& batch);
};

/// Section 2.6: block `counter` of a root's output, of which the digest is the first half.
std::array<std::uint8_t, 64> output_block(const std::array<std::uint32_t, 8>& state,
                                          const std::uint8_t* block, std::uint8_t block_size,
                                          std::uint64_t counter, std::uint8_t flags);

const Kernel& portable();
#if defined(__x86_64__)
const Kernel& sse41();
const Kernel& avx2();
const Kernel& avx512();
#endif

/// What is left of `batch` after its first `count` inputs.
inline Batch rest_of(Batch batch, std::size_t count) {
  batch.input += count * batch.blocks * kBlake3BlockSize;
  batch.count -= count;
  batch.first += count * batch.step;
  batch.out += count * 32;
  return batch;
}

}  // namespace p2p::crypto::blake3_kernel
