#include "codec/cbor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/basen.h"
#include "support/hex.h"

using namespace p2p;
using codec::CborReader;
using codec::CborScanner;
using codec::CborToken;
using codec::CborWriter;
using Kind = CborToken::Kind;
using p2p::test::unhex;

namespace {

template <class Write>
std::string written(Write&& write) {
  Bytes out;
  CborWriter writer(out);
  write(writer);
  return hex_encode(out);
}

CborToken only_token(std::string_view hex) {
  static Bytes bytes;
  bytes = unhex(hex);
  CborReader reader(bytes);
  auto token = reader.next();
  REQUIRE(token);
  CHECK(reader.at_end());
  return *token;
}

// RFC 8949, appendix A, without the simple values that have no meaning.
constexpr const char* kExamples[] = {"00",
                                     "01",
                                     "0a",
                                     "17",
                                     "1818",
                                     "1819",
                                     "1864",
                                     "1903e8",
                                     "1a000f4240",
                                     "1b000000e8d4a51000",
                                     "1bffffffffffffffff",
                                     "c249010000000000000000",
                                     "3bffffffffffffffff",
                                     "c349010000000000000000",
                                     "20",
                                     "29",
                                     "3863",
                                     "3903e7",
                                     "f90000",
                                     "f98000",
                                     "f93c00",
                                     "fb3ff199999999999a",
                                     "f93e00",
                                     "f97bff",
                                     "fa47c35000",
                                     "fa7f7fffff",
                                     "fb7e37e43c8800759c",
                                     "f90001",
                                     "f90400",
                                     "f9c400",
                                     "fbc010666666666666",
                                     "f97c00",
                                     "f97e00",
                                     "f9fc00",
                                     "fa7f800000",
                                     "fa7fc00000",
                                     "faff800000",
                                     "fb7ff0000000000000",
                                     "fb7ff8000000000000",
                                     "fbfff0000000000000",
                                     "f4",
                                     "f5",
                                     "f6",
                                     "f7",
                                     "c074323031332d30332d32315432303a30343a30305a",
                                     "c11a514b67b0",
                                     "c1fb41d452d9ec200000",
                                     "d74401020304",
                                     "d818456449455446",
                                     "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
                                     "40",
                                     "4401020304",
                                     "60",
                                     "6161",
                                     "6449455446",
                                     "62225c",
                                     "62c3bc",
                                     "63e6b0b4",
                                     "64f0908591",
                                     "80",
                                     "83010203",
                                     "8301820203820405",
                                     "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
                                     "a0",
                                     "a201020304",
                                     "a26161016162820203",
                                     "826161a161626163",
                                     "a56161614161626142616361436164614461656145",
                                     "5f42010243030405ff",
                                     "7f657374726561646d696e67ff",
                                     "9fff",
                                     "9f018202039f0405ffff",
                                     "9f01820203820405ff",
                                     "83018202039f0405ff",
                                     "83019f0203ff820405",
                                     "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
                                     "bf61610161629f0203ffff",
                                     "826161bf61626163ff",
                                     "bf6346756ef563416d7421ff"};

}  // namespace

TEST_CASE("the writer gives appendix A's bytes") {
  CHECK(written([](auto& w) { w.integer(0); }) == "00");
  CHECK(written([](auto& w) { w.integer(23); }) == "17");
  CHECK(written([](auto& w) { w.integer(24); }) == "1818");
  CHECK(written([](auto& w) { w.integer(1000); }) == "1903e8");
  CHECK(written([](auto& w) { w.integer(1000000); }) == "1a000f4240");
  CHECK(written([](auto& w) { w.integer(1000000000000); }) == "1b000000e8d4a51000");
  CHECK(written([](auto& w) { w.integer(~std::uint64_t{0}); }) == "1bffffffffffffffff");
  CHECK(written([](auto& w) { w.integer(-1); }) == "20");
  CHECK(written([](auto& w) { w.integer(-1000); }) == "3903e7");
  CHECK(written([](auto& w) { w.integer(std::numeric_limits<std::int64_t>::min()); }) ==
        "3b7fffffffffffffff");
  CHECK(written([](auto& w) { w.negative(~std::uint64_t{0}); }) == "3bffffffffffffffff");
  CHECK(written([](auto& w) { w.number(1.1); }) == "fb3ff199999999999a");
  CHECK(written([](auto& w) { w.number(1.0); }) == "fb3ff0000000000000");
  CHECK(written([](auto& w) { w.boolean(false).boolean(true).null(); }) == "f4f5f6");
  CHECK(written([](auto& w) { w.bytes(Bytes{1, 2, 3, 4}); }) == "4401020304");
  CHECK(written([](auto& w) { w.text("\u6c34"); }) == "63e6b0b4");
  CHECK(written([](auto& w) { w.bytes({}).text(""); }) == "4060");
  CHECK(written([](auto& w) { w.array(2).text("a").map(1).text("b").text("c"); }) ==
        "826161a161626163");
  CHECK(written([](auto& w) { w.tag(23).raw(Bytes{0x44, 1, 2, 3, 4}); }) == "d74401020304");
}

TEST_CASE("the reader gives the values of appendix A") {
  CHECK(only_token("1bffffffffffffffff").value == ~std::uint64_t{0});
  CHECK(only_token("1bffffffffffffffff").kind == Kind::unsigned_integer);
  CHECK(only_token("3903e7").value == 999);
  CHECK(only_token("3903e7").kind == Kind::negative_integer);
  CHECK(only_token("f93e00").number == 1.5);
  CHECK(only_token("f98000").number == 0);
  CHECK(std::signbit(only_token("f98000").number));
  CHECK(only_token("f90001").number == 5.960464477539063e-8);
  CHECK(only_token("fa47c35000").number == 100000.0);
  CHECK(only_token("fb7e37e43c8800759c").number == 1.0e+300);
  CHECK(std::isinf(only_token("f97c00").number));
  CHECK(std::isnan(only_token("f97e00").number));
  CHECK(only_token("f4").value == 0);
  CHECK(only_token("f5").value == 1);
  CHECK(only_token("f6").kind == Kind::null);
  CHECK(only_token("f7").kind == Kind::undefined);
  CHECK(only_token("64f0908591").text() == "\xf0\x90\x85\x91");
  CHECK(equal(only_token("4401020304").bytes, Bytes{1, 2, 3, 4}));
  CHECK(only_token("9819").value == 25);
  CHECK(only_token("9f").indefinite);
  CHECK(only_token("bf").kind == Kind::map);
  CHECK(only_token("d818").value == 24);
}

TEST_CASE("a token says whether its head is the shortest") {
  for (const auto* hex :
       {"00", "17", "1818", "190100", "1a00010000", "1b0000000100000000", "40", "6161", "80", "a0",
        "c0", "d818", "9f", "5f", "ff", "f4", "f93c00", "3903e7"}) {
    CAPTURE(hex);
    CHECK(only_token(hex).minimal());
  }
  for (const auto* hex : {"1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "580101", "7800",
                          "9800", "b90000", "d801", "3817"}) {
    CAPTURE(hex);
    CHECK_FALSE(only_token(hex).minimal());
  }
}

TEST_CASE("items of appendix A are measured whole, and every cut short one waits for more") {
  for (const auto* hex : kExamples) {
    CAPTURE(hex);
    auto bytes = unhex(hex);
    const auto size = bytes.size();
    for (std::size_t cut = 0; cut < size; ++cut) {
      const auto part = codec::cbor_item_size(ByteView(bytes).first(cut), 1000);
      REQUIRE(part);
      CHECK_FALSE(part->has_value());
    }
    bytes.push_back(0x01);
    const auto whole = codec::cbor_item_size(bytes, size);
    REQUIRE(whole);
    CHECK(*whole == size);
    CborReader reader(bytes);
    REQUIRE(reader.skip());
    CHECK(reader.offset() == size);
  }
}

TEST_CASE("a sequence that arrives byte by byte is split where the items end") {
  Bytes sequence;
  for (const auto* hex : kExamples) append(sequence, unhex(hex));
  CborScanner scanner(1000);
  std::size_t start = 0, items = 0;
  for (std::size_t end = 0; end <= sequence.size(); ++end) {
    const auto size = scanner.scan(ByteView(sequence).subspan(start, end - start));
    REQUIRE(size);
    if (*size) {
      CHECK(hex_encode(ByteView(sequence).subspan(start, **size)) == kExamples[items]);
      start += **size;
      ++items;
    }
  }
  CHECK(items == std::size(kExamples));
  CHECK(start == sequence.size());
}

TEST_CASE("what is not CBOR is refused") {
  // RFC 8949, appendix F: reserved heads, misplaced breaks, foreign chunks, odd maps.
  for (const auto* hex :
       {"1c",         "1d",       "1e",           "1f",           "3c",     "5c",     "7d",
        "9e",         "bc",       "dc",           "df",           "fc",     "fd",     "fe",
        "f800",       "f818",     "f81f",         "f8ff",         "ff",     "81ff",   "8200ff",
        "a1ff",       "a1ff00",   "a100ff",       "9f81ff",       "c1ff",   "9fc1ff", "bf00ff",
        "bf000000ff", "5f00ff",   "5f21ff",       "5f6100ff",     "5f80ff", "5fa0ff", "5fc000ff",
        "5fe0ff",     "7f4100ff", "5f5f4100ffff", "7f7f6100ffff", "61ff",   "62c328", "63eda080",
        "7f61c3ff"}) {
    CAPTURE(hex);
    const auto size = codec::cbor_item_size(unhex(hex), 1000);
    REQUIRE_FALSE(size);
    CHECK(size.error().code == Code::parse);
  }
}

TEST_CASE("an item that must become too long is refused before it arrives") {
  for (const auto* hex : {"5865", "5affffffff", "7bffffffffffffffff", "9b7fffffffffffffff",
                          "bbffffffffffffffff", "9bffffffffffffffff", "985f5865", "9a00000064"}) {
    CAPTURE(hex);
    const auto size = codec::cbor_item_size(unhex(hex), 100);
    REQUIRE_FALSE(size);
    CHECK(size.error().code == Code::limit);
  }
  Bytes endless(101, 0x01);
  endless[0] = 0x9f;
  CHECK(codec::cbor_item_size(ByteView(endless).first(99), 100).has_value());
  CHECK_FALSE(codec::cbor_item_size(endless, 100).has_value());
  CHECK(codec::cbor_item_size(unhex("5863"), 101).has_value());
}

TEST_CASE("depth is bounded, tags do not count") {
  Bytes nested(codec::kMaxNesting, 0x81);
  nested.push_back(0x00);
  CHECK(codec::cbor_item_size(nested, 1000) == nested.size());
  nested.insert(nested.begin(), 0x81);
  const auto deeper = codec::cbor_item_size(nested, 1000);
  REQUIRE_FALSE(deeper);
  CHECK(deeper.error().code == Code::limit);
  Bytes tags(100'000, 0xc1);
  tags.push_back(0x00);
  CHECK(codec::cbor_item_size(tags, 1'000'000) == tags.size());
}

TEST_CASE("the reader refuses what is cut short") {
  for (const auto* hex : {"", "18", "19ff", "1a000000", "1b00000000000000", "41", "5901", "62ff",
                          "f9", "fa000000", "fb00000000000000", "5bffffffffffffffff"}) {
    CAPTURE(hex);
    const auto bytes = unhex(hex);
    CborReader reader(bytes);
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.skip());
    CHECK(reader.offset() == 0);
  }
}
