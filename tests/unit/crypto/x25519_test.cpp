#include "crypto/x25519.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/basen.h"

using namespace p2p;
using crypto::X25519Key;

namespace {

X25519Key key(std::string_view hex) {
  const auto bytes = hex_decode(hex);
  REQUIRE(bytes);
  REQUIRE(bytes->size() == 32);
  X25519Key out;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace

TEST_CASE("RFC 7748, section 5.2") {
  CHECK(crypto::x25519_agree(
            key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
            key("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")) ==
        key("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
  // The high bit of this u is set and must be masked.
  CHECK(crypto::x25519_agree(
            key("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
            key("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")) ==
        key("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"));
  auto k = key("0900000000000000000000000000000000000000000000000000000000000000");
  auto u = k;
  for (int i = 0; i < 1000; ++i) {
    const auto next = crypto::x25519_agree(k, u);
    REQUIRE(next);
    u = k;
    k = *next;
    if (i == 0) {
      CHECK(k == key("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
    }
  }
  CHECK(k == key("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

TEST_CASE("RFC 7748, section 6.1") {
  const auto alice = crypto::x25519_from_secret(
      key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = crypto::x25519_from_secret(
      key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  CHECK(alice.share == key("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
  CHECK(bob.share == key("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
  const auto shared = key("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  CHECK(crypto::x25519_agree(alice.secret, bob.share) == shared);
  CHECK(crypto::x25519_agree(bob.secret, alice.share) == shared);
}

TEST_CASE("points of small order give no secret") {
  crypto::SeededRandom random(5);
  const auto mine = crypto::x25519_generate(random);
  for (const auto* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "0100000000000000000000000000000000000000000000000000000000000080"}) {
    CAPTURE(point);
    CHECK_FALSE(crypto::x25519_agree(mine.secret, key(point)));
  }
}

TEST_CASE("generated pairs come from the randomness handed in") {
  crypto::SeededRandom a(9), b(9);
  const auto first = crypto::x25519_generate(a);
  const auto again = crypto::x25519_generate(b);
  const auto second = crypto::x25519_generate(a);
  CHECK(first.secret == again.secret);
  CHECK(first.share == again.share);
  CHECK(first.share != second.share);
  CHECK(crypto::x25519_agree(first.secret, second.share) ==
        crypto::x25519_agree(second.secret, first.share));
}
