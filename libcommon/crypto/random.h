// Randomness as an injected interface: nobody draws from the system on their own, so that a
// simulation with a seed is the same run every time.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace p2p::crypto {

class Random {
 public:
  virtual ~Random() = default;

  virtual void fill(MutableBytes out) = 0;

  std::uint64_t u64();
  /// Uniform in [0, bound), without modulo bias; bound > 0. The same draw on every platform, which
  /// std::uniform_int_distribution does not promise.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1), 53 bits.
  double unit();
  Bytes bytes(std::size_t size);

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
    }
  }
};

/// The operating system's generator.
std::unique_ptr<Random> system_random();

/// A deterministic generator for simulations and tests; never for keys that leave the process.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(MutableBytes out) override;

 private:
  std::uint64_t next();
  std::uint64_t state_[4];  // xoshiro256**, seeded by splitmix64
};

}  // namespace p2p::crypto
