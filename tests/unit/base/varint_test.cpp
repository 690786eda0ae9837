#include "base/varint.h"

#include <doctest/doctest.h>

#include "base/basen.h"

using namespace p2p;

TEST_CASE("varint: the examples of the specification") {
  const std::pair<std::uint64_t, std::string_view> vectors[] = {
      {1, "01"},     {127, "7f"},       {128, "8001"}, {255, "ff01"},
      {300, "ac02"}, {16384, "808001"}, {0, "00"},     {(1ULL << 63) - 1, "ffffffffffffffff7f"}};
  for (const auto& [value, hex] : vectors) {
    CAPTURE(hex);
    Bytes out;
    append_varint(out, value);
    CHECK(hex_encode(out) == hex);
    CHECK(varint_size(value) == out.size());
    ByteView in = out;
    CHECK(read_varint(in) == value);
    CHECK(in.empty());
  }
}

TEST_CASE("varint: not minimal, too long") {
  for (const auto* hex : {"8100", "8000", "808000", "ffffffffffffffffff01", "80808080808080808001",
                          "ffffffffffffffffff", "ffffffffffffffff80"}) {
    CAPTURE(hex);
    const auto bytes = *hex_decode(hex);
    CHECK(peek_varint(bytes).error().code == Code::parse);
  }
}

TEST_CASE("varint: every prefix of a good one asks for more") {
  Bytes whole;
  append_varint(whole, (1ULL << 63) - 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto peeked = peek_varint(ByteView(whole).first(size));
    REQUIRE(peeked);
    CHECK_FALSE(peeked->has_value());
    ByteView in = ByteView(whole).first(size);
    CHECK(read_varint(in).error().code == Code::parse);
    CHECK(in.size() == size);
  }
}

TEST_CASE("varint: what follows it stays") {
  const Bytes bytes = {0xac, 0x02, 0xff};
  ByteView in = bytes;
  CHECK(read_varint(in) == 300);
  CHECK(in.size() == 1);
}
