// Vectors of 128 bits, see vector.h.
#pragma once

#include "crypto/vector.h"

namespace p2p::crypto {
namespace {

/// As 128 bits are rotated without an instruction for it.
struct RotateInTwo {
  template <int Bits>
  P2P_VECTOR_INLINE static __m128i right(__m128i a) {
    if constexpr (Bits == 16) {
      return _mm_shuffle_epi8(a,
                              _mm_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2));
    } else if constexpr (Bits == 8) {
      return _mm_shuffle_epi8(a,
                              _mm_set_epi8(12, 15, 14, 13, 8, 11, 10, 9, 4, 7, 6, 5, 0, 3, 2, 1));
    } else {
      return _mm_or_si128(_mm_srli_epi32(a, Bits), _mm_slli_epi32(a, 32 - Bits));
    }
  }
};

template <class Rotation>
struct Vector128 {
  using Reg = __m128i;
  static constexpr std::size_t kLanes = 4;

  P2P_VECTOR_INLINE static Reg add(Reg a, Reg b) { return _mm_add_epi32(a, b); }
  P2P_VECTOR_INLINE static Reg exclusive_or(Reg a, Reg b) { return _mm_xor_si128(a, b); }
  P2P_VECTOR_INLINE static Reg set(std::uint32_t word) {
    return _mm_set1_epi32(static_cast<int>(word));
  }
  P2P_VECTOR_INLINE static Reg load(const std::uint32_t* words) {
    return _mm_loadu_si128(reinterpret_cast<const Reg*>(words));
  }
  template <int Bits>
  P2P_VECTOR_INLINE static Reg rotate(Reg a) {
    return Rotation::template right<Bits>(a);
  }
  template <int A, int B, int C, int D>
  P2P_VECTOR_INLINE static Reg shuffle(Reg a) {
    return _mm_shuffle_epi32(a, _MM_SHUFFLE(D, C, B, A));
  }
  template <int A, int B, int C, int D>
  P2P_VECTOR_INLINE static Reg pick(Reg a, Reg b) {
    return _mm_castps_si128(
        _mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), _MM_SHUFFLE(D, C, B, A)));
  }
  P2P_VECTOR_INLINE static Reg row(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                   std::uint32_t d) {
    return _mm_setr_epi32(static_cast<int>(a), static_cast<int>(b), static_cast<int>(c),
                          static_cast<int>(d));
  }
  P2P_VECTOR_INLINE static Reg load_rows(const std::uint8_t* const* inputs, std::size_t offset) {
    return _mm_loadu_si128(reinterpret_cast<const Reg*>(inputs[0] + offset));
  }
  P2P_VECTOR_INLINE static void store_rows(Reg a, Reg b, std::uint8_t* out) {
    _mm_storeu_si128(reinterpret_cast<Reg*>(out), a);
    _mm_storeu_si128(reinterpret_cast<Reg*>(out + 16), b);
  }

  P2P_VECTOR_INLINE static void transpose(Reg& a, Reg& b, Reg& c, Reg& d) {
    const Reg ab_low = _mm_unpacklo_epi32(a, b);
    const Reg ab_high = _mm_unpackhi_epi32(a, b);
    const Reg cd_low = _mm_unpacklo_epi32(c, d);
    const Reg cd_high = _mm_unpackhi_epi32(c, d);
    a = _mm_unpacklo_epi64(ab_low, cd_low);
    b = _mm_unpackhi_epi64(ab_low, cd_low);
    c = _mm_unpacklo_epi64(ab_high, cd_high);
    d = _mm_unpackhi_epi64(ab_high, cd_high);
  }

  P2P_VECTOR_INLINE static void load_message(Reg (&m)[16], const std::uint8_t* const* inputs,
                                             std::size_t offset) {
    P2P_VECTOR_UNROLL
    for (std::size_t word = 0; word < 16; word += 4) {
      P2P_VECTOR_UNROLL
      for (std::size_t lane = 0; lane < 4; ++lane) {
        m[word + lane] =
            _mm_loadu_si128(reinterpret_cast<const Reg*>(inputs[lane] + offset + 4 * word));
      }
      transpose(m[word], m[word + 1], m[word + 2], m[word + 3]);
    }
  }

  P2P_VECTOR_INLINE static void store_state(Reg (&h)[8], std::uint8_t* out) {
    transpose(h[0], h[1], h[2], h[3]);
    transpose(h[4], h[5], h[6], h[7]);
    P2P_VECTOR_UNROLL
    for (std::size_t lane = 0; lane < 4; ++lane) {
      _mm_storeu_si128(reinterpret_cast<Reg*>(out + 32 * lane), h[lane]);
      _mm_storeu_si128(reinterpret_cast<Reg*>(out + 32 * lane + 16), h[4 + lane]);
    }
  }
};

}  // namespace
}  // namespace p2p::crypto
