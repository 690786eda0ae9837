#include "codec/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace p2p;
using codec::Integer;
using codec::parse_json;
using codec::Value;

namespace {

std::string text_of(const Value& value) {
  std::string out;
  const auto written = codec::append_json(out, value);
  REQUIRE(written);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  codec::append_json_string(out, text);
  return out;
}

Value parsed(std::string_view text) {
  auto value = parse_json(text);
  REQUIRE(value);
  return *value;
}

Code refused(std::string_view text, const codec::JsonLimits& limits = {}) {
  const auto value = parse_json(text, limits);
  REQUIRE_FALSE(value);
  return value.error().code;
}

}  // namespace

TEST_CASE("a record keeps its order, its types and its text") {
  const auto* const line =
      R"({"type":"peer","v":1,"rtt_ms":1.5,"ok":true,"none":null,"addrs":["/ip4/1.2.3.4","é"]})";
  const auto value = parsed(line);
  CHECK(value.find("v")->integer<int>() == 1);
  CHECK(*value.find("rtt_ms")->number() == 1.5);
  CHECK(*value.find("ok")->boolean());
  CHECK(value.find("none")->is_null());
  CHECK(*value.find("addrs")->list()->at(1).text() == "\u00e9");
  CHECK(value.find("absent") == nullptr);
  CHECK(text_of(value) == line);
}

TEST_CASE("integers are exact to 64 bits, and refused beyond") {
  CHECK(parsed("9007199254740993").integer<std::uint64_t>() == 9007199254740993);
  CHECK(parsed("18446744073709551615").integer<std::uint64_t>() == ~std::uint64_t{0});
  CHECK(parsed("-9223372036854775808").integer<std::int64_t>() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(text_of(parsed("18446744073709551615")) == "18446744073709551615");
  CHECK(text_of(parsed("-9223372036854775808")) == "-9223372036854775808");
  CHECK(refused("18446744073709551616") == Code::parse);
  CHECK(refused("-9223372036854775809") == Code::parse);
  CHECK(parsed("18446744073709551616.0").number());
  CHECK_FALSE(parsed("1.0").integer<int>());
  CHECK_FALSE(parsed("300").integer<std::uint8_t>());
  CHECK_FALSE(parsed("-1").integer<std::uint64_t>());
  CHECK(parsed("-1").integer<std::int8_t>() == -1);
  CHECK_FALSE(parsed("-129").integer<std::int8_t>());
}

TEST_CASE("doubles read back the same and stay doubles") {
  for (const double number : {0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, 1e21, 123456789.125, -2.5e-7}) {
    const auto text = text_of(Value(number));
    CAPTURE(text);
    const auto value = parsed(text);
    REQUIRE(value.number());
    CHECK(*value.number() == number);
    CHECK(std::signbit(*value.number()) == std::signbit(number));
  }
  CHECK(text_of(Value(1.0)) == "1.0");
  CHECK(refused("1e999") == Code::parse);
}

TEST_CASE("strings are safe in a line and in a script") {
  CHECK(quoted("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(quoted("\b\t\n\f\r\x01\x1f\x7f") == R"("\b\t\n\f\r\u0001\u001f\u007f")");
  CHECK(quoted(std::string("\0", 1)) == R"("\u0000")");
  CHECK(quoted("\u2027\u2028\u2029\u202a") == "\"\u2027\\u2028\\u2029\u202a\"");
  CHECK(quoted("\u00e9\u6c34\U0001f600") == "\"\u00e9\u6c34\U0001f600\"");
  CHECK(quoted("a\xff\xc3(\xed\xa0\x80") == "\"a\ufffd\ufffd(\ufffd\ufffd\ufffd\"");
}

TEST_CASE("every string survives the way out and back") {
  std::string all;
  for (std::uint32_t c = 0; c < 0x250; ++c) {
    if (c < 0x80) {
      all += static_cast<char>(c);
    } else {
      all += static_cast<char>(0xc0 | c >> 6);
      all += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  all += "\u2028\u2029\ufeff\U0010ffff";
  CHECK(*parsed(text_of(Value(all))).text() == all);
  CHECK(*parsed(R"("\u00e9\ud83d\ude00\/")").text() == "\u00e9\U0001f600/");
}

TEST_CASE("malformed text is refused with the byte where it went wrong") {
  for (const auto* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{\"a\" 1}",
                           "01",
                           "+1",
                           ".5",
                           "1.",
                           "NaN",
                           "Infinity",
                           "tru",
                           "nul",
                           "'a'",
                           "\"a",
                           "\"\t\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00x\"",
                           "1 2",
                           "{} {}",
                           "[1]x",
                           "// c\n1",
                           "/* c */1",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xc0\x80\"",
                           "1\xc2\xa0"}) {
    CAPTURE(text);
    CHECK(refused(text) == Code::parse);
  }
  CHECK(parse_json("[1,x]").error().why == "malformed JSON at byte 4");
  CHECK(parsed(" \t\r\n1 \n").integer<int>() == 1);
}

TEST_CASE("a key twice is refused at any depth, the same key in two objects is not") {
  CHECK(refused(R"({"a":1,"b":2,"a":3})") == Code::parse);
  CHECK(refused(R"([{"x":{"a":1,"\u0061":2}}])") == Code::parse);
  CHECK(parsed(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})").map()->size() == 2);
}

TEST_CASE("depth and size are bounded, both ways") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(text_of(parsed(nested(128))) == nested(128));
  CHECK(refused(nested(129)) == Code::limit);
  CHECK(refused(std::string(1'000'000, '[')) == Code::limit);
  CHECK(refused("[[1]]", {.max_size = 100, .max_depth = 1}) == Code::limit);
  CHECK(refused("[1,2]", {.max_size = 4, .max_depth = 1}) == Code::limit);
  Value deep;
  for (int i = 0; i < 129; ++i) deep = Value(Value::List{deep});
  std::string out = "before";
  const auto written = codec::append_json(out, deep);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Code::limit);
  CHECK(out == "before");
}

TEST_CASE("what JSON has no form for is refused, and nothing is written") {
  for (const auto& value :
       {Value(Bytes{1}), Value(codec::Link{{1}}), Value(std::nan("")), Value(HUGE_VAL),
        Value(Integer{true, ~std::uint64_t{0}}), Value(Value::List{Value(1), Value(Bytes{})})}) {
    std::string out;
    const auto written = codec::append_json(out, value);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::unsupported);
    CHECK(out.empty());
  }
}
