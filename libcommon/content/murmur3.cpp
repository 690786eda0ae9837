#include "content/murmur3.h"

#include <algorithm>
#include <bit>

#include "base/endian.h"

namespace p2p::content {

namespace {

constexpr std::uint64_t kC1 = 0x87c37b91114253d5;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937f;

std::uint64_t scramble1(std::uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
std::uint64_t scramble2(std::uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

std::uint64_t avalanche(std::uint64_t h) {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

}  // namespace

std::uint64_t murmur3_x64_64(ByteView data) {
  const std::uint64_t size = data.size();
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  for (; data.size() >= 16; data = data.subspan(16)) {
    h1 ^= scramble1(load_le<std::uint64_t>(data.data()));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= scramble2(load_le<std::uint64_t>(data.data() + 8));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  // The tail, as two words filled up with zeros.
  std::uint8_t tail[16] = {};
  std::copy(data.begin(), data.end(), tail);
  h2 ^= scramble2(load_le<std::uint64_t>(tail + 8));
  h1 ^= scramble1(load_le<std::uint64_t>(tail));
  h1 ^= size;
  h2 ^= size;
  h1 += h2;
  h2 += h1;
  h1 = avalanche(h1);
  h2 = avalanche(h2);
  return h1 + h2;
}

}  // namespace p2p::content
