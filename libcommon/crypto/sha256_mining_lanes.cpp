#include "crypto/sha256_mining_lanes.h"

#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx512f,avx512vl,avx512bw,tune=icelake-server"

#include "crypto/sha256_vector.h"

namespace p2p::crypto {
namespace {

using Vector = Vector512;
using Reg = Vector::Reg;

/// The rounds that the nonce comes after.
constexpr std::size_t kBegun = 3;

P2P_VECTOR_INLINE void more_rounds(Reg (&s)[8], Reg (&w)[16], std::size_t done, std::size_t count) {
#pragma GCC unroll 16
  for (std::size_t i = 0; i < count; ++i) {
    extend(w, i);
    round_of(s, w[i], i, kSha256Round.data() + done);
  }
}

P2P_VECTOR_CODE std::uint32_t run(const MiningWork& work, std::uint32_t first,
                                  std::uint32_t limit) {
  const Reg counting = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const Reg zero = _mm512_setzero_si512();
  Reg s[8];
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 8; ++i) s[(i - kBegun) & 7] = Vector::set(work.begun[i]);
  // The nonce is little-endian in the header, and SHA-256 reads big-endian words.
  Reg w[16] = {Vector::set(work.tail[0]),
               Vector::set(work.tail[1]),
               Vector::set(work.tail[2]),
               big_endian(Vector::add(Vector::set(first), counting)),
               Vector::set(0x80000000),
               zero,
               zero,
               zero,
               zero,
               zero,
               zero,
               zero,
               zero,
               zero,
               zero,
               Vector::set(640)};
  P2P_VECTOR_UNROLL
  for (std::size_t i = kBegun; i < 16; ++i) round_of(s, w[i], i, kSha256Round.data());
  for (std::size_t done = 16; done < 64; done += 16) more_rounds(s, w, done, 16);

  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 8; ++i) {
    w[i] = Vector::add(s[i], Vector::set(work.midstate[i]));
    w[i + 8] = zero;
    s[i] = Vector::set(kSha256Initial[i]);
  }
  w[8] = Vector::set(0x80000000);
  w[15] = Vector::set(256);
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 16; ++i) round_of(s, w[i], i, kSha256Round.data());
  for (std::size_t done = 16; done < 48; done += 16) more_rounds(s, w, done, 16);
  // What is e after the round before the last three is h after them.
  constexpr std::size_t kLast = 13;
  more_rounds(s, w, 48, kLast);
  const Reg h = Vector::add(s[(4 - kLast) & 7], Vector::set(kSha256Initial[7]));
  return _mm512_cmple_epu32_mask(big_endian(h), Vector::set(limit));
}

}  // namespace

std::uint32_t mining_lanes(const MiningWork& work, std::uint32_t first, std::uint32_t limit) {
  return run(work, first, limit);
}

}  // namespace p2p::crypto

#else

namespace p2p::crypto {

std::uint32_t mining_lanes(const MiningWork&, std::uint32_t, std::uint32_t) { return 0xffff; }

}  // namespace p2p::crypto

#endif
