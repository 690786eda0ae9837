#include "crypto/sha256_lanes.h"

#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx512f,avx512vl,avx512bw,tune=icelake-server"

#include "crypto/sha256_ni.h"
#include "crypto/vector512.h"

namespace p2p::crypto {
namespace {

using Vector = Vector512;
using Reg = Vector::Reg;

template <int A, int B, int C>
P2P_VECTOR_INLINE Reg three_rotated(Reg x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, A), _mm512_ror_epi32(x, B),
                                   _mm512_ror_epi32(x, C), 0x96);
}

template <int A, int B, int Shift>
P2P_VECTOR_INLINE Reg two_rotated_one_shifted(Reg x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, A), _mm512_ror_epi32(x, B),
                                   _mm512_srli_epi32(x, Shift), 0x96);
}

/// Round i of sixteen, FIPS 180-4, section 6.2.2. Instead of the variables their names move: a is
/// where h was a round ago.
P2P_VECTOR_INLINE void round_of(Reg (&s)[8], Reg w, std::size_t i, const std::uint32_t* constants) {
  const Reg a = s[(0 - i) & 7];
  const Reg b = s[(1 - i) & 7];
  const Reg c = s[(2 - i) & 7];
  Reg& d = s[(3 - i) & 7];
  const Reg e = s[(4 - i) & 7];
  const Reg f = s[(5 - i) & 7];
  const Reg g = s[(6 - i) & 7];
  Reg& h = s[(7 - i) & 7];
  const Reg choice = _mm512_ternarylogic_epi32(e, f, g, 0xca);
  const Reg majority = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
  h = Vector::add(h, Vector::add(w, Vector::set(constants[i])));
  h = Vector::add(h, Vector::add(choice, three_rotated<6, 11, 25>(e)));
  d = Vector::add(d, h);
  h = Vector::add(h, Vector::add(majority, three_rotated<2, 13, 22>(a)));
}

P2P_VECTOR_CODE void run(std::uint32_t* const* states, const std::uint8_t* const* inputs,
                         std::size_t blocks) {
  alignas(64) std::uint32_t words[8][kSha256Lanes];
  for (std::size_t lane = 0; lane < kSha256Lanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) words[i][lane] = states[lane][i];
  }
  Reg s[8];
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 8; ++i) s[i] = Vector::load(words[i]);
  const Reg big_endian = Vector::row(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f);
  for (std::size_t block = 0; block < blocks; ++block) {
    Reg w[16];
    Vector::load_message(w, inputs, 64 * block);
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 16; ++i) w[i] = _mm512_shuffle_epi8(w[i], big_endian);
    Reg before[8];
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 8; ++i) before[i] = s[i];
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 16; ++i) round_of(s, w[i], i, kSha256Round.data());
    for (std::size_t done = 16; done < 64; done += 16) {
      P2P_VECTOR_UNROLL
      for (std::size_t i = 0; i < 16; ++i) {
        const Reg s0 = two_rotated_one_shifted<7, 18, 3>(w[(i + 1) & 15]);
        const Reg s1 = two_rotated_one_shifted<17, 19, 10>(w[(i + 14) & 15]);
        w[i] = Vector::add(Vector::add(w[i], w[(i + 9) & 15]), Vector::add(s0, s1));
        round_of(s, w[i], i, kSha256Round.data() + done);
      }
    }
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 8; ++i) s[i] = Vector::add(s[i], before[i]);
  }
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 8; ++i) _mm512_storeu_si512(words[i], s[i]);
  for (std::size_t lane = 0; lane < kSha256Lanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) states[lane][i] = words[i][lane];
  }
}

}  // namespace

bool sha256_lanes_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw");
}

void sha256_lanes(std::uint32_t* const* states, const std::uint8_t* const* inputs,
                  std::size_t blocks) {
  run(states, inputs, blocks);
}

}  // namespace p2p::crypto

#else

namespace p2p::crypto {

bool sha256_lanes_available() { return false; }
void sha256_lanes(std::uint32_t* const*, const std::uint8_t* const*, std::size_t) {}

}  // namespace p2p::crypto

#endif
