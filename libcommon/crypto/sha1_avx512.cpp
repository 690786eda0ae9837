#include "crypto/sha1_avx512.h"

#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx512f,avx512vl,avx512bw,tune=icelake-server"

#include "crypto/vector256.h"
#include "crypto/vector512.h"

namespace p2p::crypto {
namespace {

struct Rotation {
  template <int Bits>
  P2P_VECTOR_INLINE static __m256i right(__m256i a) {
    return _mm256_ror_epi32(a, Bits);
  }
};

/// Eight columns: three operations a cycle, where sixteen have two.
struct Eight : Vector256<Rotation> {
  template <int Table>
  P2P_VECTOR_INLINE static Reg function(Reg a, Reg b, Reg c) {
    return _mm256_ternarylogic_epi32(a, b, c, Table);
  }
  P2P_VECTOR_INLINE static Reg big_endian(Reg a) {
    return _mm256_shuffle_epi8(a, row(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f));
  }
  P2P_VECTOR_INLINE static void store(std::uint32_t* words, Reg a) {
    _mm256_storeu_si256(reinterpret_cast<Reg*>(words), a);
  }
};

struct Sixteen : Vector512 {
  template <int Table>
  P2P_VECTOR_INLINE static Reg function(Reg a, Reg b, Reg c) {
    return _mm512_ternarylogic_epi32(a, b, c, Table);
  }
  P2P_VECTOR_INLINE static Reg big_endian(Reg a) {
    return _mm512_shuffle_epi8(a, row(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f));
  }
  P2P_VECTOR_INLINE static void store(std::uint32_t* words, Reg a) {
    _mm512_storeu_si512(words, a);
  }
};

/// Twenty rounds from `First` on, FIPS 180-4, section 6.1.2, with the truth table of their
/// function. Instead of the variables their names move: a is where e was a round ago.
template <class Vector, bool Zeros, std::size_t First, int Table, std::uint32_t Constant>
P2P_VECTOR_INLINE void twenty(typename Vector::Reg (&s)[5], typename Vector::Reg (&w)[16]) {
  using Reg = Vector::Reg;
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
      const Reg three = Vector::template function<0x96>(
          w[(First + i + 13) & 15], w[(First + i + 8) & 15], w[(First + i + 2) & 15]);
      word = Vector::template rotate<31>(Vector::exclusive_or(word, three));
    }
    const Reg added = Zeros ? constant : Vector::add(word, constant);
    e = Vector::add(Vector::add(e, added), Vector::template function<Table>(b, c, d));
    // What the last round gave is added last: all else is ready before it.
    e = Vector::add(e, Vector::template rotate<27>(a));
    b = Vector::template rotate<2>(b);
  }
}

template <class Vector, bool Zeros>
P2P_VECTOR_CODE void run(Sha1Columns& state, const std::uint8_t* const* inputs,
                         std::size_t blocks) {
  using Reg = Vector::Reg;
  Reg s[5];
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 5; ++i) s[i] = Vector::load(state[i].data());
  for (std::size_t block = 0; block < blocks; ++block) {
    Reg w[16];
    if constexpr (!Zeros) {
      Vector::load_message(w, inputs, 64 * block);
      P2P_VECTOR_UNROLL
      for (std::size_t i = 0; i < 16; ++i) w[i] = Vector::big_endian(w[i]);
    }
    Reg before[5];
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 5; ++i) before[i] = s[i];
    twenty<Vector, Zeros, 0, 0xca, 0x5a827999>(s, w);
    twenty<Vector, Zeros, 20, 0x96, 0x6ed9eba1>(s, w);
    twenty<Vector, Zeros, 40, 0xe8, 0x8f1bbcdc>(s, w);
    twenty<Vector, Zeros, 60, 0x96, 0xca62c1d6>(s, w);
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 5; ++i) s[i] = Vector::add(s[i], before[i]);
  }
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 5; ++i) Vector::store(state[i].data(), s[i]);
}

template <class Vector>
void run(Sha1Columns& state, const std::uint8_t* const* inputs, std::size_t blocks) {
  if (inputs == nullptr) {
    run<Vector, true>(state, inputs, blocks);
  } else {
    run<Vector, false>(state, inputs, blocks);
  }
}

}  // namespace

bool sha1_avx512_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw");
}

void sha1_avx512(Sha1Columns& state, std::size_t columns, const std::uint8_t* const* inputs,
                 std::size_t blocks) {
  if (columns > Eight::kLanes) {
    run<Sixteen>(state, inputs, blocks);
  } else {
    run<Eight>(state, inputs, blocks);
  }
}

}  // namespace p2p::crypto

#else

namespace p2p::crypto {

bool sha1_avx512_available() { return false; }
void sha1_avx512(Sha1Columns&, std::size_t, const std::uint8_t* const*, std::size_t) {}

}  // namespace p2p::crypto

#endif
