#include <bit>

#include "base/endian.h"
#include "crypto/blake3_kernel.h"

namespace p2p::crypto::blake3_kernel {
namespace {

using State = std::array<std::uint32_t, 16>;
using Message = std::array<std::uint32_t, 16>;

inline void mix(State& v, std::size_t a, std::size_t b, std::size_t c, std::size_t d,
                std::uint32_t x, std::uint32_t y) {
  v[a] += v[b] + x;
  v[d] = std::rotr(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = std::rotr(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 7);
}

State rounds(const std::array<std::uint32_t, 8>& state, const std::uint8_t* block,
             std::uint8_t block_size, std::uint64_t counter, std::uint8_t flags) {
  Message m;
  for (std::size_t i = 0; i < 16; ++i) m[i] = load_le<std::uint32_t>(block + 4 * i);
  State v = {state[0],
             state[1],
             state[2],
             state[3],
             state[4],
             state[5],
             state[6],
             state[7],
             kInitial[0],
             kInitial[1],
             kInitial[2],
             kInitial[3],
             static_cast<std::uint32_t>(counter),
             static_cast<std::uint32_t>(counter >> 32),
             block_size,
             flags};
  for (const auto& s : kSchedule) {
    mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
    mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
    mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
    mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
    mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
    mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
    mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
    mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
  }
  return v;
}

void compress(std::array<std::uint32_t, 8>& state, const std::uint8_t* block,
              std::uint8_t block_size, std::uint64_t counter, std::uint8_t flags) {
  const State v = rounds(state, block, block_size, counter, flags);
  for (std::size_t i = 0; i < 8; ++i) state[i] = v[i] ^ v[i + 8];
}

void hash_batch(const Batch& batch) {
  const std::uint8_t* input = batch.input;
  for (std::size_t i = 0; i < batch.count; ++i) {
    auto state = kInitial;
    for (std::size_t block = 0; block < batch.blocks; ++block, input += kBlake3BlockSize) {
      std::uint8_t flags = batch.flags;
      if (block == 0) flags |= batch.start;
      if (block + 1 == batch.blocks) flags |= batch.end;
      compress(state, input, kBlake3BlockSize, batch.first + i * batch.step, flags);
    }
    for (std::size_t word = 0; word < 8; ++word) {
      store_le(batch.out + 32 * i + 4 * word, state[word]);
    }
  }
}

}  // namespace

std::array<std::uint8_t, 64> output_block(const std::array<std::uint32_t, 8>& state,
                                          const std::uint8_t* block, std::uint8_t block_size,
                                          std::uint64_t counter, std::uint8_t flags) {
  const State v = rounds(state, block, block_size, counter, flags);
  std::array<std::uint8_t, 64> out;
  for (std::size_t i = 0; i < 8; ++i) {
    store_le(&out[4 * i], v[i] ^ v[i + 8]);
    store_le(&out[4 * (i + 8)], v[i + 8] ^ state[i]);
  }
  return out;
}

const Kernel& portable() {
  static constexpr Kernel kKernel{.width = 1, .compress = compress, .hash_batch = hash_batch};
  return kKernel;
}

}  // namespace p2p::crypto::blake3_kernel
