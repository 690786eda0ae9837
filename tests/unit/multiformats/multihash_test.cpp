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
  for (const auto alg : crypto::common_hashes()) {
    if (alg == HashAlg::crc32c) continue;
    CAPTURE(crypto::name_of(alg));
    REQUIRE(hash_code_of(alg));
    const auto code = *hash_code_of(alg);
    CHECK(name_of(code) == crypto::name_of(alg));
    CHECK(hash_alg_of(code) == alg);
    CHECK(hash_code_by_name(crypto::name_of(alg)) == code);
    const auto hash = Multihash::of(alg, as_bytes("abc"));
    CHECK(hash.digest().size() == alg.size());
    CHECK(hash.algorithm() == alg);
    CHECK(Multihash::decode(hash.encode()) == hash);
    CHECK_FALSE(Multihash::wrap(code, Bytes(kMaxDigestSize + 1)));
  }
  CHECK_FALSE(hash_alg_of(HashCode::identity));
  CHECK_FALSE(Multihash().algorithm());
  CHECK(name_of(HashCode::identity) == "identity");
  CHECK(name_of(HashCode::ripemd_160) == "ripemd-160");
}

TEST_CASE("multihash: codes as in multicodec's table") {
  using crypto::HashAlg;
  const std::pair<HashAlg, std::uint64_t> table[] = {{HashAlg::md5, 0xd5},
                                                     {HashAlg::sha1, 0x11},
                                                     {HashAlg::sha2_224, 0x1013},
                                                     {HashAlg::sha2_256, 0x12},
                                                     {HashAlg::sha2_384, 0x20},
                                                     {HashAlg::sha2_512, 0x13},
                                                     {HashAlg::sha2_512_224, 0x1014},
                                                     {HashAlg::sha2_512_256, 0x1015},
                                                     {HashAlg::sha3_224, 0x17},
                                                     {HashAlg::sha3_256, 0x16},
                                                     {HashAlg::sha3_384, 0x15},
                                                     {HashAlg::sha3_512, 0x14},
                                                     {HashAlg::keccak_224, 0x1a},
                                                     {HashAlg::keccak_256, 0x1b},
                                                     {HashAlg::keccak_384, 0x1c},
                                                     {HashAlg::keccak_512, 0x1d},
                                                     {HashAlg::shake_128, 0x18},
                                                     {HashAlg::shake_256, 0x19},
                                                     {HashAlg::blake2b_256, 0xb220},
                                                     {HashAlg::blake2b_512, 0xb240},
                                                     {HashAlg::blake2s_256, 0xb260},
                                                     {HashAlg::blake3, 0x1e},
                                                     {HashAlg::dbl_sha2_256, 0x56}};
  for (const auto& [alg, code] : table) {
    CAPTURE(crypto::name_of(alg));
    CHECK(hash_code_of(alg) == static_cast<HashCode>(code));
  }
}

TEST_CASE("multihash: BLAKE2 has a code for each size") {
  using crypto::HashAlg;
  using crypto::HashFunction;
  const std::pair<HashFunction, std::uint64_t> families[] = {{HashFunction::blake2b, 0xb200},
                                                             {HashFunction::blake2s, 0xb240}};
  for (const auto& [function, before] : families) {
    for (std::size_t size = 1; size <= crypto::max_size(function); ++size) {
      const auto alg = HashAlg::of(function, size).value();
      const auto code = static_cast<HashCode>(before + size);
      CHECK(hash_code_of(alg) == code);
      CHECK(hash_alg_of(code) == alg);
      CHECK(name_of(code) == crypto::name_of(alg));
      CHECK(Multihash::wrap(code, Bytes(size)));
      CHECK_FALSE(Multihash::wrap(code, Bytes(size + 1)));
    }
  }
  CHECK(name_of(static_cast<HashCode>(0xb200)) == "0xb200");
  CHECK(name_of(static_cast<HashCode>(0xb261)) == "0xb261");
}

TEST_CASE("multihash: which algorithm a digest is of, its size counted") {
  using crypto::HashAlg;
  using crypto::HashFunction;
  const auto alg_of = [](HashCode code, std::size_t size) {
    return Multihash::wrap(code, Bytes(size)).value().algorithm();
  };
  CHECK(alg_of(HashCode::sha2_256, 32) == HashAlg::sha2_256);
  CHECK_FALSE(alg_of(HashCode::sha2_256, 31));
  CHECK(alg_of(HashCode::blake3, 32) == HashAlg::blake3);
  CHECK(alg_of(HashCode::blake3, 128) == HashAlg::of(HashFunction::blake3, 128));
  CHECK(alg_of(HashCode::shake_128, 16) == HashAlg::of(HashFunction::shake_128, 16));
  CHECK_FALSE(Multihash::wrap(HashCode::shake_128, Bytes(33)));
  CHECK_FALSE(alg_of(HashCode::blake3, 0));
  CHECK_FALSE(alg_of(HashCode::ripemd_160, 20));
  CHECK_FALSE(Multihash::wrap(HashCode::ripemd_160, Bytes(21)));
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
