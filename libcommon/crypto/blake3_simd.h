// The bodies shared by the BLAKE3 kernels for x86-64, in two shapes, with the vectors of vector.h.
// *Lanes*: as many inputs as a vector has lanes, each vector one word of the state of all: the most
// work done at once. *Rows*: one input for each 128 bits, each vector a row of four words of the
// state: the shortest wait for few inputs.
#pragma once

#include <algorithm>
#include <cstring>

#include "crypto/blake3_kernel.h"
#include "crypto/vector.h"

namespace p2p::crypto::blake3_kernel {
namespace {

/// Four mixing functions side by side, over the columns or the diagonals, step by step, so that the
/// processor always has four independent instructions.
template <class V, std::size_t Round, bool Diagonal>
P2P_VECTOR_INLINE void mix_four(typename V::Reg (&v)[16], const typename V::Reg (&m)[16]) {
  constexpr auto& s = kSchedule[Round];
  constexpr std::size_t o = Diagonal ? 8 : 0;
  constexpr std::size_t b0 = Diagonal ? 5 : 4, b1 = Diagonal ? 6 : 5, b2 = Diagonal ? 7 : 6,
                        b3 = Diagonal ? 4 : 7;
  constexpr std::size_t c0 = Diagonal ? 10 : 8, c1 = Diagonal ? 11 : 9, c2 = Diagonal ? 8 : 10,
                        c3 = Diagonal ? 9 : 11;
  constexpr std::size_t d0 = Diagonal ? 15 : 12, d1 = Diagonal ? 12 : 13, d2 = Diagonal ? 13 : 14,
                        d3 = Diagonal ? 14 : 15;
  v[0] = V::add(v[0], m[s[o + 0]]);
  v[1] = V::add(v[1], m[s[o + 2]]);
  v[2] = V::add(v[2], m[s[o + 4]]);
  v[3] = V::add(v[3], m[s[o + 6]]);
  v[0] = V::add(v[0], v[b0]);
  v[1] = V::add(v[1], v[b1]);
  v[2] = V::add(v[2], v[b2]);
  v[3] = V::add(v[3], v[b3]);
  v[d0] = V::template rotate<16>(V::exclusive_or(v[d0], v[0]));
  v[d1] = V::template rotate<16>(V::exclusive_or(v[d1], v[1]));
  v[d2] = V::template rotate<16>(V::exclusive_or(v[d2], v[2]));
  v[d3] = V::template rotate<16>(V::exclusive_or(v[d3], v[3]));
  v[c0] = V::add(v[c0], v[d0]);
  v[c1] = V::add(v[c1], v[d1]);
  v[c2] = V::add(v[c2], v[d2]);
  v[c3] = V::add(v[c3], v[d3]);
  v[b0] = V::template rotate<12>(V::exclusive_or(v[b0], v[c0]));
  v[b1] = V::template rotate<12>(V::exclusive_or(v[b1], v[c1]));
  v[b2] = V::template rotate<12>(V::exclusive_or(v[b2], v[c2]));
  v[b3] = V::template rotate<12>(V::exclusive_or(v[b3], v[c3]));
  v[0] = V::add(v[0], m[s[o + 1]]);
  v[1] = V::add(v[1], m[s[o + 3]]);
  v[2] = V::add(v[2], m[s[o + 5]]);
  v[3] = V::add(v[3], m[s[o + 7]]);
  v[0] = V::add(v[0], v[b0]);
  v[1] = V::add(v[1], v[b1]);
  v[2] = V::add(v[2], v[b2]);
  v[3] = V::add(v[3], v[b3]);
  v[d0] = V::template rotate<8>(V::exclusive_or(v[d0], v[0]));
  v[d1] = V::template rotate<8>(V::exclusive_or(v[d1], v[1]));
  v[d2] = V::template rotate<8>(V::exclusive_or(v[d2], v[2]));
  v[d3] = V::template rotate<8>(V::exclusive_or(v[d3], v[3]));
  v[c0] = V::add(v[c0], v[d0]);
  v[c1] = V::add(v[c1], v[d1]);
  v[c2] = V::add(v[c2], v[d2]);
  v[c3] = V::add(v[c3], v[d3]);
  v[b0] = V::template rotate<7>(V::exclusive_or(v[b0], v[c0]));
  v[b1] = V::template rotate<7>(V::exclusive_or(v[b1], v[c1]));
  v[b2] = V::template rotate<7>(V::exclusive_or(v[b2], v[c2]));
  v[b3] = V::template rotate<7>(V::exclusive_or(v[b3], v[c3]));
}

template <class V, std::size_t Round>
P2P_VECTOR_INLINE void round_of_lanes(typename V::Reg (&v)[16], const typename V::Reg (&m)[16]) {
  mix_four<V, Round, false>(v, m);
  mix_four<V, Round, true>(v, m);
}

/// The first V::kLanes inputs of `batch`, or all if they are fewer: then the lanes too many work on
/// the last input again.
template <class V>
P2P_VECTOR_CODE void hash_lanes(const Batch& batch) {
  using Reg = typename V::Reg;
  const std::size_t used = std::min(V::kLanes, batch.count);
  const std::size_t stride = batch.blocks * kBlake3BlockSize;
  const std::uint8_t* inputs[V::kLanes];
  alignas(64) std::uint32_t low[V::kLanes];
  alignas(64) std::uint32_t high[V::kLanes];
  for (std::size_t lane = 0; lane < V::kLanes; ++lane) {
    const std::size_t index = std::min(lane, used - 1);
    const std::uint64_t counter = batch.first + index * batch.step;
    inputs[lane] = batch.input + index * stride;
    low[lane] = static_cast<std::uint32_t>(counter);
    high[lane] = static_cast<std::uint32_t>(counter >> 32);
  }
  Reg h[8];
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 8; ++i) h[i] = V::set(kInitial[i]);
  std::uint32_t flags = batch.flags | batch.start;
  for (std::size_t block = 0; block < batch.blocks; ++block) {
    if (block + 1 == batch.blocks) flags |= batch.end;
    // Lanes a chunk apart are more streams than the processor foresees, so the inputs after these
    // are asked for in time. Past the last of them it is in vain, but does no harm.
    const std::uint8_t* ahead = batch.input + V::kLanes * (stride + block * kBlake3BlockSize);
    P2P_VECTOR_UNROLL
    for (std::size_t lane = 0; lane < V::kLanes; ++lane) {
      _mm_prefetch(reinterpret_cast<const char*>(ahead + lane * kBlake3BlockSize), _MM_HINT_T0);
    }
    Reg m[16];
    V::load_message(m, inputs, block * kBlake3BlockSize);
    Reg v[16] = {h[0],
                 h[1],
                 h[2],
                 h[3],
                 h[4],
                 h[5],
                 h[6],
                 h[7],
                 V::set(kInitial[0]),
                 V::set(kInitial[1]),
                 V::set(kInitial[2]),
                 V::set(kInitial[3]),
                 V::load(low),
                 V::load(high),
                 V::set(kBlake3BlockSize),
                 V::set(flags)};
    round_of_lanes<V, 0>(v, m);
    round_of_lanes<V, 1>(v, m);
    round_of_lanes<V, 2>(v, m);
    round_of_lanes<V, 3>(v, m);
    round_of_lanes<V, 4>(v, m);
    round_of_lanes<V, 5>(v, m);
    round_of_lanes<V, 6>(v, m);
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 8; ++i) h[i] = V::exclusive_or(v[i], v[i + 8]);
    flags = batch.flags;
  }
  if (used == V::kLanes) {
    V::store_state(h, batch.out);
  } else {
    std::uint8_t states[32 * V::kLanes];
    V::store_state(h, states);
    std::memcpy(batch.out, states, 32 * used);
  }
}

/// The message words of one round in the order in which rows want them: those for the columns' two
/// halves, and for the diagonals' two, these turned by one as the rows are (see round_of_rows).
template <class V>
struct RowMessage {
  typename V::Reg x;  ///< words 0, 2, 4, 6
  typename V::Reg y;  ///< words 1, 3, 5, 7
  typename V::Reg z;  ///< words 14, 8, 10, 12
  typename V::Reg w;  ///< words 15, 9, 11, 13
};

/// The next round's.
template <class V>
P2P_VECTOR_INLINE RowMessage<V> permute(const RowMessage<V>& m) {
  const auto z_w = V::template pick<2, 2, 3, 3>(m.z, m.w);
  const auto y_z = V::template pick<0, 0, 3, 3>(m.y, m.z);
  const auto w_y = V::template pick<2, 2, 2, 2>(m.w, m.y);
  return {V::template shuffle<0, 2, 3, 1>(V::template pick<1, 2, 1, 3>(m.x, m.y)),
          V::template shuffle<0, 2, 1, 3>(V::template pick<3, 0, 0, 2>(m.x, z_w)),
          V::template shuffle<0, 2, 3, 1>(V::template pick<0, 1, 0, 2>(m.w, y_z)),
          V::template shuffle<0, 2, 3, 1>(V::template pick<1, 0, 0, 2>(m.z, w_y))};
}

template <class V>
struct RowState {
  typename V::Reg a, b, c, d;
};

template <class V>
P2P_VECTOR_INLINE void mix_rows(RowState<V>& s, typename V::Reg x, typename V::Reg y) {
  s.a = V::add(V::add(s.a, x), s.b);
  s.d = V::template rotate<16>(V::exclusive_or(s.d, s.a));
  s.c = V::add(s.c, s.d);
  s.b = V::template rotate<12>(V::exclusive_or(s.b, s.c));
  s.a = V::add(V::add(s.a, y), s.b);
  s.d = V::template rotate<8>(V::exclusive_or(s.d, s.a));
  s.c = V::add(s.c, s.d);
  s.b = V::template rotate<7>(V::exclusive_or(s.b, s.c));
}

/// The columns, then the diagonals: for these the other rows are turned against row b, which is
/// ready last, so that nobody waits for the turning.
template <class V>
P2P_VECTOR_INLINE void round_of_rows(RowState<V>& s, const RowMessage<V>& m) {
  mix_rows<V>(s, m.x, m.y);
  s.a = V::template shuffle<3, 0, 1, 2>(s.a);
  s.c = V::template shuffle<1, 2, 3, 0>(s.c);
  s.d = V::template shuffle<2, 3, 0, 1>(s.d);
  mix_rows<V>(s, m.z, m.w);
  s.a = V::template shuffle<1, 2, 3, 0>(s.a);
  s.c = V::template shuffle<3, 0, 1, 2>(s.c);
  s.d = V::template shuffle<2, 3, 0, 1>(s.d);
}

/// Compresses the block at `offset` of each input; a and b, the chaining values, are renewed, d is
/// counter, block size and flags.
template <class V>
P2P_VECTOR_INLINE void compress_rows(typename V::Reg& a, typename V::Reg& b, typename V::Reg d,
                                     const std::uint8_t* const* inputs, std::size_t offset) {
  const auto w0 = V::load_rows(inputs, offset);
  const auto w1 = V::load_rows(inputs, offset + 16);
  const auto w2 = V::load_rows(inputs, offset + 32);
  const auto w3 = V::load_rows(inputs, offset + 48);
  RowMessage<V> m{V::template pick<0, 2, 0, 2>(w0, w1), V::template pick<1, 3, 1, 3>(w0, w1),
                  V::template shuffle<3, 0, 1, 2>(V::template pick<0, 2, 0, 2>(w2, w3)),
                  V::template shuffle<3, 0, 1, 2>(V::template pick<1, 3, 1, 3>(w2, w3))};
  RowState<V> s{a, b, V::row(kInitial[0], kInitial[1], kInitial[2], kInitial[3]), d};
  round_of_rows<V>(s, m);
  P2P_VECTOR_UNROLL
  for (int round = 1; round < 7; ++round) {
    m = permute<V>(m);
    round_of_rows<V>(s, m);
  }
  a = V::exclusive_or(s.a, s.c);
  b = V::exclusive_or(s.b, s.d);
}

/// As hash_lanes, for at most a quarter as many inputs.
template <class V>
P2P_VECTOR_CODE void hash_rows(const Batch& batch) {
  constexpr std::size_t kRows = V::kLanes / 4;
  const std::size_t used = std::min(kRows, batch.count);
  const std::uint8_t* inputs[kRows];
  alignas(64) std::uint32_t counters[V::kLanes];
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::size_t index = std::min(row, used - 1);
    const std::uint64_t counter = batch.first + index * batch.step;
    inputs[row] = batch.input + index * batch.blocks * kBlake3BlockSize;
    counters[4 * row] = static_cast<std::uint32_t>(counter);
    counters[4 * row + 1] = static_cast<std::uint32_t>(counter >> 32);
    counters[4 * row + 2] = kBlake3BlockSize;
    counters[4 * row + 3] = batch.flags;
  }
  const auto counter = V::load(counters);
  const auto start = V::row(0, 0, 0, batch.start);
  const auto end = V::row(0, 0, 0, batch.end);
  auto a = V::row(kInitial[0], kInitial[1], kInitial[2], kInitial[3]);
  auto b = V::row(kInitial[4], kInitial[5], kInitial[6], kInitial[7]);
  for (std::size_t block = 0; block < batch.blocks; ++block) {
    auto d = counter;
    // No flag of `flags` is in `start` or `end` as well.
    if (block == 0) d = V::add(d, start);
    if (block + 1 == batch.blocks) d = V::add(d, end);
    compress_rows<V>(a, b, d, inputs, block * kBlake3BlockSize);
  }
  if (used == kRows) {
    V::store_rows(a, b, batch.out);
  } else {
    std::uint8_t states[32 * kRows];
    V::store_rows(a, b, states);
    std::memcpy(batch.out, states, 32 * used);
  }
}

/// One block alone, for Kernel.
template <class V>
P2P_VECTOR_CODE void compress_one(std::array<std::uint32_t, 8>& state, const std::uint8_t* block,
                                  std::uint8_t block_size, std::uint64_t counter,
                                  std::uint8_t flags) {
  auto a = V::load(state.data());
  auto b = V::load(state.data() + 4);
  const auto d = V::row(static_cast<std::uint32_t>(counter),
                        static_cast<std::uint32_t>(counter >> 32), block_size, flags);
  compress_rows<V>(a, b, d, &block, 0);
  V::store_rows(a, b, reinterpret_cast<std::uint8_t*>(state.data()));
}

}  // namespace
}  // namespace p2p::crypto::blake3_kernel
