// SHA-256's rounds on sixteen messages at once, one in each lane of AVX-512's vectors, for the
// kernels of crypto/: who includes it has defined P2P_VECTOR_TARGET, see vector.h.
#pragma once

#include "crypto/sha256_ni.h"
#include "crypto/vector512.h"

namespace p2p::crypto {
namespace {

template <int A, int B, int C>
P2P_VECTOR_INLINE __m512i three_rotated(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, A), _mm512_ror_epi32(x, B),
                                   _mm512_ror_epi32(x, C), 0x96);
}

template <int A, int B, int Shift>
P2P_VECTOR_INLINE __m512i two_rotated_one_shifted(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, A), _mm512_ror_epi32(x, B),
                                   _mm512_srli_epi32(x, Shift), 0x96);
}

/// Round i of sixteen, FIPS 180-4, section 6.2.2. Instead of the variables their names move: a is
/// where h was a round ago.
P2P_VECTOR_INLINE void round_of(__m512i (&s)[8], __m512i w, std::size_t i,
                                const std::uint32_t* constants) {
  const __m512i a = s[(0 - i) & 7];
  const __m512i b = s[(1 - i) & 7];
  const __m512i c = s[(2 - i) & 7];
  __m512i& d = s[(3 - i) & 7];
  const __m512i e = s[(4 - i) & 7];
  const __m512i f = s[(5 - i) & 7];
  const __m512i g = s[(6 - i) & 7];
  __m512i& h = s[(7 - i) & 7];
  const __m512i choice = _mm512_ternarylogic_epi32(e, f, g, 0xca);
  const __m512i majority = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
  h = Vector512::add(h, Vector512::add(w, Vector512::set(constants[i])));
  h = Vector512::add(h, Vector512::add(choice, three_rotated<6, 11, 25>(e)));
  d = Vector512::add(d, h);
  h = Vector512::add(h, Vector512::add(majority, three_rotated<2, 13, 22>(a)));
}

/// Word i of the next sixteen, in the place of the one before.
P2P_VECTOR_INLINE void extend(__m512i (&w)[16], std::size_t i) {
  const __m512i s0 = two_rotated_one_shifted<7, 18, 3>(w[(i + 1) & 15]);
  const __m512i s1 = two_rotated_one_shifted<17, 19, 10>(w[(i + 14) & 15]);
  w[i] = Vector512::add(Vector512::add(w[i], w[(i + 9) & 15]), Vector512::add(s0, s1));
}

P2P_VECTOR_INLINE __m512i big_endian(__m512i words) {
  return _mm512_shuffle_epi8(words, Vector512::row(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f));
}

}  // namespace
}  // namespace p2p::crypto
