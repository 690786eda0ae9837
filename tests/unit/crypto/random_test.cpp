#include "crypto/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

using namespace p2p;
using crypto::SeededRandom;

TEST_CASE("xoshiro256** seeded by splitmix64 gives the reference sequence") {
  // From the authors' C code, state seeded with four draws of splitmix64 from 0.
  SeededRandom random(0);
  CHECK(random.u64() == 0x99ec5f36cb75f2b4);
  CHECK(random.u64() == 0xbf6e1f784956452a);
  CHECK(random.u64() == 0x1a5f849d4933e6e0);
}

TEST_CASE("the same seed is the same run, another seed another") {
  SeededRandom a(7), b(7), c(8);
  const auto first = a.bytes(100);
  CHECK(first == b.bytes(100));
  CHECK(first != c.bytes(100));
}

TEST_CASE("below() stays below and reaches everything") {
  SeededRandom random(1);
  for (const std::uint64_t bound : {1ull, 2ull, 3ull, 10ull}) {
    std::vector<int> seen(bound);
    for (int i = 0; i < 1000; ++i) {
      const auto draw = random.below(bound);
      REQUIRE(draw < bound);
      ++seen[draw];
    }
    for (const auto count : seen) CHECK(count > static_cast<int>(700 / bound));
  }
  for (int i = 0; i < 100; ++i) CHECK(random.below(~0ull) < ~0ull);
}

TEST_CASE("below() redraws what would favour small numbers") {
  struct Script final : crypto::Random {
    std::vector<std::uint8_t> draws{0, 5};
    std::size_t at = 0;
    void fill(MutableBytes out) override {
      std::fill(out.begin(), out.end(), std::uint8_t{0});
      out[0] = draws.at(at++);
    }
  };
  Script script;
  // 2^64 mod 3 is 1: the draw 0 is surplus.
  CHECK(script.below(3) == 2);
  CHECK(script.at == 2);
}

TEST_CASE("unit() is in [0, 1)") {
  SeededRandom random(3);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double draw = random.unit();
    REQUIRE(draw >= 0);
    REQUIRE(draw < 1);
    sum += draw;
  }
  CHECK(sum / 10'000 == doctest::Approx(0.5).epsilon(0.02));
}

TEST_CASE("shuffle keeps the items and moves them") {
  std::vector<int> items(50), sorted(50);
  std::iota(items.begin(), items.end(), 0);
  std::iota(sorted.begin(), sorted.end(), 0);
  SeededRandom random(4);
  random.shuffle(items);
  CHECK(items != sorted);
  std::sort(items.begin(), items.end());
  CHECK(items == sorted);
}

TEST_CASE("the system's generator fills everything and does not repeat itself") {
  const auto random = crypto::system_random();
  const auto a = random->bytes(64);
  CHECK(a != random->bytes(64));
  CHECK(std::count(a.begin(), a.end(), 0) < 16);
}
