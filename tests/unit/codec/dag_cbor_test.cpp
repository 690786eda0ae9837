#include "codec/dag_cbor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "base/basen.h"
#include "codec/cbor.h"
#include "support/hex.h"

using namespace p2p;
using codec::Integer;
using codec::Link;
using codec::Value;
using p2p::test::unhex;

namespace {

/// The checks without a tree.
Result<void> check(ByteView block) {
  return codec::walk_dag_cbor(block, [](ByteView) {});
}

Value decoded(std::string_view hex) {
  const auto block = unhex(hex);
  auto value = codec::decode_dag_cbor(block);
  REQUIRE(value);
  CHECK(check(block));
  return *value;
}

std::string encoded(const Value& value) {
  const auto block = codec::encode_dag_cbor(value);
  REQUIRE(block);
  return hex_encode(*block);
}

std::string why_refused(std::string_view hex) {
  const auto block = unhex(hex);
  const auto value = codec::decode_dag_cbor(block);
  REQUIRE_FALSE(value);
  const auto checked = check(block);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().why == value.error().why);
  CHECK(value.error().code == Code::parse);
  return value.error().why;
}

}  // namespace

TEST_CASE("canonical blocks decode, pass the check, and encode to the same bytes") {
  for (const auto* hex : {"00",
                          "17",
                          "1818",
                          "18ff",
                          "190100",
                          "1a00010000",
                          "1b0000000100000000",
                          "1bffffffffffffffff",
                          "20",
                          "3863",
                          "3903e7",
                          "3b7fffffffffffffff",
                          "3bffffffffffffffff",
                          "f4",
                          "f5",
                          "f6",
                          "40",
                          "4401020304",
                          "60",
                          "6161",
                          "62c3bc",
                          "64f0908591",
                          "80",
                          "83010203",
                          "8301820203820405",
                          "a0",
                          "a26161016162820203",
                          "a361620261630362616101",
                          "fb0000000000000000",
                          "fb8000000000000000",
                          "fb3ff199999999999a",
                          "d82a450001551220",
                          "826161a161626163"}) {
    CAPTURE(hex);
    CHECK(encoded(decoded(hex)) == hex);
  }
}

TEST_CASE("the values are what the block says") {
  CHECK(decoded("1bffffffffffffffff").integer<std::uint64_t>() == ~std::uint64_t{0});
  CHECK(decoded("3b7fffffffffffffff").integer<std::int64_t>() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(decoded("3bffffffffffffffff").integer<std::int64_t>());
  CHECK(decoded("3bffffffffffffffff") == Value(Integer{true, ~std::uint64_t{0}}));
  CHECK(*decoded("fb3ff199999999999a").number() == 1.1);
  CHECK(*decoded("62c3bc").text() == "\u00fc");
  CHECK(*decoded("420102").bytes() == Bytes{1, 2});
  CHECK(decoded("d82a450001551220").link()->cid == Bytes{1, 0x55, 0x12, 0x20});
  const auto map = decoded("a26161016162820203");
  CHECK(map.find("a")->integer<int>() == 1);
  CHECK(*map.find("b")->list() == Value::List{2, 3});
  CHECK(map.find("c") == nullptr);
  CHECK(decoded("f6").is_null());
}

TEST_CASE("the encoder sorts keys, shorter ones first") {
  const Value map(Value::Map{{"aa", 1}, {"c", 3}, {"b", 2}, {"", 0}});
  CHECK(encoded(map) == "a4600061620261630362616101");
  // Bytewise means unsigned: é (c3 a9) after z z.
  CHECK(encoded(Value(Value::Map{{"\u00e9", 1}, {"zz", 2}})) == "a2627a7a0262c3a901");
}

TEST_CASE("what has a second encoding, or none in dag-cbor, is refused with its place") {
  CHECK(why_refused("1817") == "integer or length not in its shortest form at byte 0");
  CHECK(why_refused("811800") == "integer or length not in its shortest form at byte 1");
  why_refused("1900ff");
  why_refused("1a0000ffff");
  why_refused("1b00000000ffffffff");
  why_refused("3817");
  why_refused("5801ff");
  why_refused("780161");
  why_refused("980100");
  why_refused("b801616100");
  why_refused("d9002a450001551220");
  CHECK(why_refused("9f00ff") == "indefinite length at byte 0");
  why_refused("bf616100ff");
  why_refused("5f4100ff");
  why_refused("7f6161ff");
  CHECK(why_refused("f93c00") == "float of other than 64 bits at byte 0");
  why_refused("fa3f800000");
  CHECK(why_refused("fb7ff8000000000000") == "float that is no number at byte 0");
  why_refused("fb7ff0000000000000");
  why_refused("fbfff0000000000000");
  CHECK(why_refused("f7") == "undefined at byte 0");
  why_refused("e0");
  why_refused("f820");
  CHECK(why_refused("8261ff00") == "text that is not UTF-8 at byte 1");
  CHECK(why_refused("a161ff00") == "text that is not UTF-8 at byte 1");
  CHECK(why_refused("a10000") == "map key that is not text at byte 1");
  why_refused("a1416100");
  CHECK(why_refused("a2616200616100") == "map keys out of order at byte 4");
  CHECK(why_refused("a262616100616200") == "map keys out of order at byte 5");
  CHECK(why_refused("a2616100616100") == "map key that stands twice at byte 4");
  CHECK(why_refused("c100") == "tag other than 42 at byte 0");
  why_refused("d82b420001");
  CHECK(why_refused("d82a00") == "link that is not bytes after a 0x00 prefix at byte 2");
  why_refused("d82a620001");
  why_refused("d82a40");
  why_refused("d82a4100");
  why_refused("d82a420155");
  why_refused("d82ad82a420001");
  CHECK(why_refused("0000") == "bytes after the value at byte 1");
  CHECK(why_refused("ff") == "misplaced break at byte 0");
  why_refused("81ff");
}

TEST_CASE("every block that is cut short is refused") {
  const auto block = unhex("a26161820102616283f5d82a450001551220fb3ff199999999999a");
  REQUIRE(check(block));
  for (std::size_t cut = 0; cut < block.size(); ++cut) {
    CHECK_FALSE(check(ByteView(block).first(cut)));
    CHECK_FALSE(codec::decode_dag_cbor(ByteView(block).first(cut)));
  }
  CHECK(why_refused("9bffffffffffffffff") == "list or map that is cut short at byte 0");
  CHECK(why_refused("bb8000000000000000") == "list or map that is cut short at byte 0");
}

TEST_CASE("a flipped bit is either refused or another value") {
  const auto block = unhex("a26161820102616283f5d82a450001551220fb3ff199999999999a");
  const auto original = codec::decode_dag_cbor(block);
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    auto flipped = block;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto value = codec::decode_dag_cbor(flipped);
    CHECK(value.has_value() == check(flipped).has_value());
    if (!value) continue;
    CHECK(*value != *original);
    CHECK(codec::encode_dag_cbor(*value) == flipped);
  }
}

TEST_CASE("depth is bounded, both ways") {
  Bytes nested(codec::kMaxNesting, 0x81);
  nested.push_back(0xf6);
  const auto value = codec::decode_dag_cbor(nested);
  REQUIRE(value);
  CHECK(codec::encode_dag_cbor(*value) == nested);
  nested.insert(nested.begin(), 0x81);
  REQUIRE_FALSE(check(nested));
  CHECK(check(nested).error().code == Code::limit);
  CHECK(codec::decode_dag_cbor(nested).error().code == Code::limit);
  const auto deeper = codec::encode_dag_cbor(Value(Value::List{*value}));
  REQUIRE_FALSE(deeper);
  CHECK(deeper.error().code == Code::limit);
  CHECK_FALSE(check(Bytes(1'000'000, 0x81)));
}

TEST_CASE("the encoder refuses what has no form") {
  for (const auto& value : {Value(std::nan("")), Value(HUGE_VAL), Value(-HUGE_VAL), Value("\xff"),
                            Value(Link{}), Value(Value::Map{{"a", 1}, {"b", 2}, {"a", 1}}),
                            Value(Value::Map{{"\xff", 1}}), Value(Value::List{Value(Link{})})}) {
    const auto block = codec::encode_dag_cbor(value);
    REQUIRE_FALSE(block);
    CHECK(block.error().code == Code::invalid_argument);
  }
}
