#include "crypto/crc32c.h"

#include <doctest/doctest.h>

using namespace p2p;
using crypto::crc32c;
using crypto::Crc32cPath;

TEST_CASE("crc32c: RFC 3720, section B.4, by instruction and by table") {
  Bytes rising(32);
  Bytes falling(32);
  for (std::size_t i = 0; i < 32; ++i) {
    rising[i] = static_cast<std::uint8_t>(i);
    falling[i] = static_cast<std::uint8_t>(31 - i);
  }
  for (const auto path : {Crc32cPath::best, Crc32cPath::portable}) {
    CHECK(crc32c(0, Bytes(32, 0), path) == 0x8a9136aa);
    CHECK(crc32c(0, Bytes(32, 0xff), path) == 0x62a8ab43);
    CHECK(crc32c(0, rising, path) == 0x46dd794e);
    CHECK(crc32c(0, falling, path) == 0x113fdb5c);
    CHECK(crc32c(0, as_bytes("123456789"), path) == 0xe3069283);
    CHECK(crc32c(0, {}, path) == 0);
  }
}

TEST_CASE("crc32c: both paths agree, and go on from any split") {
  Bytes bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  const auto whole = crc32c(0, bytes, Crc32cPath::portable);
  CHECK(crc32c(0, bytes) == whole);
  for (const std::size_t cut : {1U, 7U, 8U, 9U, 4096U, 65'537U, 99'999U}) {
    CHECK(crc32c(crc32c(0, ByteView(bytes).first(cut)), ByteView(bytes).subspan(cut)) == whole);
  }
  for (std::size_t size = 0; size < 200; ++size) {
    const auto part = ByteView(bytes).subspan(size % 9, size);
    CHECK(crc32c(0, part) == crc32c(0, part, Crc32cPath::portable));
  }
}
