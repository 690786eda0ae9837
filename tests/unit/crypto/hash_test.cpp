#include "crypto/hash.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "base/basen.h"

using namespace p2p;
using crypto::HashAlg;

namespace {

std::string hex(ByteView bytes) { return hex_encode(bytes); }

}  // namespace

TEST_CASE("published digests of the empty string and of abc") {
  struct Vector {
    HashAlg alg;
    const char* empty;
    const char* abc;
  };
  // FIPS 180-4 and 202, RFC 7693's function at 32 bytes, Keccak's submission, Bitcoin's
  // double SHA-256, BLAKE3's paper and RFC 3720's checksum.
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
      {HashAlg::sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
       "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {HashAlg::sha2_384,
       "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
       "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",

       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
       "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {HashAlg::sha2_512_256, "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a",
       "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
      {HashAlg::sha3_224, "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7",
       "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
      {HashAlg::sha3_384,
       "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61"
       "995e71bbee983a2ac3713831264adb47fb6bd1e058d5f004",

       "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c25"
       "96da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"},
      {HashAlg::sha3_512,
       "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
       "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26",

       "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
       "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
      {HashAlg::blake2b_512,
       "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
       "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",

       "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
       "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
      {HashAlg::blake2s_256, "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9",
       "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
      {HashAlg::keccak_512,
       "0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304"
       "c00fa9caf9d87976ba469bcbe06713b435f091ef2769fb160cdab33d3670680e",

       "18587dc2ea106b9a1563e32b3312421ca164c7f1f07bc922a9c83d77cea3a1e5"
       "d0c69910739025372dc14ac9642629379540c17e2a65b19d77aa511a9d00bb96"},
      {HashAlg::blake3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
       "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"},
      {HashAlg::crc32c, "00000000", "364b3fb7"},
  };
  CHECK(std::size(vectors) == crypto::all_hashes().size());
  for (const auto& vector : vectors) {
    CAPTURE(crypto::name_of(vector.alg));
    CHECK(hex(crypto::hash(vector.alg, {})) == vector.empty);
    CHECK(hex(crypto::hash(vector.alg, as_bytes("abc"))) == vector.abc);
    CHECK(crypto::hash(vector.alg, {}).size() == crypto::digest_size(vector.alg));
  }
}

TEST_CASE("names go both ways") {
  for (const auto alg : crypto::all_hashes())
    CHECK(crypto::hash_by_name(crypto::name_of(alg)) == alg);
  CHECK_FALSE(crypto::hash_by_name("sha256"));
  CHECK_FALSE(crypto::hash_by_name(""));
}

TEST_CASE("any split of the input gives the same digest, and digest() leaves the hash running") {
  std::string text(300, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7);
  for (const auto alg : crypto::all_hashes()) {
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
