// SHA-256's compression with the processor's SHA instructions (SHA-NI), two messages side by side;
// private to crypto/. In an unnamed namespace: code compiled for a newer processor must never be
// taken for another unit's by the linker.
#pragma once

#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace p2p::crypto {
namespace {

using Sha256State = std::array<std::uint32_t, 8>;

constexpr Sha256State kSha256Initial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr std::array<std::uint32_t, 64> kSha256Round = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#if defined(__x86_64__)

/// Slow in a virtual machine, which traps the question.
[[maybe_unused]] bool ask_for_sha_ni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSE4_1) == 0 || (c & bit_SSSE3) == 0) {
    return false;
  }
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

[[maybe_unused]] bool has_sha_ni() {
  static const bool kHas = ask_for_sha_ni();
  return kHas;
}

#define P2P_SHA_NI __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

/// One message's hash under way: the state as the instructions want it, and four words each of a
/// sliding message schedule. Two of them side by side hide the instructions' latency; four would
/// not fit the registers.
struct Lane {
  __m128i abef;
  __m128i cdgh;
  __m128i w0, w1, w2, w3;
};

P2P_SHA_NI __m128i constants(int group) {
  return _mm_load_si128(
      reinterpret_cast<const __m128i*>(&kSha256Round[static_cast<std::size_t>(4 * group)]));
}

/// Four rounds, with the message words `w`.
P2P_SHA_NI void rounds(Lane& lane, __m128i w, int group) {
  __m128i message = _mm_add_epi32(w, constants(group));
  lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, message);
  message = _mm_shuffle_epi32(message, 0x0e);
  lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, message);
}

/// The next four message words after w, x, y, z, in the place of w.
P2P_SHA_NI void schedule(__m128i& w, __m128i x, __m128i y, __m128i z) {
  w = _mm_add_epi32(_mm_sha256msg1_epu32(w, x), _mm_alignr_epi8(z, y, 4));
  w = _mm_sha256msg2_epu32(w, z);
}

/// 64 rounds of each; the message words are used up.
P2P_SHA_NI void compress_two(Lane& a, Lane& b) {
  rounds(a, a.w0, 0);
  rounds(b, b.w0, 0);
  rounds(a, a.w1, 1);
  rounds(b, b.w1, 1);
  rounds(a, a.w2, 2);
  rounds(b, b.w2, 2);
  rounds(a, a.w3, 3);
  rounds(b, b.w3, 3);
  for (int group = 4; group < 16; group += 4) {
    schedule(a.w0, a.w1, a.w2, a.w3);
    schedule(b.w0, b.w1, b.w2, b.w3);
    rounds(a, a.w0, group);
    rounds(b, b.w0, group);
    schedule(a.w1, a.w2, a.w3, a.w0);
    schedule(b.w1, b.w2, b.w3, b.w0);
    rounds(a, a.w1, group + 1);
    rounds(b, b.w1, group + 1);
    schedule(a.w2, a.w3, a.w0, a.w1);
    schedule(b.w2, b.w3, b.w0, b.w1);
    rounds(a, a.w2, group + 2);
    rounds(b, b.w2, group + 2);
    schedule(a.w3, a.w0, a.w1, a.w2);
    schedule(b.w3, b.w0, b.w1, b.w2);
    rounds(a, a.w3, group + 3);
    rounds(b, b.w3, group + 3);
  }
}

#else

[[maybe_unused]] bool has_sha_ni() { return false; }

#endif

}  // namespace
}  // namespace p2p::crypto
