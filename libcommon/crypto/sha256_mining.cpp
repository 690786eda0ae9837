#include "crypto/sha256_mining.h"

#include <algorithm>
#include <bit>

#include "base/endian.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace p2p::crypto {

namespace {

using State = std::array<std::uint32_t, 8>;
using Words = std::array<std::uint32_t, 16>;

constexpr State kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// FIPS 180-4, section 6.2.2.
void compress(State& state, const Words& block) {
  std::array<std::uint32_t, 64> w;
  std::copy(block.begin(), block.end(), w.begin());
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const State mixed = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += mixed[i];
}

/// What every path needs of a search.
struct Job {
  const State& midstate;
  const std::array<std::uint32_t, 3>& tail;
  const std::array<std::uint8_t, 32>& target;
};

State hash_of(const Job& job, std::uint32_t nonce) {
  // The nonce is little-endian in the header, and SHA-256 reads big-endian words.
  const std::uint32_t swapped = std::byteswap(nonce);
  State inner = job.midstate;
  compress(inner, {job.tail[0], job.tail[1], job.tail[2], swapped, 0x80000000, 0, 0, 0, 0, 0, 0, 0,
                   0, 0, 0, 640});
  State outer = kInitial;
  compress(outer, {inner[0], inner[1], inner[2], inner[3], inner[4], inner[5], inner[6], inner[7],
                   0x80000000, 0, 0, 0, 0, 0, 0, 256});
  return outer;
}

bool meets(const State& hash, const std::array<std::uint8_t, 32>& target) {
  // Read as a number the digest's last byte is the most significant.
  for (std::size_t i = 8; i-- > 0;) {
    const std::uint32_t have = std::byteswap(hash[i]);
    const std::uint32_t limit = load_le<std::uint32_t>(&target[4 * i]);
    if (have != limit) return have < limit;
  }
  return true;
}

std::optional<std::uint32_t> scan_portable(const Job& job, std::uint32_t first,
                                           std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto nonce = static_cast<std::uint32_t>(first + i);
    if (meets(hash_of(job, nonce), job.target)) return nonce;
  }
  return std::nullopt;
}

#if defined(__x86_64__)

bool has_sha_ni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSE4_1) == 0 || (c & bit_SSSE3) == 0) {
    return false;
  }
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

#define P2P_SHA_NI __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

/// One nonce's hash under way: the state as the instructions want it, and four words each of a
/// sliding message schedule. Two of them side by side hide the instructions' latency; four would
/// not fit the registers.
struct Lane {
  __m128i abef;
  __m128i cdgh;
  __m128i w0, w1, w2, w3;
};

P2P_SHA_NI __m128i constants(int group) {
  return _mm_load_si128(
      reinterpret_cast<const __m128i*>(&kRound[static_cast<std::size_t>(4 * group)]));
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

P2P_SHA_NI __m128i words(std::uint32_t first, std::uint32_t second, std::uint32_t third,
                         std::uint32_t fourth) {
  return _mm_set_epi32(static_cast<int>(fourth), static_cast<int>(third), static_cast<int>(second),
                       static_cast<int>(first));
}

P2P_SHA_NI void load(Lane& lane, const Job& job, __m128i abef, __m128i cdgh, std::uint32_t nonce) {
  lane.abef = abef;
  lane.cdgh = cdgh;
  lane.w0 = words(job.tail[0], job.tail[1], job.tail[2], std::byteswap(nonce));
  lane.w1 = words(0x80000000, 0, 0, 0);
  lane.w2 = _mm_setzero_si128();
  lane.w3 = words(0, 0, 0, 640);
}

/// Finishes the first hash and makes it the message of the second.
P2P_SHA_NI void chain(Lane& lane, __m128i mid_abef, __m128i mid_cdgh, __m128i abef, __m128i cdgh) {
  // From (f e b a) and (h g d c), lowest first, to (a b c d) and (e f g h).
  const __m128i low = _mm_shuffle_epi32(_mm_add_epi32(lane.abef, mid_abef), 0x1b);
  const __m128i high = _mm_shuffle_epi32(_mm_add_epi32(lane.cdgh, mid_cdgh), 0x1b);
  lane.w0 = _mm_unpacklo_epi64(low, high);
  lane.w1 = _mm_unpackhi_epi64(low, high);
  lane.w2 = words(0x80000000, 0, 0, 0);
  lane.w3 = words(0, 0, 0, 256);
  lane.abef = abef;
  lane.cdgh = cdgh;
}

/// The hash's most significant 32 bits.
P2P_SHA_NI std::uint32_t top(const Lane& lane) {
  return std::byteswap(static_cast<std::uint32_t>(_mm_cvtsi128_si32(lane.cdgh)) + kInitial[7]);
}

__attribute__((target("sha,sse4.1,ssse3"))) std::optional<std::uint32_t> scan_sha_ni(
    const Job& job, std::uint32_t first, std::uint64_t count) {
  const State& m = job.midstate;
  const State& s = kInitial;
  const __m128i mid_abef = words(m[5], m[4], m[1], m[0]);
  const __m128i mid_cdgh = words(m[7], m[6], m[3], m[2]);
  const __m128i abef = words(s[5], s[4], s[1], s[0]);
  const __m128i cdgh = words(s[7], s[6], s[3], s[2]);
  const std::uint32_t limit = load_le<std::uint32_t>(&job.target[28]);
  std::uint64_t i = 0;
  for (; i + 2 <= count; i += 2) {
    const auto nonce = static_cast<std::uint32_t>(first + i);
    Lane a;
    Lane b;
    load(a, job, mid_abef, mid_cdgh, nonce);
    load(b, job, mid_abef, mid_cdgh, nonce + 1);
    compress_two(a, b);
    chain(a, mid_abef, mid_cdgh, abef, cdgh);
    chain(b, mid_abef, mid_cdgh, abef, cdgh);
    compress_two(a, b);
    // Nearly always the top bits decide; the rest is for the portable path.
    if (top(a) <= limit && meets(hash_of(job, nonce), job.target)) return nonce;
    if (top(b) <= limit && meets(hash_of(job, nonce + 1), job.target)) return nonce + 1;
  }
  return scan_portable(job, static_cast<std::uint32_t>(first + i), count - i);
}

#undef P2P_SHA_NI

#else

bool has_sha_ni() { return false; }

std::optional<std::uint32_t> scan_sha_ni(const Job& job, std::uint32_t first, std::uint64_t count) {
  return scan_portable(job, first, count);
}

#endif

}  // namespace

bool mining_path_available(MiningPath path) { return path != MiningPath::sha_ni || has_sha_ni(); }

std::string_view mining_path_name() { return has_sha_ni() ? "sha-ni" : "portable"; }

NonceSearch::NonceSearch(ByteView header, ByteView target, MiningPath path) : path_(path) {
  if (path_ == MiningPath::best) path_ = has_sha_ni() ? MiningPath::sha_ni : MiningPath::portable;
  Words block;
  for (std::size_t i = 0; i < 16; ++i) block[i] = load_be<std::uint32_t>(&header[4 * i]);
  midstate_ = kInitial;
  compress(midstate_, block);
  for (std::size_t i = 0; i < 3; ++i) tail_[i] = load_be<std::uint32_t>(&header[64 + 4 * i]);
  std::copy(target.begin(), target.end(), target_.begin());
}

std::optional<std::uint32_t> NonceSearch::scan(std::uint32_t first, std::uint64_t count) const {
  const Job job{midstate_, tail_, target_};
  count = std::min(count, (std::uint64_t{1} << 32) - first);
  return path_ == MiningPath::sha_ni ? scan_sha_ni(job, first, count)
                                     : scan_portable(job, first, count);
}

}  // namespace p2p::crypto
