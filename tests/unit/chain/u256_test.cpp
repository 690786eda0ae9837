#include "chain/consensus/u256.h"

#include <doctest/doctest.h>

#include "crypto/random.h"

using p2p::chain::U256;

namespace {

U256 hex(std::string_view text) { return U256::parse_hex(text).value(); }

U256 random_number(p2p::crypto::Random& random) {
  p2p::Bytes raw = random.bytes(32);
  // Of every length, and with runs of ones: where long division goes wrong.
  U256 out = U256::from_le(raw) >> static_cast<unsigned>(random.below(256));
  if (random.below(4) == 0) out = U256::max() >> static_cast<unsigned>(random.below(256));
  if (random.below(4) == 0) out = out << static_cast<unsigned>(random.below(256));
  return out;
}

}  // namespace

TEST_CASE("u256 reads and writes hex, bytes and decimals") {
  const U256 n = hex("0123456789abcdeffedcba9876543210000102030405060708090a0b0c0d0e0f");
  CHECK(n.hex() == "0123456789abcdeffedcba9876543210000102030405060708090a0b0c0d0e0f");
  CHECK(U256::from_be(n.to_be()) == n);
  CHECK(U256::from_le(n.to_le()) == n);
  CHECK(n.to_be()[0] == 0x01);
  CHECK(n.to_le()[0] == 0x0f);
  CHECK(U256().decimal() == "0");
  CHECK(U256(1'000'000).decimal() == "1000000");
  CHECK(U256::max().decimal() ==
        "115792089237316195423570985008687907853269984665640564039457584007913129639935");
  CHECK_FALSE(U256::parse_hex(""));
  CHECK_FALSE(U256::parse_hex("0x1"));
  CHECK_FALSE(U256::parse_hex(std::string(65, '0')));
}

TEST_CASE("u256 shifts across limbs and past the end") {
  CHECK((U256(1) << 255).hex() == "8" + std::string(63, '0'));
  CHECK((U256(1) << 256).is_zero());
  CHECK((U256::max() >> 255) == U256(1));
  CHECK((U256::max() >> 256).is_zero());
  CHECK((hex("ff") << 60).hex() == std::string(47, '0') + "ff000000000000000");
  CHECK((hex("ff000000000000000") >> 60) == hex("ff"));
  CHECK(U256(1).bit_length() == 1);
  CHECK(U256().bit_length() == 0);
  CHECK(U256::max().bit_length() == 256);
}

TEST_CASE("u256 wraps like an integer of 256 bits") {
  CHECK((U256::max() + 1).is_zero());
  CHECK((U256() - 1) == U256::max());
  CHECK(U256::max() * U256::max() == U256(1));
  CHECK(p2p::chain::multiply_overflows(U256(1) << 128, U256(1) << 128));
  CHECK_FALSE(p2p::chain::multiply_overflows(U256(1) << 128, (U256(1) << 128) - 1));
  CHECK_FALSE(p2p::chain::multiply_overflows(0, U256::max()));
  CHECK(p2p::chain::multiply_overflows(U256::max(), 2));
}

TEST_CASE("u256 divides as known") {
  // Bitcoin Core, src/test/arith_uint256_tests.cpp, divide.
  const U256 r1 = hex("7d1de5eaf9b156d53208f033b5aa8122d2d2355d5e12292b121156cfdb4a529c");
  CHECK((r1 / hex("ad7133ac1977fa2b7")).hex() ==
        "00000000000000000b8ac01106981635d9ed112290f8895545a7654dde28fb3a");
  CHECK((r1 / hex("ecd751716")).hex() ==
        "000000000873ce8efec5b67150bad3aa8c5fcb70e947586153bf2cec7c37c57a");
  CHECK(r1 / r1 == U256(1));
  CHECK((r1 / U256::max()).is_zero());
}

TEST_CASE("u256 division undoes multiplication") {
  p2p::crypto::SeededRandom random(1);
  for (int round = 0; round < 20'000; ++round) {
    const U256 a = random_number(random);
    const U256 b = random_number(random);
    CHECK((a + b) - b == a);
    CHECK(a * b == b * a);
    if (b.is_zero()) continue;
    const U256 q = a / b;
    const U256 r = a % b;
    CHECK(r < b);
    CHECK(q * b + r == a);
    CHECK_FALSE(p2p::chain::multiply_overflows(q, b));
  }
}
