#include "crypto/sha1_avx512.h"

#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx512f,avx512vl,tune=icelake-server"

#include "crypto/vector256.h"

namespace p2p::crypto {
namespace {

struct Rotation {
  template <int Bits>
  P2P_VECTOR_INLINE static __m256i right(__m256i a) {
    return _mm256_ror_epi32(a, Bits);
  }
};

using Vector = Vector256<Rotation>;
using Reg = Vector::Reg;

/// Twenty rounds from `First` on, FIPS 180-4, section 6.1.2, with the truth table of their
/// function. Instead of the variables their names move: a is where e was a round ago.
template <bool Zeros, std::size_t First, int Table, std::uint32_t Constant>
P2P_VECTOR_INLINE void twenty(Reg (&s)[5], Reg (&w)[16]) {
  const Reg constant = Vector::set(Constant);
#pragma GCC unroll 20
  for (std::size_t i = 0; i < 20; ++i) {
    Reg& a = s[(20 - i) % 5];
    Reg& b = s[(21 - i) % 5];
    const Reg c = s[(22 - i) % 5];
    const Reg d = s[(23 - i) % 5];
    Reg& e = s[(24 - i) % 5];
    Reg& word = w[(First + i) & 15];
    if (!Zeros && First + i >= 16) {
      const Reg three = _mm256_ternarylogic_epi32(w[(First + i + 13) & 15], w[(First + i + 8) & 15],
                                                  w[(First + i + 2) & 15], 0x96);
      word = Vector::rotate<31>(Vector::exclusive_or(word, three));
    }
    const Reg added = Zeros ? constant : Vector::add(word, constant);
    e = Vector::add(Vector::add(e, added), _mm256_ternarylogic_epi32(b, c, d, Table));
    // What the last round gave is added last: all else is ready before it.
    e = Vector::add(e, Vector::rotate<27>(a));
    b = Vector::rotate<2>(b);
  }
}

template <bool Zeros>
P2P_VECTOR_CODE void run(Sha1Columns& state, const std::uint8_t* const* inputs,
                         std::size_t blocks) {
  const Reg big_endian = _mm256_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 12,
                                         13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  Reg s[5];
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 5; ++i) s[i] = Vector::load(state[i].data());
  for (std::size_t block = 0; block < blocks; ++block) {
    Reg w[16];
    if constexpr (!Zeros) {
      Vector::load_message(w, inputs, 64 * block);
      P2P_VECTOR_UNROLL
      for (std::size_t i = 0; i < 16; ++i) w[i] = _mm256_shuffle_epi8(w[i], big_endian);
    }
    Reg before[5];
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 5; ++i) before[i] = s[i];
    twenty<Zeros, 0, 0xca, 0x5a827999>(s, w);
    twenty<Zeros, 20, 0x96, 0x6ed9eba1>(s, w);
    twenty<Zeros, 40, 0xe8, 0x8f1bbcdc>(s, w);
    twenty<Zeros, 60, 0x96, 0xca62c1d6>(s, w);
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 5; ++i) s[i] = Vector::add(s[i], before[i]);
  }
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 5; ++i) {
    _mm256_storeu_si256(reinterpret_cast<Reg*>(state[i].data()), s[i]);
  }
}

}  // namespace

bool sha1_avx512_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
}

void sha1_avx512(Sha1Columns& state, const std::uint8_t* const* inputs, std::size_t blocks) {
  if (inputs == nullptr) {
    run<true>(state, inputs, blocks);
  } else {
    run<false>(state, inputs, blocks);
  }
}

}  // namespace p2p::crypto

#else

namespace p2p::crypto {

bool sha1_avx512_available() { return false; }
void sha1_avx512(Sha1Columns&, const std::uint8_t* const*, std::size_t) {}

}  // namespace p2p::crypto

#endif
