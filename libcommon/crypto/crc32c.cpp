#include "crypto/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace p2p::crypto {
namespace {

constexpr std::array<std::uint32_t, 256> kTable = [] {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t run_portable(std::uint32_t state, ByteView data) {
  for (const std::uint8_t byte : data) state = (state >> 8) ^ kTable[(state ^ byte) & 0xff];
  return state;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) std::uint32_t run_sse42(std::uint32_t state, ByteView data) {
  std::uint64_t wide = state;
  while (data.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, data.data(), sizeof word);
    wide = _mm_crc32_u64(wide, word);
    data = data.subspan(8);
  }
  state = static_cast<std::uint32_t>(wide);
  for (const std::uint8_t byte : data) state = _mm_crc32_u8(state, byte);
  return state;
}

std::uint32_t run_best(std::uint32_t state, ByteView data) {
  return __builtin_cpu_supports("sse4.2") ? run_sse42(state, data) : run_portable(state, data);
}

#else

std::uint32_t run_best(std::uint32_t state, ByteView data) { return run_portable(state, data); }

#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, ByteView data, Crc32cPath path) {
  return ~(path == Crc32cPath::best ? run_best(~crc, data) : run_portable(~crc, data));
}

}  // namespace p2p::crypto
