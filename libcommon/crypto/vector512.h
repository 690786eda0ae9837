// Vectors of 512 bits, see vector.h.
#pragma once

#include "crypto/vector.h"

namespace p2p::crypto {
namespace {

struct Vector512 {
  using Reg = __m512i;
  static constexpr std::size_t kLanes = 16;

  P2P_VECTOR_INLINE static Reg add(Reg a, Reg b) { return _mm512_add_epi32(a, b); }
  P2P_VECTOR_INLINE static Reg exclusive_or(Reg a, Reg b) { return _mm512_xor_si512(a, b); }
  P2P_VECTOR_INLINE static Reg set(std::uint32_t word) {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  P2P_VECTOR_INLINE static Reg load(const std::uint32_t* words) {
    return _mm512_loadu_si512(words);
  }
  template <int Bits>
  P2P_VECTOR_INLINE static Reg rotate(Reg a) {
    return _mm512_ror_epi32(a, Bits);
  }

  template <int A, int B, int C, int D>
  P2P_VECTOR_INLINE static Reg shuffle(Reg a) {
    return _mm512_shuffle_epi32(a, static_cast<_MM_PERM_ENUM>(_MM_SHUFFLE(D, C, B, A)));
  }
  template <int A, int B, int C, int D>
  P2P_VECTOR_INLINE static Reg pick(Reg a, Reg b) {
    return _mm512_castps_si512(
        _mm512_shuffle_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), _MM_SHUFFLE(D, C, B, A)));
  }
  P2P_VECTOR_INLINE static Reg row(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                   std::uint32_t d) {
    return _mm512_setr4_epi32(static_cast<int>(a), static_cast<int>(b), static_cast<int>(c),
                              static_cast<int>(d));
  }
  P2P_VECTOR_INLINE static Reg load_rows(const std::uint8_t* const* inputs, std::size_t offset) {
    Reg rows = _mm512_castsi128_si512(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(inputs[0] + offset)));
    rows = _mm512_inserti32x4(
        rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(inputs[1] + offset)), 1);
    rows = _mm512_inserti32x4(
        rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(inputs[2] + offset)), 2);
    return _mm512_inserti32x4(
        rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(inputs[3] + offset)), 3);
  }
  template <int Row>
  P2P_VECTOR_INLINE static void store_row(Reg a, Reg b, std::uint8_t* out) {
    auto* half = reinterpret_cast<__m128i*>(out + 32 * Row);
    _mm_storeu_si128(half, _mm512_extracti32x4_epi32(a, Row));
    _mm_storeu_si128(half + 1, _mm512_extracti32x4_epi32(b, Row));
  }
  P2P_VECTOR_INLINE static void store_rows(Reg a, Reg b, std::uint8_t* out) {
    store_row<0>(a, b, out);
    store_row<1>(a, b, out);
    store_row<2>(a, b, out);
    store_row<3>(a, b, out);
  }

  /// Four rows; quarter q of r[k] becomes word 4q + k of each.
  P2P_VECTOR_INLINE static void transpose_quarters(Reg& a, Reg& b, Reg& c, Reg& d) {
    const Reg ab_low = _mm512_unpacklo_epi32(a, b);
    const Reg ab_high = _mm512_unpackhi_epi32(a, b);
    const Reg cd_low = _mm512_unpacklo_epi32(c, d);
    const Reg cd_high = _mm512_unpackhi_epi32(c, d);
    a = _mm512_unpacklo_epi64(ab_low, cd_low);
    b = _mm512_unpackhi_epi64(ab_low, cd_low);
    c = _mm512_unpacklo_epi64(ab_high, cd_high);
    d = _mm512_unpackhi_epi64(ab_high, cd_high);
  }

  /// 32 bytes at each of two places.
  P2P_VECTOR_INLINE static Reg load_halves(const std::uint8_t* low, const std::uint8_t* high) {
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(low))),
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high)), 1);
  }

  P2P_VECTOR_INLINE static void load_message(Reg (&m)[16], const std::uint8_t* const* inputs,
                                             std::size_t offset) {
    // Inputs 0 to 3 beside 4 to 7, then 8 to 11 beside 12 to 15; of each words 0 to 7 in m[0] to
    // m[7] and 8 to 15 in the others. Inserting from memory leaves less to shuffle, which only one
    // port of the processor can do.
    P2P_VECTOR_UNROLL
    for (std::size_t lane = 0; lane < 4; ++lane) {
      P2P_VECTOR_UNROLL
      for (std::size_t part = 0; part < 2; ++part) {
        const std::uint8_t* low = inputs[8 * part + lane] + offset;
        const std::uint8_t* high = inputs[8 * part + lane + 4] + offset;
        m[4 * part + lane] = load_halves(low, high);
        m[4 * part + lane + 8] = load_halves(low + 32, high + 32);
      }
    }
    transpose_quarters(m[0], m[1], m[2], m[3]);
    transpose_quarters(m[4], m[5], m[6], m[7]);
    transpose_quarters(m[8], m[9], m[10], m[11]);
    transpose_quarters(m[12], m[13], m[14], m[15]);
    // Now quarters 0 and 2 of m[k] are word k, 1 and 3 word 4 + k, of inputs 0 to 7; m[4 + k] has
    // the other inputs.
    interleave(m[0], m[4]);
    interleave(m[1], m[5]);
    interleave(m[2], m[6]);
    interleave(m[3], m[7]);
    interleave(m[8], m[12]);
    interleave(m[9], m[13]);
    interleave(m[10], m[14]);
    interleave(m[11], m[15]);
  }

  /// From quarters 0 1 2 3 of each to 0 2 of both, and 1 3 of both.
  P2P_VECTOR_INLINE static void interleave(Reg& a, Reg& b) {
    const Reg first = _mm512_shuffle_i32x4(a, b, 0x88);
    const Reg second = _mm512_shuffle_i32x4(a, b, 0xdd);
    a = first;
    b = second;
  }

  template <int Quarter>
  P2P_VECTOR_INLINE static void store_quarter(const Reg (&h)[8], std::uint8_t* out) {
    P2P_VECTOR_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      auto* lane = reinterpret_cast<__m128i*>(out + 32 * (4 * Quarter + k));
      _mm_storeu_si128(lane, _mm512_extracti32x4_epi32(h[k], Quarter));
      _mm_storeu_si128(lane + 1, _mm512_extracti32x4_epi32(h[4 + k], Quarter));
    }
  }

  P2P_VECTOR_INLINE static void store_state(Reg (&h)[8], std::uint8_t* out) {
    transpose_quarters(h[0], h[1], h[2], h[3]);
    transpose_quarters(h[4], h[5], h[6], h[7]);
    store_quarter<0>(h, out);
    store_quarter<1>(h, out);
    store_quarter<2>(h, out);
    store_quarter<3>(h, out);
  }
};

}  // namespace
}  // namespace p2p::crypto
