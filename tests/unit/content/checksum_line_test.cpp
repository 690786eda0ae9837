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
  return ChecksumParser().parse(line);
}

HashAlg alg_in(std::string_view line, std::vector<HashAlg> algorithms = {}) {
  const auto parsed = ChecksumParser(std::move(algorithms)).parse(line);
  REQUIRE(parsed);
  return std::get<content::Digest>(parsed->expected).alg;
}

std::string digits(std::size_t count) { return std::string(count, 'b'); }

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
  CHECK(alg_in("SHA512 (x) = " + digits(128)) == HashAlg::sha2_512);
  CHECK_FALSE(parse("SHA512 (x) = " + kHex));
  CHECK_FALSE(parse("SHA256 (x) = " + digits(128)));
  CHECK_FALSE(parse("SHA1 (x) = " + kHex));
  CHECK_FALSE(parse("MD5 (x) = " + digits(40)));
  CHECK_FALSE(parse("SM3 (x) = " + kHex));
  CHECK_FALSE(parse("sha256 (x) = " + kHex));
  CHECK(parse("SHA256 (x)=" + kHex));
  CHECK(parse("SHA256 (x) \t=\t " + kHex));
  CHECK_FALSE(parse("SHA256  (x) = " + kHex));  // as sha256sum has it
  CHECK_FALSE(parse("SHA256 x = " + kHex));
  CHECK_FALSE(parse("SHA256 (x) " + kHex));
  CHECK_FALSE(parse("SHA256 (x) = " + kHex + " "));
  CHECK(name_in("SHA256 () = " + kHex).empty());
}

TEST_CASE("the tags that other programs write") {
  const std::pair<const char*, HashAlg> written[] = {
      // cksum -a of coreutils 9.1, and b2sum -l 256 --tag
      {"SHA1 (x) = ", HashAlg::sha1},
      {"SHA384 (x) = ", HashAlg::sha2_384},
      {"BLAKE2b (x) = ", HashAlg::blake2b_512},
      {"BLAKE2b-256 (x) = ", HashAlg::blake2b_256},
      {"BLAKE2b-512 (x) = ", HashAlg::blake2b_512},
      {"BLAKE2b-8 (x) = ", *crypto::hash_by_name("blake2b-8")},
      {"BLAKE2b-160 (x) = ", *crypto::hash_by_name("blake2b-160")},
      {"MD5 (x) = ", HashAlg::md5},
      {"SHA224 (x) = ", HashAlg::sha2_224},
      // rhash 1.4.3 --bsd
      {"MD5   (x) = ", HashAlg::md5},
      {"SHA1  (x) = ", HashAlg::sha1},
      {"SHA3-224 (x) = ", HashAlg::sha3_224},
      {"SHA3-256 (x) = ", HashAlg::sha3_256},
      {"SHA3-384 (x) = ", HashAlg::sha3_384},
      {"SHA3-512 (x) = ", HashAlg::sha3_512},
      {"CRC32C (x) = ", HashAlg::crc32c},
      {"BLAKE2s (x) = ", HashAlg::blake2s_256},
      // b3sum 1.8 --tag
      {"BLAKE3 (x) = ", HashAlg::blake3},
      {"BLAKE3 (x) = ", *crypto::hash_by_name("blake3-512")},
      // openssl 3.0 dgst
      {"MD5(x)= ", HashAlg::md5},
      {"SHA1(x)= ", HashAlg::sha1},
      {"SHA2-224(x)= ", HashAlg::sha2_224},
      {"SHA2-512/224(x)= ", HashAlg::sha2_512_224},
      {"SHAKE-128(x)= ", *crypto::hash_by_name("shake-128-128")},
      {"SHAKE-256(x)= ", *crypto::hash_by_name("shake-256-256")},
      {"SHAKE-256(x)= ", HashAlg::shake_256},
      {"SHA2-256(x)= ", HashAlg::sha2_256},
      {"SHA2-384(x)= ", HashAlg::sha2_384},
      {"SHA2-512(x)= ", HashAlg::sha2_512},
      {"SHA2-512/256(x)= ", HashAlg::sha2_512_256},
      {"SHA3-256(x)= ", HashAlg::sha3_256},
      {"BLAKE2B-512(x)= ", HashAlg::blake2b_512},
      {"BLAKE2S-256(x)= ", HashAlg::blake2s_256},
      {"KECCAK-512(x)= ", HashAlg::keccak_512},
      // shasum -a 512256 --tag of perl 5.36, and FreeBSD's sha512t256
      {"SHA512/256 (x) = ", HashAlg::sha2_512_256},
      {"SHA512t256 (x) = ", HashAlg::sha2_512_256},
  };
  for (const auto& [tag, alg] : written) {
    CAPTURE(tag);
    CHECK(alg_in(tag + digits(2 * alg.size())) == alg);
  }
}

TEST_CASE("BLAKE2's tags have sizes that it has") {
  for (const auto* tag : {"BLAKE2b-0", "BLAKE2b-100", "BLAKE2b-520", "BLAKE2b-0160", "BLAKE2b-",
                          "BLAKE2s-264", "BLAKE2B-160", "BLAKE3-512"}) {
    CAPTURE(tag);
    CHECK_FALSE(content::algorithm_of_tag(tag));
  }
  CHECK(content::checksum_tag(*crypto::hash_by_name("blake2b-160")) == "BLAKE2b-160");
  CHECK(content::checksum_tag(HashAlg::blake2b_512) == "BLAKE2b");
  CHECK(content::checksum_tag(*crypto::hash_by_name("blake2s-8")) == "BLAKE2s-8");
  CHECK(content::checksum_tag(*crypto::hash_by_name("blake3-512")) == "BLAKE3");
  CHECK_FALSE(parse("BLAKE2b-160 (x) = " + digits(64)));
}

TEST_CASE("digests of extendable functions that may have been cut short count where told so") {
  const auto blake3 = [](std::size_t bits) {
    return *crypto::hash_by_name("blake3-" + std::to_string(bits));
  };
  CHECK(alg_in("BLAKE3 (x) = " + digits(32)) == blake3(128));
  CHECK(alg_in("BLAKE3 (x) = " + digits(256)) == blake3(1024));
  CHECK_FALSE(parse("BLAKE3 (x) = " + digits(258)));
  CHECK_FALSE(parse("BLAKE3 (x) = " + digits(63)));
  CHECK_FALSE(parse("BLAKE3 (x) = " + digits(30)));
  CHECK_FALSE(parse("SHAKE-128 (x) = " + digits(2)));
  CHECK_FALSE(parse("BLAKE3 (x) = "));
  CHECK(alg_in("BLAKE3 (x) = " + digits(30), {blake3(120)}) == blake3(120));
  CHECK_FALSE(ChecksumParser({blake3(128)}).parse("BLAKE3 (x) = " + digits(30)));
  CHECK(alg_in(digits(128) + "  x", {blake3(512)}) == blake3(512));
  // The same for multihashes.
  CHECK(alg_in("f1e10" + digits(32) + "  x") == blake3(128));
  CHECK_FALSE(parse("f1e0f" + digits(30) + "  x"));
  CHECK(alg_in("f1e0f" + digits(30) + "  x", {blake3(120)}) == blake3(120));
}

TEST_CASE("every algorithm has a tag that is read back") {
  for (const HashAlg alg : crypto::common_hashes()) {
    CAPTURE(crypto::name_of(alg));
    CHECK(content::algorithm_of_tag(content::checksum_tag(alg)) == alg);
  }
}

TEST_CASE("a bare digest's function follows from its length, and from what the parser is told") {
  CHECK(alg_in(digits(32) + "  x") == HashAlg::md5);
  CHECK(alg_in(digits(40) + "  x") == HashAlg::sha1);
  CHECK(alg_in(digits(56) + "  x") == HashAlg::sha2_224);
  CHECK(alg_in(digits(64) + "  x") == HashAlg::sha2_256);
  CHECK(alg_in(digits(96) + "  x") == HashAlg::sha2_384);
  CHECK(alg_in(digits(128) + "  x") == HashAlg::sha2_512);
  // Too little to go by: a CRC-32, a BLAKE2b-80.
  CHECK_FALSE(parse(digits(8) + "  x"));
  CHECK_FALSE(parse(digits(20) + "  x"));
  CHECK(alg_in(digits(8) + "  x", {HashAlg::crc32c}) == HashAlg::crc32c);
  CHECK(alg_in(digits(64) + "  x", {HashAlg::sha1, HashAlg::blake3, HashAlg::sha2_256}) ==
        HashAlg::blake3);
  // What it is told is all that it takes.
  CHECK_FALSE(ChecksumParser({HashAlg::blake3}).parse(digits(40) + "  x"));
  CHECK(alg_in("SHA1 (x) = " + digits(40), {HashAlg::blake3}) == HashAlg::sha1);
}

TEST_CASE("multihashes in any base name their function themselves") {
  const Bytes digest = crypto::hash(HashAlg::sha2_256, as_bytes("x"));
  for (const HashAlg alg : crypto::common_hashes()) {
    if (alg == HashAlg::crc32c) continue;  // multicodec has no code for it
    CAPTURE(crypto::name_of(alg));
    const auto hash = multiformats::Multihash::of(alg, as_bytes("x"));
    for (const char base : std::string_view("fFbBkKzmMuU")) {
      const auto word =
          multiformats::multibase_encode(multiformats::Multibase{base}, hash.encode());
      CAPTURE(word);
      for (const auto& line : {word + "  x", word + " *x", word + " x"}) {
        const auto parsed = parse(line);
        REQUIRE(parsed);
        CHECK(parsed->expected == std::variant<content::Digest, multiformats::Cid>(
                                      content::Digest{alg, hash.digest()}));
        CHECK(parsed->name == "x");
      }
    }
  }
  // Truncated to one byte: one file in 256 would do.
  const auto truncated =
      multiformats::Multihash::wrap(multiformats::HashCode::sha2_256, ByteView(digest).first(1));
  REQUIRE(truncated);
  const auto word =
      multiformats::multibase_encode(multiformats::Multibase::base16, truncated->encode());
  CHECK_FALSE(parse(word + "  x"));
  CHECK_FALSE(parse("f00  x"));      // identity of nothing
  CHECK_FALSE(parse("fd50100  x"));  // md5, truncated
  CHECK_FALSE(parse("f1220" + digits(62) + "  x"));
}

TEST_CASE("CIDs of both versions") {
  const std::string_view cids[] = {
      "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
      "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
      "bafkqaaa",  // inlined
      "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA",
  };
  for (const auto text : cids) {
    CAPTURE(text);
    const auto parsed = parse(std::string(text) + "  a b");
    REQUIRE(parsed);
    CHECK(std::get<multiformats::Cid>(parsed->expected) == *multiformats::Cid::parse(text));
    CHECK(parsed->name == "a b");
  }
  CHECK_FALSE(parse("QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQ  x"));
  CHECK_FALSE(parse("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"));
  // Whose hash nobody here can compute: ripemd-160.
  CHECK_FALSE(parse("f0155d32014" + digits(40) + "  x"));
}

TEST_CASE("the two untagged forms do not mix within a file") {
  ChecksumParser standard;
  CHECK(standard.parse(kHex + "  a"));
  CHECK_FALSE(standard.parse(kHex + " a"));
  ChecksumParser old;
  CHECK(old.parse(kHex + " a")->name == "a");
  CHECK(old.parse(kHex + "  a")->name == " a");
}

TEST_CASE("what a list has that cannot be computed, and what was taken for granted, is noted") {
  const auto notes = [](std::string_view line, std::vector<HashAlg> algorithms = {}) {
    ChecksumParser parser(std::move(algorithms));
    static_cast<void>(parser.parse(line));
    return parser.notes();
  };
  const auto foreign = [&](std::string_view line) {
    const auto found = notes(line).foreign;
    return found ? found->tag + ":" + std::to_string(found->digits) : "(none)";
  };
  CHECK(foreign("SM3 (x) = " + digits(64)) == "SM3:64");
  CHECK(foreign("BLAKE2b-100 (x) = " + digits(26)) == "BLAKE2b-100:26");
  CHECK(foreign("BLAKE3 (x) = " + digits(16)) == "BLAKE3:16");
  CHECK(foreign(digits(16) + "  x") == ":16");
  for (const auto& line :
       {"SHA256 (x) = " + kHex, kHex + "  x", kHex + "  SM3 (x) = " + kHex, digits(33) + "  x",
        std::string("abc  x"), "some words (x) = " + kHex, "\x1b[2J (x) = " + kHex,
        "SM3 (x) = " + std::string(64, 'g'), std::string(25, 'T') + " (x) = " + kHex}) {
    CAPTURE(line);
    CHECK(foreign(line) == "(none)");
  }
  CHECK(notes(kHex + "  x").guessed == HashAlg::sha2_256);
  CHECK_FALSE(notes(kHex + "  x", {HashAlg::blake3}).guessed);
  CHECK_FALSE(notes("SHA256 (x) = " + kHex).guessed);
}

TEST_CASE("names in lists of --zero are not escaped") {
  ChecksumParser parser;
  CHECK(parser.parse(kHex + "  a\\n\nb", true)->name == "a\\n\nb");
  CHECK_FALSE(parser.parse("\\" + kHex + "  a", true));
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
