#include "content/checksum_line.h"

#include <doctest/doctest.h>

#include "base/basen.h"

using namespace p2p;
using content::checksum_line;
using content::ChecksumParser;
using content::ChecksumStyle;
using crypto::HashAlg;

namespace {

const std::string kHex(64, 'a');

std::optional<content::ChecksumLine> parse(std::string_view line) {
  return ChecksumParser(HashAlg::sha2_256).parse(line);
}

std::string name_in(std::string_view line) {
  const auto parsed = parse(line);
  return parsed ? parsed->name : "(none)";
}

}  // namespace

TEST_CASE("lines are written as coreutils writes them") {
  const auto write = [](std::string_view name, ChecksumStyle style = {}) {
    return checksum_line("00", name, HashAlg::sha2_256, style);
  };
  CHECK(write("a b") == "00  a b\n");
  CHECK(write("a\nb\r\\") == "\\00  a\\nb\\r\\\\\n");
  CHECK(write("a", {.binary = true}) == "00 *a\n");
  CHECK(write("a\n", {.zero = true}) == std::string("00  a\n\0", 7));
  CHECK(write("a", {.tag = true}) == "SHA256 (a) = 00\n");
  CHECK(write("a\\", {.tag = true}) == "\\SHA256 (a\\\\) = 00\n");
}

TEST_CASE("what is written is read back, whatever the name") {
  for (const std::string name :
       {"a", " a", "*a", "a b ", "a\nb", "a\\", "\\n", "a) = b", "\r", "(", "\xff"}) {
    for (const bool tag : {false, true}) {
      for (const bool binary : {false, true}) {
        auto line = checksum_line(kHex, name, HashAlg::sha2_256, {.tag = tag, .binary = binary});
        line.pop_back();
        CAPTURE(line);
        CHECK(name_in(line) == name);
      }
    }
  }
}

TEST_CASE("a tag says its algorithm, and its digest must fit") {
  const std::string hex128(128, 'b');
  CHECK(parse("SHA512 (x) = " + hex128)->alg == HashAlg::sha2_512);
  CHECK(parse("BLAKE2b-256 (x) = " + kHex)->alg == HashAlg::blake2b_256);
  CHECK(parse("SHA3-256 (x) = " + kHex)->alg == HashAlg::sha3_256);
  CHECK(parse("KECCAK-256(x)= " + kHex)->alg == HashAlg::keccak_256);
  CHECK_FALSE(parse("SHA512 (x) = " + kHex));
  CHECK_FALSE(parse("SHA256 (x) = " + hex128));
  CHECK_FALSE(parse("SHA1 (x) = " + kHex));
  CHECK(parse("SHA256 (x)=" + kHex));
  CHECK(parse("SHA256 (x) \t=\t " + kHex));
  CHECK_FALSE(parse("SHA256 (x) " + kHex));
  CHECK_FALSE(parse("SHA256 (x) = " + kHex + " "));
  CHECK(name_in("SHA256 () = " + kHex).empty());
}

TEST_CASE("the two untagged forms do not mix within a file") {
  ChecksumParser standard(HashAlg::sha2_256);
  CHECK(standard.parse(kHex + "  a"));
  CHECK_FALSE(standard.parse(kHex + " a"));
  ChecksumParser old(HashAlg::sha2_256);
  CHECK(old.parse(kHex + " a")->name == "a");
  CHECK(old.parse(kHex + "  a")->name == " a");
}

TEST_CASE("lines that are none") {
  for (const auto& line :
       {std::string(), std::string("x"), kHex, kHex + " ", kHex + "a  x", kHex.substr(1) + "  x",
        std::string(64, 'g') + "  x", "\\" + kHex + "  a\\", "\\" + kHex + "  a\\x",
        kHex + "  a" + std::string(1, '\0') + "b", std::string("SHA256"), std::string("SHA256 ("),
        "SHA256 (a = " + kHex}) {
    CAPTURE(line);
    CHECK_FALSE(parse(line));
  }
  // Blanks may lead; capital digits count.
  CHECK(name_in(" \t" + kHex + "  a") == "a");
  CHECK(name_in(std::string(64, 'F') + "  a") == "a");
}
