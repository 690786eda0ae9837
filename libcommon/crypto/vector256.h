// Vectors of 256 bits, see vector.h.
#pragma once

#include "crypto/vector.h"

namespace p2p::crypto {
namespace {

template <class Rotation>
struct Vector256 {
  using Reg = __m256i;
  static constexpr std::size_t kLanes = 8;

  P2P_VECTOR_INLINE static Reg add(Reg a, Reg b) { return _mm256_add_epi32(a, b); }
  P2P_VECTOR_INLINE static Reg exclusive_or(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
  P2P_VECTOR_INLINE static Reg set(std::uint32_t word) {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  P2P_VECTOR_INLINE static Reg load(const std::uint32_t* words) {
    return _mm256_loadu_si256(reinterpret_cast<const Reg*>(words));
  }
  template <int Bits>
  P2P_VECTOR_INLINE static Reg rotate(Reg a) {
    return Rotation::template right<Bits>(a);
  }

  template <int A, int B, int C, int D>
  P2P_VECTOR_INLINE static Reg shuffle(Reg a) {
    return _mm256_shuffle_epi32(a, _MM_SHUFFLE(D, C, B, A));
  }
  template <int A, int B, int C, int D>
  P2P_VECTOR_INLINE static Reg pick(Reg a, Reg b) {
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), _MM_SHUFFLE(D, C, B, A)));
  }
  P2P_VECTOR_INLINE static Reg row(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                   std::uint32_t d) {
    return _mm256_broadcastsi128_si256(_mm_setr_epi32(static_cast<int>(a), static_cast<int>(b),
                                                      static_cast<int>(c), static_cast<int>(d)));
  }
  P2P_VECTOR_INLINE static Reg load_rows(const std::uint8_t* const* inputs, std::size_t offset) {
    return _mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(inputs[1] + offset),
                               reinterpret_cast<const __m128i*>(inputs[0] + offset));
  }
  P2P_VECTOR_INLINE static void store_rows(Reg a, Reg b, std::uint8_t* out) {
    _mm256_storeu_si256(reinterpret_cast<Reg*>(out), _mm256_permute2x128_si256(a, b, 0x20));
    _mm256_storeu_si256(reinterpret_cast<Reg*>(out + 32), _mm256_permute2x128_si256(a, b, 0x31));
  }

  /// Words of eight rows to eight columns; its own inverse.
  P2P_VECTOR_INLINE static void transpose(Reg* r) {
    const Reg ab_low = _mm256_unpacklo_epi32(r[0], r[1]);
    const Reg ab_high = _mm256_unpackhi_epi32(r[0], r[1]);
    const Reg cd_low = _mm256_unpacklo_epi32(r[2], r[3]);
    const Reg cd_high = _mm256_unpackhi_epi32(r[2], r[3]);
    const Reg ef_low = _mm256_unpacklo_epi32(r[4], r[5]);
    const Reg ef_high = _mm256_unpackhi_epi32(r[4], r[5]);
    const Reg gh_low = _mm256_unpacklo_epi32(r[6], r[7]);
    const Reg gh_high = _mm256_unpackhi_epi32(r[6], r[7]);
    // Each half now gets four rows' words 0 and 4, then 1 and 5, …
    const Reg abcd_0 = _mm256_unpacklo_epi64(ab_low, cd_low);
    const Reg abcd_1 = _mm256_unpackhi_epi64(ab_low, cd_low);
    const Reg abcd_2 = _mm256_unpacklo_epi64(ab_high, cd_high);
    const Reg abcd_3 = _mm256_unpackhi_epi64(ab_high, cd_high);
    const Reg efgh_0 = _mm256_unpacklo_epi64(ef_low, gh_low);
    const Reg efgh_1 = _mm256_unpackhi_epi64(ef_low, gh_low);
    const Reg efgh_2 = _mm256_unpacklo_epi64(ef_high, gh_high);
    const Reg efgh_3 = _mm256_unpackhi_epi64(ef_high, gh_high);
    r[0] = _mm256_permute2x128_si256(abcd_0, efgh_0, 0x20);
    r[1] = _mm256_permute2x128_si256(abcd_1, efgh_1, 0x20);
    r[2] = _mm256_permute2x128_si256(abcd_2, efgh_2, 0x20);
    r[3] = _mm256_permute2x128_si256(abcd_3, efgh_3, 0x20);
    r[4] = _mm256_permute2x128_si256(abcd_0, efgh_0, 0x31);
    r[5] = _mm256_permute2x128_si256(abcd_1, efgh_1, 0x31);
    r[6] = _mm256_permute2x128_si256(abcd_2, efgh_2, 0x31);
    r[7] = _mm256_permute2x128_si256(abcd_3, efgh_3, 0x31);
  }

  P2P_VECTOR_INLINE static void load_message(Reg (&m)[16], const std::uint8_t* const* inputs,
                                             std::size_t offset) {
    P2P_VECTOR_UNROLL
    for (std::size_t lane = 0; lane < 8; ++lane) {
      const auto* block = reinterpret_cast<const Reg*>(inputs[lane] + offset);
      m[lane] = _mm256_loadu_si256(block);
      m[8 + lane] = _mm256_loadu_si256(block + 1);
    }
    transpose(m);
    transpose(m + 8);
  }

  P2P_VECTOR_INLINE static void store_state(Reg (&h)[8], std::uint8_t* out) {
    transpose(h);
    P2P_VECTOR_UNROLL
    for (std::size_t lane = 0; lane < 8; ++lane) {
      _mm256_storeu_si256(reinterpret_cast<Reg*>(out + 32 * lane), h[lane]);
    }
  }
};

}  // namespace
}  // namespace p2p::crypto
