#include "base/basen.h"

#include <doctest/doctest.h>

using namespace p2p;

namespace {

struct Vector {
  std::string_view plain;
  std::string_view text;
};

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 12345 + static_cast<std::uint32_t>(size);
  for (auto& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

}  // namespace

TEST_CASE("base64: the vectors of RFC 4648 section 10") {
  const Vector vectors[] = {{"", ""},
                            {"f", "Zg=="},
                            {"fo", "Zm8="},
                            {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="},
                            {"fooba", "Zm9vYmE="},
                            {"foobar", "Zm9vYmFy"}};
  for (const auto& v : vectors) {
    CHECK(base64_encode(as_bytes(v.plain)) == v.text);
    CHECK(base64_decode(v.text) == to_bytes(v.plain));
    const auto bare = v.text.substr(0, std::min(v.text.find('='), v.text.size()));
    CHECK(base64_encode(as_bytes(v.plain), Base64::standard) == bare);
    CHECK(base64_decode(bare, Base64::standard) == to_bytes(v.plain));
  }
}

TEST_CASE("base64: the url alphabet differs in two characters") {
  const Bytes bytes = {0xfb, 0xff, 0xfe};
  CHECK(base64_encode(bytes) == "+//+");
  CHECK(base64_encode(bytes, Base64::url) == "-__-");
  CHECK(base64_decode("-__-", Base64::url_padded) == bytes);
  CHECK_FALSE(base64_decode("-__-", Base64::standard));
  CHECK_FALSE(base64_decode("+//+", Base64::url));
}

TEST_CASE("base64: one text for one value") {
  for (const auto* text : {"Zg=", "Zg", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm9v ",
                           " Zm9v", "Zm\n9v", "Zm9vZ", "Z=g="}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text));
  }
  for (const auto* text : {"Zg==", "Z", "Zh", "Zm9"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text, Base64::standard));
  }
}

TEST_CASE("base32: RFC 4648, lower case, without padding") {
  const Vector vectors[] = {{"", ""},
                            {"f", "my"},
                            {"fo", "mzxq"},
                            {"foo", "mzxw6"},
                            {"foob", "mzxw6yq"},
                            {"fooba", "mzxw6ytb"},
                            {"foobar", "mzxw6ytboi"}};
  for (const auto& v : vectors) {
    CHECK(base32_encode(as_bytes(v.plain)) == v.text);
    CHECK(base32_decode(v.text) == to_bytes(v.plain));
  }
  for (const auto* text : {"m", "mz", "MY", "my======", "mzx", "mzxw6y", "m1", "m8", "mzxw6ytbo"}) {
    CAPTURE(text);
    CHECK_FALSE(base32_decode(text));
  }
}

TEST_CASE("hex: lower case out, both cases in") {
  CHECK(hex_encode(Bytes{0x00, 0xab, 0xff}) == "00abff");
  CHECK(hex_decode("00ABff") == Bytes{0x00, 0xab, 0xff});
  CHECK(hex_decode("") == Bytes{});
  for (const auto* text : {"0", "0g", "0x00", "00 ", "\xc3\xa9"}) CHECK_FALSE(hex_decode(text));
}

TEST_CASE("base58btc: the vectors of draft-msporny-base58") {
  CHECK(base58_encode(as_bytes("Hello World!")) == "2NEpo7TZRRrLZSi2U");
  CHECK(base58_encode(as_bytes("The quick brown fox jumps over the lazy dog.")) ==
        "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z");
  CHECK(base58_encode(Bytes{0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd}) == "11233QC4");
  CHECK(base58_decode("11233QC4") == Bytes{0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd});
  CHECK(base58_encode({}) == "");
  CHECK(base58_decode("") == Bytes{});
  CHECK(base58_decode("111") == Bytes{0, 0, 0});
  for (const auto* text : {"0", "O", "I", "l", "2NEpo7TZRRrLZSi2U ", "+", "\x80"}) {
    CAPTURE(text);
    CHECK_FALSE(base58_decode(text));
  }
}

TEST_CASE("base36: multibase's vectors without their prefix") {
  CHECK(base36_encode(as_bytes("yes mani !")) == "2lcpzo5yikidynfl");
  CHECK(base36_encode(as_bytes(std::string_view("\0\0yes mani !", 12))) == "002lcpzo5yikidynfl");
  CHECK(base36_decode("02lcpzo5yikidynfl") == to_bytes(std::string_view("\0yes mani !", 11)));
  CHECK_FALSE(base36_decode("2LCPZO"));
}

TEST_CASE("the quadratic decoders bound their input") {
  CHECK(base58_decode(std::string(1024, 'z')));
  CHECK(base58_decode(std::string(1025, 'z')).error().code == Code::limit);
  CHECK(base36_decode(std::string(1025, 'z')).error().code == Code::limit);
}

TEST_CASE("every base gives every length back") {
  for (std::size_t size = 0; size < 70; ++size) {
    CAPTURE(size);
    for (std::size_t zeros = 0; zeros <= std::min<std::size_t>(size, 5); ++zeros) {
      Bytes bytes = pattern(size);
      std::fill_n(bytes.begin(), zeros, std::uint8_t{0});
      CHECK(hex_decode(hex_encode(bytes)) == bytes);
      CHECK(base32_decode(base32_encode(bytes)) == bytes);
      CHECK(base36_decode(base36_encode(bytes)) == bytes);
      CHECK(base58_decode(base58_encode(bytes)) == bytes);
      for (const auto form :
           {Base64::standard, Base64::standard_padded, Base64::url, Base64::url_padded}) {
        CHECK(base64_decode(base64_encode(bytes, form), form) == bytes);
      }
    }
  }
}

TEST_CASE("a bad character is named where it can be printed") {
  CHECK(hex_decode("zz").error().why == "character 'z' is not hex");
  CHECK(hex_decode("\n0").error().why == "byte 0x0a is not hex");
}
