#include "crypto/hash.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "base/basen.h"

using namespace p2p;
using crypto::HashAlg;

namespace {

constexpr HashAlg kAll[] = {HashAlg::sha2_256,   HashAlg::sha2_512,    HashAlg::sha3_256,
                            HashAlg::keccak_256, HashAlg::blake2b_256, HashAlg::dbl_sha2_256};

std::string hex(ByteView bytes) { return hex_encode(bytes); }

}  // namespace

TEST_CASE("published digests of the empty string and of abc") {
  struct Vector {
    HashAlg alg;
    const char* empty;
    const char* abc;
  };
  // FIPS 180-4 and 202, RFC 7693's function at 32 bytes, Ethereum's Keccak, Bitcoin's double
  // SHA-256.
  const Vector vectors[] = {
      {HashAlg::sha2_256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {HashAlg::sha2_512,
       "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
       "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
      {HashAlg::sha3_256, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
       "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
      {HashAlg::keccak_256, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
       "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
      {HashAlg::blake2b_256, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
       "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
      {HashAlg::dbl_sha2_256, "5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456",
       "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"},
  };
  for (const auto& vector : vectors) {
    CAPTURE(crypto::name_of(vector.alg));
    CHECK(hex(crypto::hash(vector.alg, {})) == vector.empty);
    CHECK(hex(crypto::hash(vector.alg, as_bytes("abc"))) == vector.abc);
    CHECK(crypto::hash(vector.alg, {}).size() == crypto::digest_size(vector.alg));
  }
}

TEST_CASE("names go both ways") {
  for (const auto alg : kAll) CHECK(crypto::hash_by_name(crypto::name_of(alg)) == alg);
  CHECK_FALSE(crypto::hash_by_name("sha256"));
  CHECK_FALSE(crypto::hash_by_name(""));
}

TEST_CASE("any split of the input gives the same digest, and digest() leaves the hash running") {
  std::string text(300, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7);
  for (const auto alg : kAll) {
    CAPTURE(crypto::name_of(alg));
    const auto whole = crypto::hash(alg, as_bytes(text));
    for (std::size_t cut = 0; cut <= text.size(); cut += 13) {
      crypto::Hasher hasher(alg);
      hasher.update(as_bytes(text).first(cut));
      CHECK(hasher.digest() == crypto::hash(alg, as_bytes(text).first(cut)));
      hasher.update(as_bytes(text).subspan(cut));
      CHECK(hasher.digest() == whole);
      CHECK(hasher.finish() == whole);
      hasher.update(as_bytes("abc"));
      CHECK(hasher.finish() == crypto::hash(alg, as_bytes("abc")));
    }
  }
}

TEST_CASE("a hasher can be moved while it runs") {
  crypto::Hasher first(HashAlg::sha3_256);
  first.update(as_bytes("a"));
  crypto::Hasher second(std::move(first));
  second.update(as_bytes("bc"));
  CHECK(second.finish() == crypto::hash(HashAlg::sha3_256, as_bytes("abc")));
}

TEST_CASE("the short forms of SHA-256 agree with the general one") {
  const auto text = as_bytes("a rather longer text, so that the two parts meet inside of a block");
  const auto general = crypto::hash(HashAlg::sha2_256, text);
  CHECK(equal(crypto::sha256(text), general));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(equal(crypto::sha256(text.first(cut), text.subspan(cut)), general));
  }
  CHECK(equal(crypto::sha256d(text), crypto::hash(HashAlg::dbl_sha2_256, text)));
  CHECK(equal(crypto::sha256({}), crypto::hash(HashAlg::sha2_256, {})));
}

TEST_CASE("a million letters a, FIPS 180-4") {
  const std::string text(1'000'000, 'a');
  CHECK(hex(crypto::sha256(as_bytes(text))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("the genesis block of Bitcoin") {
  const auto header = hex_decode(
      "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac7"
      "2c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
  REQUIRE(header);
  CHECK(hex(crypto::sha256d(*header)) ==
        "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000");
}

TEST_CASE("HMAC-SHA-256, RFC 4231 and its use in RFC 5869") {
  const Bytes key(20, 0x0b);
  CHECK(hex(crypto::hmac_sha256(key, as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(crypto::hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);
  CHECK(hex(crypto::hmac_sha256(
            long_key, as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  // RFC 5869, test case 3: no salt, no info.
  const Bytes material(22, 0x0b);
  const auto extracted = crypto::hmac_sha256(Bytes(32, 0), material);
  CHECK(hex(extracted) == "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
  CHECK(hex(crypto::hmac_sha256(extracted, Bytes{1})) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}
