#include "crypto/random.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstdlib>

#include "base/endian.h"

namespace p2p::crypto {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    while (!out.empty()) {
      const auto got = ::getrandom(out.data(), out.size(), 0);
      if (got > 0) {
        out = out.subspan(static_cast<std::size_t>(got));
      } else if (errno != EINTR) {
        // No entropy, no secrets: every way on from here would use a key that someone can guess.
        std::abort();
      }
    }
  }
};

}  // namespace

std::uint64_t Random::u64() {
  std::uint8_t raw[8];
  fill(raw);
  return load_le<std::uint64_t>(raw);
}

std::uint64_t Random::below(std::uint64_t bound) {
  // 2^64 mod bound: draws under it would favour the small remainders.
  const std::uint64_t surplus = (0 - bound) % bound;
  for (;;) {
    const auto draw = u64();
    if (draw >= surplus) return draw % bound;
  }
}

double Random::unit() { return static_cast<double>(u64() >> 11) * 0x1p-53; }

Bytes Random::bytes(std::size_t size) {
  Bytes out(size);
  fill(out);
  return out;
}

std::unique_ptr<Random> system_random() { return std::make_unique<SystemRandom>(); }

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    std::uint8_t raw[8];
    store_le(raw, next());
    const auto size = out.size() < sizeof(raw) ? out.size() : sizeof(raw);
    std::memcpy(out.data(), raw, size);
    out = out.subspan(size);
  }
}

}  // namespace p2p::crypto
