#include "crypto/sha256_mining.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/basen.h"
#include "base/endian.h"
#include "crypto/hash.h"
#include "crypto/random.h"

using namespace p2p;
using namespace p2p::crypto;

namespace {

/// The paths that this processor can take.
std::vector<MiningPath> paths() {
  std::vector<MiningPath> all = {MiningPath::best, MiningPath::portable, MiningPath::sha_ni,
                                 MiningPath::avx512};
  std::erase_if(all, [](MiningPath path) { return !mining_path_available(path); });
  return all;
}

Bytes with_nonce(Bytes header, std::uint32_t nonce) {
  store_le(&header[76], nonce);
  return header;
}

bool meets(const Digest32& hash, const Bytes& target) {
  return !std::lexicographical_compare(target.rbegin(), target.rend(), hash.rbegin(), hash.rend());
}

}  // namespace

TEST_CASE("paths that this processor lacks are named") {
  for (const auto& [path, name] :
       {std::pair(MiningPath::sha_ni, "SHA-NI"), std::pair(MiningPath::avx512, "AVX-512")}) {
    if (!mining_path_available(path)) MESSAGE("not tested, this processor has no ", name);
  }
}

TEST_CASE("every mining path finds Bitcoin's first nonce") {
  const Bytes genesis =
      hex_decode(
          "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b2"
          "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c")
          .value();
  Bytes target(32, 0);
  target[26] = target[27] = 0xff;  // 0x1d00ffff
  for (const MiningPath path : paths()) {
    const NonceSearch search(genesis, target, path);
    CHECK(search.scan(2083236893u - 1001, 3000) == 2083236893u);
    CHECK_FALSE(search.scan(2083236893u - 1000, 1000));
    CHECK(search.scan(2083236893u, 1) == 2083236893u);
    CHECK_FALSE(search.scan(2083236893u, 0));
  }
}

TEST_CASE("every mining path finds what sha256d finds, at every offset and up to the last nonce") {
  SeededRandom random(3);
  for (int round = 0; round < 40; ++round) {
    const Bytes header = random.bytes(80);
    // About one nonce in 64 meets it, and the compared words below the top matter too.
    Bytes target = random.bytes(32);
    target[31] = 3;
    const std::uint32_t first = round < 20 ? random.u64() & 0xffffffff : 0xffffffffu - 100;
    const std::uint64_t count = 1 + random.below(300);
    std::optional<std::uint32_t> expected;
    for (std::uint64_t i = 0; i < count && first + i <= 0xffffffffu && !expected; ++i) {
      const auto nonce = static_cast<std::uint32_t>(first + i);
      if (meets(sha256d(with_nonce(header, nonce)), target)) expected = nonce;
    }
    for (const MiningPath path : paths()) {
      CHECK(NonceSearch(header, target, path).scan(first, count) == expected);
    }
  }
}

TEST_CASE("a hash equal to the target meets it") {
  SeededRandom random(4);
  const Bytes header = with_nonce(random.bytes(80), 77);
  const Digest32 hash = sha256d(header);
  Bytes target(hash.begin(), hash.end());
  for (const MiningPath path : paths()) {
    CHECK(NonceSearch(header, target, path).scan(77, 1) == 77u);
    // Among others, too, where paths look at the top bits first.
    std::optional<std::uint32_t> lowest;
    for (std::uint32_t nonce = 40; !lowest; ++nonce) {
      if (meets(sha256d(with_nonce(header, nonce)), target)) lowest = nonce;
    }
    CHECK(NonceSearch(header, target, path).scan(40, 64) == lowest);
    Bytes below = target;
    for (auto& byte : below) {
      if (byte-- != 0) break;
    }
    CHECK_FALSE(NonceSearch(header, below, path).scan(77, 1));
  }
}
