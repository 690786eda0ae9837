#include "crypto/sha256_mining.h"

#include <algorithm>
#include <bit>

#include "base/endian.h"
#include "crypto/sha256_lanes.h"
#include "crypto/sha256_mining_lanes.h"
#include "crypto/sha256_ni.h"

namespace p2p::crypto {

namespace {

using Words = std::array<std::uint32_t, 16>;

/// The state after the first `count` rounds of FIPS 180-4, section 6.2.2.
Sha256State rounds(const Sha256State& state, const Words& block, std::size_t count) {
  std::array<std::uint32_t, 64> w;
  std::copy(block.begin(), block.end(), w.begin());
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kSha256Round[i] + w[i];
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
  return {a, b, c, d, e, f, g, h};
}

void compress(Sha256State& state, const Words& block) {
  const Sha256State mixed = rounds(state, block, 64);
  for (std::size_t i = 0; i < 8; ++i) state[i] += mixed[i];
}

/// What every path needs of a search.
struct Job {
  const Sha256State& midstate;
  const std::array<std::uint32_t, 3>& tail;
  const std::array<std::uint8_t, 32>& target;
};

Sha256State hash_of(const Job& job, std::uint32_t nonce) {
  // The nonce is little-endian in the header, and SHA-256 reads big-endian words.
  const std::uint32_t swapped = std::byteswap(nonce);
  Sha256State inner = job.midstate;
  compress(inner, {job.tail[0], job.tail[1], job.tail[2], swapped, 0x80000000, 0, 0, 0, 0, 0, 0, 0,
                   0, 0, 0, 640});
  Sha256State outer = kSha256Initial;
  compress(outer, {inner[0], inner[1], inner[2], inner[3], inner[4], inner[5], inner[6], inner[7],
                   0x80000000, 0, 0, 0, 0, 0, 0, 256});
  return outer;
}

bool meets(const Sha256State& hash, const std::array<std::uint8_t, 32>& target) {
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

std::optional<std::uint32_t> scan_avx512(const Job& job, std::uint32_t first, std::uint64_t count) {
  const Words block = {job.tail[0], job.tail[1], job.tail[2]};
  const MiningWork work{job.midstate, job.tail, rounds(job.midstate, block, job.tail.size())};
  const std::uint32_t limit = load_le<std::uint32_t>(&job.target[28]);
  std::uint64_t i = 0;
  for (; i + kSha256Lanes <= count; i += kSha256Lanes) {
    const auto nonce = static_cast<std::uint32_t>(first + i);
    // Nearly always the top bits decide; the rest is for the portable path.
    for (auto left = mining_lanes(work, nonce, limit); left != 0; left &= left - 1) {
      const std::uint32_t found = nonce + static_cast<std::uint32_t>(std::countr_zero(left));
      if (meets(hash_of(job, found), job.target)) return found;
    }
  }
  return scan_portable(job, static_cast<std::uint32_t>(first + i), count - i);
}

#if defined(__x86_64__)

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
  return std::byteswap(static_cast<std::uint32_t>(_mm_cvtsi128_si32(lane.cdgh)) +
                       kSha256Initial[7]);
}

__attribute__((target("sha,sse4.1,ssse3"))) std::optional<std::uint32_t> scan_sha_ni(
    const Job& job, std::uint32_t first, std::uint64_t count) {
  const Sha256State& m = job.midstate;
  const Sha256State& s = kSha256Initial;
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

#else

std::optional<std::uint32_t> scan_sha_ni(const Job& job, std::uint32_t first, std::uint64_t count) {
  return scan_portable(job, first, count);
}

#endif

MiningPath best_path() {
  if (sha256_lanes_available()) return MiningPath::avx512;
  return has_sha_ni() ? MiningPath::sha_ni : MiningPath::portable;
}

}  // namespace

bool mining_path_available(MiningPath path) {
  switch (path) {
    case MiningPath::sha_ni:
      return has_sha_ni();
    case MiningPath::avx512:
      return sha256_lanes_available();
    case MiningPath::best:
    case MiningPath::portable:
      break;
  }
  return true;
}

std::string_view mining_path_name() {
  switch (best_path()) {
    case MiningPath::avx512:
      return "avx512";
    case MiningPath::sha_ni:
      return "sha-ni";
    case MiningPath::best:
    case MiningPath::portable:
      break;
  }
  return "portable";
}

NonceSearch::NonceSearch(ByteView header, ByteView target, MiningPath path) : path_(path) {
  if (path_ == MiningPath::best) path_ = best_path();
  Words block;
  for (std::size_t i = 0; i < 16; ++i) block[i] = load_be<std::uint32_t>(&header[4 * i]);
  midstate_ = kSha256Initial;
  compress(midstate_, block);
  for (std::size_t i = 0; i < 3; ++i) tail_[i] = load_be<std::uint32_t>(&header[64 + 4 * i]);
  std::copy(target.begin(), target.end(), target_.begin());
}

std::optional<std::uint32_t> NonceSearch::scan(std::uint32_t first, std::uint64_t count) const {
  const Job job{midstate_, tail_, target_};
  count = std::min(count, (std::uint64_t{1} << 32) - first);
  if (path_ == MiningPath::avx512) return scan_avx512(job, first, count);
  if (path_ == MiningPath::sha_ni) return scan_sha_ni(job, first, count);
  return scan_portable(job, first, count);
}

}  // namespace p2p::crypto
