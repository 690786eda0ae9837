#include "multiformats/multihash.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "support/hex.h"

using namespace p2p;
using namespace p2p::multiformats;
using p2p::test::unhex;

TEST_CASE("multihash: vectors of the specification's test_cases.csv") {
  // Full and truncated digests; that file hashes the text of the hex, not its bytes.
  const auto input = as_bytes("431fb5d4c9b735ba1a34d0df045118806ae2336f2c");
  const std::pair<HashCode, const char*> vectors[] = {
      {HashCode::sha1, "1114e861e452cfd84dca9a176258c3d06e020a0c93d8"},
      {HashCode::sha2_256, "120affb31f07aa15348368c9"},
      {HashCode::sha2_256, "1220ffb31f07aa15348368c90c73a834dbf9f8710365860fa0fd4ddce9ac2782cc17"},
      {HashCode::sha2_512, "1314abffa1926b038a2f1833092d93859ba2ee56e07a"},
      {HashCode::sha2_512,
       "1340abffa1926b038a2f1833092d93859ba2ee56e07a86b158200fc7d4d5d1eaf350b0f0e511ea6f5043a9f4a7"
       "c7886f93355652114709d75b2db4c33741124fd4fe"}};
  for (const auto& [code, hex] : vectors) {
    CAPTURE(hex);
    const auto hash = Multihash::decode(unhex(hex));
    REQUIRE(hash);
    CHECK(hash->code() == code);
    CHECK(hex_encode(hash->encode()) == hex);
    CHECK(hash->matches(input) == true);
    CHECK(hash->matches(as_bytes("other")) == false);
  }
}

TEST_CASE("multihash: identity is the data") {
  const auto hash = Multihash::decode(unhex("0003616263"));
  REQUIRE(hash);
  CHECK(hash->matches(as_bytes("abc")) == true);
  CHECK(hash->matches(as_bytes("abd")) == false);
  CHECK(Multihash().encode() == Bytes{0, 0});
}

TEST_CASE("multihash: every function we have") {
  using crypto::HashAlg;
  CHECK_FALSE(hash_code_of(HashAlg::crc32c));
  for (const auto alg : crypto::all_hashes()) {
    if (alg == HashAlg::crc32c) continue;
    CAPTURE(crypto::name_of(alg));
    REQUIRE(hash_code_of(alg));
    const auto code = *hash_code_of(alg);
    CHECK(name_of(code) == crypto::name_of(alg));
    CHECK(hash_alg_of(code) == alg);
    CHECK(hash_code_by_name(crypto::name_of(alg)) == code);
    const auto hash = Multihash::of(alg, as_bytes("abc"));
    CHECK(hash.digest().size() == crypto::digest_size(alg));
    CHECK(Multihash::decode(hash.encode()) == hash);
  }
  CHECK_FALSE(hash_alg_of(HashCode::identity));
  CHECK(Multihash::of(HashAlg::blake2b_256, {}).encode()[0] == 0xa0);  // 0xb220 as a varint
}

TEST_CASE("multihash: hostile bytes") {
  for (const auto* hex : {"", "12", "1220", "122000", "8012", "920000", "128000", "0003616200ff",
                          "12ffffffffffffffff7f", "ffffffffffffffffffff", "000361"}) {
    CAPTURE(hex);
    CHECK(Multihash::decode(unhex(hex)).error().code == Code::parse);
  }
  // Longer than the function's digest, and than any.
  CHECK(Multihash::decode(unhex("1221" + std::string(66, '0'))).error().code == Code::parse);
  CHECK(Multihash::wrap(static_cast<HashCode>(0x9999), Bytes(128)));
  CHECK_FALSE(Multihash::wrap(static_cast<HashCode>(0x9999), Bytes(129)));
  CHECK_FALSE(Multihash::wrap(HashCode::identity, Bytes(129)));
}

TEST_CASE("multihash: blake3's digests may be longer than 32 bytes") {
  // A fuzzer found that the bytes behind the digest were compared.
  const auto whole = unhex(
      "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262e00f03e7b69af26b7faaf09f");
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    const auto hash = Multihash::wrap(HashCode::blake3, ByteView(whole).first(size));
    REQUIRE(hash);
    CHECK(hash->matches({}).value());
    CHECK_FALSE(hash->matches(Bytes(1)).value());
  }
  CHECK_FALSE(Multihash::wrap(HashCode::blake3, Bytes(128))->matches({}).value());
}

TEST_CASE("multihash: unknown codes pass through") {
  const auto hash = Multihash::decode(unhex("b1250261ff"));
  REQUIRE(hash);
  CHECK(name_of(hash->code()) == "0x12b1");
  CHECK(hash->matches({}).error().code == Code::unsupported);
}
