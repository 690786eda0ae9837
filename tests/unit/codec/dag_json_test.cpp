#include "codec/dag_json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/basen.h"

using namespace p2p;
using codec::decode_dag_json;
using codec::encode_dag_json;
using codec::Integer;
using codec::Link;
using codec::Value;

namespace {

/// The checks without a tree.
Result<void> check(ByteView block) {
  return codec::walk_dag_json(block, [](ByteView) {});
}

void canonical(std::string_view text) {
  CAPTURE(std::string(text));
  const auto value = decode_dag_json(as_bytes(text));
  REQUIRE_MESSAGE(value, value.error().message());
  const auto again = encode_dag_json(*value);
  REQUIRE(again);
  CHECK(*again == text);
  CHECK(check(as_bytes(text)));
}

/// Refused, with the offset where it goes wrong.
void refused(std::string_view text, std::size_t at) {
  CAPTURE(std::string(text));
  const auto value = decode_dag_json(as_bytes(text));
  REQUIRE_FALSE(value);
  CHECK(value.error().code == Code::parse);
  CHECK_MESSAGE(value.error().why.ends_with(" at byte " + std::to_string(at)), value.error().why);
}

}  // namespace

// Values of https://github.com/ipld/codec-fixtures.
TEST_CASE("published blocks decode, and encode to the same bytes") {
  for (const char* text :
       {"null",
        "true",
        "false",
        "0",
        "-1",
        "500",
        "18446744073709551615",
        "-11959030306112471732",
        "-9223372036854775808",
        "0.5",
        "-0.5",
        "-1.1",
        "0.9999999999999999",
        "82497.63712086187",
        "8.940696716308594e-8",
        "-1e-323",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[1,true,false,null,-1]",
        "[2,[3,4,[5]]]",
        R"({"a":1,"b":[],"c":{}})",
        R"({"/":{"bytes":"AQIDBAUGBwgJCgsMDQ4P"}})",
        R"({"/":{"bytes":""}})",
        R"({"/":"QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY"})",
        R"({"/":"bafkqabiaaebagba"})",
        R"({"/":"bafyreiejkvsvdq4smz44yuwhfymcuvqzavveoj2at3utujwqlllspsqr6q"})"}) {
    canonical(text);
  }
}

TEST_CASE("floats keep their kind and have one spelling, RFC 8785's") {
  const std::pair<double, const char*> spellings[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-100.0, "-100.0"},
      {1e20, "100000000000000000000.0"},
      {1e21, "1e+21"},
      {1.5e300, "1.5e+300"},
      {0.000001, "0.000001"},
      {0.0000001, "1e-7"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {123456.75, "123456.75"},
      {333333333.33333329, "333333333.3333333"},
  };
  for (const auto& [value, text] : spellings) {
    CHECK(encode_dag_json(Value(value)).value() == text);
    const auto back = decode_dag_json(as_bytes(text));
    REQUIRE(back);
    REQUIRE(back->number());
    CHECK(*back->number() == value);
    CHECK(std::signbit(*back->number()) == std::signbit(value));
  }
  CHECK_FALSE(encode_dag_json(Value(std::nan(""))));
  CHECK_FALSE(encode_dag_json(Value(std::numeric_limits<double>::infinity())));
}

TEST_CASE("integers reach from -2^64 to 2^64 - 1") {
  canonical("-18446744073709551616");
  const auto lowest = decode_dag_json(as_bytes("-18446744073709551616"));
  CHECK(*lowest == Value(Integer{true, UINT64_MAX}));
  refused("18446744073709551616", 0);
  refused("-18446744073709551617", 0);
  refused("[-0]", 1);
  refused("[01]", 1);
  refused("+1", 0);
}

TEST_CASE("strings have one spelling") {
  canonical("\"\\b\\t\\n\\f\\r\\\"\\\\\\u0000\\u001f/\x7f \xe2\x80\xa8\xf0\x9f\x98\x80\"");
  refused(R"("\u0041")", 1);
  refused(R"(["\/"])", 2);
  refused(R"("\u000a")", 1);
  refused(R"("\u001F")", 1);
  refused("\"a\nb\"", 2);
  refused("\"\xff\"", 0);
}

TEST_CASE("white space, order, repetition and stray bytes are refused where they stand") {
  refused("", 0);
  refused(" 1", 0);
  refused("1 ", 1);
  refused("[1, 2]", 3);
  refused("[1,]", 3);
  refused("[,1]", 1);
  refused("{\"a\":1,}", 7);
  refused("{\"a\" :1}", 4);
  refused(R"({"b":1,"a":2})", 7);
  refused(R"({"a":1,"a":2})", 7);
  refused("nul", 0);
  refused("1e5", 0);
  refused("1.50", 0);
  refused("[1e400]", 1);
  refused("NaN", 0);
  // Bytewise, unlike dag-cbor's shorter first.
  canonical(R"({"":0,"aa":1,"b":2})");
}

// The rejection modes of the specification's reserved namespace.
TEST_CASE("maps that begin with / are links, bytes, or allowed, and no others") {
  refused(R"({"/":"foo"})", 5);
  refused(R"({"/":"QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY","bar":"baz"})", 53);
  refused(R"({"/":{"bytes":"AQID","bar":"baz"}})", 20);
  refused(R"({"/":{"bytes":"AQID"},"bar":"baz"})", 20);
  refused(R"({"/":{"bytes":"AQ=="}})", 14);
  refused(R"({"/":{"bytes":"mAQID"}})", 14);
  // A version 1 CID in base58, which is a CID, but not its standard text.
  refused(R"({"/":"zdj7Wd8AMwqnhJGQCbFxBVodGSBG84TM7Hs1rcJuQMwTyfEDS"})", 5);
  canonical(R"({"/":true,"bar":"baz"})");
  canonical(R"({"!":"baz","/":"foo"})");
  canonical(R"({"!":"baz","/":{"bytes":"foo"}})");
  canonical(R"({"/":{"abar":"baz","bytes":"foo"}})");
  canonical(R"({"/":{"bytes":true},"bar":"baz"})");
  CHECK_FALSE(encode_dag_json(Value(Value::Map{{"/", Value("text")}})));
  CHECK_FALSE(encode_dag_json(
      Value(Value::Map{{"/", Value(Value::Map{{"bytes", Value("text")}, {"x", Value(1)}})}})));
}

TEST_CASE("depth is bounded") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  canonical(nested(codec::kMaxNesting));
  const auto deeper = decode_dag_json(as_bytes(nested(codec::kMaxNesting + 1)));
  REQUIRE_FALSE(deeper);
  CHECK(deeper.error().code == Code::limit);
  CHECK_FALSE(check(as_bytes(std::string(1'000'000, '['))));
}

TEST_CASE("every cut of a block is refused at its end") {
  const std::string text =
      R"({"/a":[1.5,{"/":"bafkqabiaaebagba"}],"b":{"/":{"bytes":"AQID"}},"c":"x\n"})";
  canonical(text);
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_dag_json(as_bytes(text.substr(0, size))));
  }
}

TEST_CASE("links are found without a tree") {
  const std::string text =
      R"({"a":{"/":"bafkqabiaaebagba"},"b":[{"/":"QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY"}]})";
  std::vector<std::string> found;
  REQUIRE(codec::walk_dag_json(as_bytes(text),
                               [&](ByteView cid) { found.push_back(hex_encode(cid)); }));
  REQUIRE(found.size() == 2);
  CHECK(found[0] == "015500050001020304");
  CHECK(found[1].starts_with("1220"));
}
