#include "crypto/sha256_lanes.h"

#if defined(__x86_64__)

#define P2P_VECTOR_TARGET "avx512f,avx512vl,avx512bw,tune=icelake-server"

#include "crypto/sha256_vector.h"

namespace p2p::crypto {
namespace {

using Vector = Vector512;
using Reg = Vector::Reg;

P2P_VECTOR_CODE void run(std::uint32_t* const* states, const std::uint8_t* const* inputs,
                         std::size_t blocks) {
  alignas(64) std::uint32_t words[8][kSha256Lanes];
  for (std::size_t lane = 0; lane < kSha256Lanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) words[i][lane] = states[lane][i];
  }
  Reg s[8];
  P2P_VECTOR_UNROLL
  for (std::size_t i = 0; i < 8; ++i) s[i] = Vector::load(words[i]);
  for (std::size_t block = 0; block < blocks; ++block) {
    Reg w[16];
    Vector::load_message(w, inputs, 64 * block);
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 16; ++i) w[i] = big_endian(w[i]);
    Reg before[8];
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 8; ++i) before[i] = s[i];
    P2P_VECTOR_UNROLL
    for (std::size_t i = 0; i < 16; ++i) round_of(s, w[i], i, kSha256Round.data());
    for (std::size_t done = 16; done < 64; done += 16) {
      P2P_VECTOR_UNROLL
      for (std::size_t i = 0; i < 16; ++i) {
        extend(w, i);
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
