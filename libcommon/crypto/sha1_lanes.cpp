#include "crypto/sha1_lanes.h"

#include <cryptopp/sha.h>

#include <algorithm>

#include "base/endian.h"
#include "crypto/sha1_avx512.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define P2P_AVX2 __attribute__((target("avx2")))
#endif

namespace p2p::crypto {

namespace {

constexpr std::size_t kBlock = 64;
constexpr std::array<std::uint32_t, 5> kInitial = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                                   0xc3d2e1f0};
/// Fewer messages than this are faster one by one with SHA-NI than as columns of which some are
/// idle: one SHA-NI stream does what five columns of AVX2 do (measured 1.9 GB/s, and 3.5 for
/// eight), or two of AVX-512 (1.7 GB/s, and 6.9 for eight).
constexpr std::size_t kFewest = 6;
constexpr std::size_t kFewestAvx512 = 3;

#if defined(__x86_64__)

constexpr std::size_t kAvx2Columns = 8;

template <int n>
P2P_AVX2 inline __m256i rotl(__m256i x) {
  // Sums have four ports to go to, shifts two.
  if constexpr (n == 1) return _mm256_or_si256(_mm256_add_epi32(x, x), _mm256_srli_epi32(x, 31));
  return _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - n));
}

P2P_AVX2 inline __m256i choose(__m256i b, __m256i c, __m256i d) {
  return _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)));
}
P2P_AVX2 inline __m256i parity(__m256i b, __m256i c, __m256i d) {
  return _mm256_xor_si256(_mm256_xor_si256(b, c), d);
}
P2P_AVX2 inline __m256i majority(__m256i b, __m256i c, __m256i d) {
  return _mm256_or_si256(_mm256_and_si256(b, c), _mm256_and_si256(d, _mm256_or_si256(b, c)));
}

/// Eight big-endian words of each of eight lanes into eight vectors, one a word.
P2P_AVX2 inline void load_words(__m256i* w, const std::uint8_t* const* data, std::size_t offset) {
  const __m256i swap = _mm256_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13,
                                       14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  __m256i r[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data[i] + offset));
    r[i] = _mm256_shuffle_epi8(r[i], swap);
  }
  __m256i t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 4; ++i) {
    w[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
    w[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
  }
}

// Rounds are written out, so that every index into the schedule is a constant and the five working
// words change names instead of places.
#define P2P_SCHEDULE(t)                                                                            \
  (w[(t) & 15] = rotl<1>(_mm256_xor_si256(_mm256_xor_si256(w[((t) + 13) & 15], w[((t) + 8) & 15]), \
                                          _mm256_xor_si256(w[((t) + 2) & 15], w[(t) & 15]))))
#define P2P_WORD(t) (zeros ? _mm256_setzero_si256() : (t) < 16 ? w[(t) & 15] : P2P_SCHEDULE(t))
// What the last round gave, `a`, is added last: all else is ready before it. The empty statement
// keeps the compiler from adding in another order, which costs zeros a fifth of their speed.
#define P2P_ROUND(f, k, t, a, b, c, d, e)                                                  \
  e = _mm256_add_epi32(_mm256_add_epi32(e, _mm256_add_epi32(k, P2P_WORD(t))), f(b, c, d)); \
  __asm__("" : "+x"(e));                                                                   \
  e = _mm256_add_epi32(e, rotl<5>(a));                                                     \
  b = rotl<30>(b)
#define P2P_FIVE(f, k, t)                  \
  P2P_ROUND(f, k, (t), a, b, c, d, e);     \
  P2P_ROUND(f, k, (t) + 1, e, a, b, c, d); \
  P2P_ROUND(f, k, (t) + 2, d, e, a, b, c); \
  P2P_ROUND(f, k, (t) + 3, c, d, e, a, b); \
  P2P_ROUND(f, k, (t) + 4, b, c, d, e, a)
#define P2P_TWENTY(f, constant, t)                      \
  {                                                     \
    const __m256i k = _mm256_set1_epi32(int(constant)); \
    P2P_FIVE(f, k, t);                                  \
    P2P_FIVE(f, k, (t) + 5);                            \
    P2P_FIVE(f, k, (t) + 10);                           \
    P2P_FIVE(f, k, (t) + 15);                           \
  }

/// FIPS 180-4, section 6.1.2, on eight messages, whose columns begin at `first`. Of zeros, the
/// schedule is zeros: `data` is not looked at.
template <bool zeros>
P2P_AVX2 void compress_avx2(Sha1Columns& state, std::size_t first, const std::uint8_t* const* data,
                            std::size_t blocks) {
  const auto word = [&](std::size_t i) {
    return reinterpret_cast<__m256i*>(state[i].data() + first);
  };
  __m256i a = _mm256_load_si256(word(0));
  __m256i b = _mm256_load_si256(word(1));
  __m256i c = _mm256_load_si256(word(2));
  __m256i d = _mm256_load_si256(word(3));
  __m256i e = _mm256_load_si256(word(4));
  for (std::size_t i = 0; i < blocks; ++i) {
    [[maybe_unused]] __m256i w[16];
    if constexpr (!zeros) {
      load_words(w, data, i * kBlock);
      load_words(w + 8, data, i * kBlock + kBlock / 2);
    }
    const __m256i a0 = a;
    const __m256i b0 = b;
    const __m256i c0 = c;
    const __m256i d0 = d;
    const __m256i e0 = e;
    P2P_TWENTY(choose, 0x5a827999, 0)
    P2P_TWENTY(parity, 0x6ed9eba1, 20)
    P2P_TWENTY(majority, 0x8f1bbcdc, 40)
    P2P_TWENTY(parity, 0xca62c1d6, 60)
    a = _mm256_add_epi32(a, a0);
    b = _mm256_add_epi32(b, b0);
    c = _mm256_add_epi32(c, c0);
    d = _mm256_add_epi32(d, d0);
    e = _mm256_add_epi32(e, e0);
  }
  _mm256_store_si256(word(0), a);
  _mm256_store_si256(word(1), b);
  _mm256_store_si256(word(2), c);
  _mm256_store_si256(word(3), d);
  _mm256_store_si256(word(4), e);
}

#endif

}  // namespace

struct Sha1Lanes::Single {
  std::array<CryptoPP::SHA1, kMost> lanes;
};

Digest20 sha1(ByteView data) {
  Digest20 out;
  CryptoPP::SHA1().CalculateDigest(out.data(), data.data(), data.size());
  return out;
}

bool sha1_path_available(Sha1Path path) {
  if (path == Sha1Path::avx512) return sha1_avx512_available();
#if defined(__x86_64__)
  if (path == Sha1Path::avx2) return __builtin_cpu_supports("avx2");
#endif
  return path != Sha1Path::avx2;
}

Sha1Lanes::Sha1Lanes(std::size_t count, Sha1Path path) : count_(count) {
  if (path == Sha1Path::best) {
    path = Sha1Path::single;
    if (count >= kFewest && sha1_path_available(Sha1Path::avx2)) path = Sha1Path::avx2;
    if (count >= kFewestAvx512 && sha1_avx512_available()) path = Sha1Path::avx512;
  }
  avx512_ = path == Sha1Path::avx512;
  if (path == Sha1Path::single) single_ = std::make_unique<Single>();
  restart();
}

Sha1Lanes::Sha1Lanes(Sha1Lanes&&) noexcept = default;
Sha1Lanes& Sha1Lanes::operator=(Sha1Lanes&&) noexcept = default;
Sha1Lanes::~Sha1Lanes() = default;

void Sha1Lanes::restart() {
  total_ = 0;
  for (std::size_t i = 0; i < state_.size(); ++i) state_[i].fill(kInitial[i]);
}

void Sha1Lanes::compress(const std::uint8_t* const* data, std::size_t blocks) {
#if defined(__x86_64__)
  if (avx512_) return sha1_avx512(state_, count_, data, blocks);
  for (std::size_t first = 0; first < count_; first += kAvx2Columns) {
    if (data == nullptr) {
      compress_avx2<true>(state_, first, nullptr, blocks);
    } else {
      compress_avx2<false>(state_, first, data + first, blocks);
    }
  }
#else
  static_cast<void>(data);
  static_cast<void>(blocks);
#endif
}

void Sha1Lanes::update(std::span<const std::uint8_t* const> data, std::size_t size) {
  if (single_) {
    for (std::size_t i = 0; i < count_; ++i) single_->lanes[i].Update(data[i], size);
    return;
  }
  std::array<const std::uint8_t*, kMost> columns;
  columns.fill(data[0]);  // what idle columns read does not matter
  std::copy(data.begin(), data.end(), columns.begin());
  compress(columns.data(), size / kBlock);
  total_ += size;
}

void Sha1Lanes::update_zeros(std::size_t size) {
  if (single_) {
    constexpr std::array<std::uint8_t, 4096> kZeros{};
    for (std::size_t i = 0; i < count_; ++i) {
      for (std::size_t left = size; left > 0; left -= std::min(left, kZeros.size())) {
        single_->lanes[i].Update(kZeros.data(), std::min(left, kZeros.size()));
      }
    }
    return;
  }
  compress(nullptr, size / kBlock);
  total_ += size;
}

void Sha1Lanes::finish(std::span<const std::uint8_t* const> data, std::size_t size,
                       std::span<Digest20> out) {
  if (single_) {
    for (std::size_t i = 0; i < count_; ++i) {
      single_->lanes[i].Update(data[i], size);
      single_->lanes[i].Final(out[i].data());
    }
    return;
  }
  const std::size_t whole = size / kBlock * kBlock;
  update(data, whole);
  const std::size_t rest = size - whole;
  total_ += rest;
  // The rest, a 1 bit, zeros, and the length in bits: one block, or two where they do not fit.
  const std::size_t padded = rest + 1 + 8 <= kBlock ? kBlock : 2 * kBlock;
  std::array<std::array<std::uint8_t, 2 * kBlock>, kMost> tails{};
  std::array<const std::uint8_t*, kMost> columns;
  for (std::size_t i = 0; i < kMost; ++i) {
    columns[i] = tails[i].data();
    if (i >= count_) continue;
    std::copy_n(data[i] + whole, rest, tails[i].data());
    tails[i][rest] = 0x80;
    store_be<std::uint64_t>(tails[i].data() + padded - 8, total_ * 8);
  }
  compress(columns.data(), padded / kBlock);
  for (std::size_t i = 0; i < count_; ++i) {
    for (std::size_t word = 0; word < state_.size(); ++word) {
      store_be(out[i].data() + 4 * word, state_[word][i]);
    }
  }
  restart();
}

}  // namespace p2p::crypto
