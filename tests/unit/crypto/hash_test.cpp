#include "crypto/hash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/basen.h"

using namespace p2p;
using crypto::HashAlg;
using crypto::HashFunction;

namespace {

std::string hex(ByteView bytes) { return hex_encode(bytes); }

HashAlg sized(HashFunction function, std::size_t size) {
  return HashAlg::of(function, size).value();
}

/// Every size of every function that has several, and each function that has one.
std::vector<HashAlg> every_hash() {
  std::vector<HashAlg> all;
  for (auto code = 0; code <= static_cast<int>(HashFunction::crc32c); ++code) {
    for (std::size_t size = 0; size <= 256; ++size) {
      if (const auto alg = HashAlg::of(static_cast<HashFunction>(code), size)) all.push_back(*alg);
    }
  }
  return all;
}

/// The bytes 0 to 250, which no function takes in one block and leaves none over.
Bytes counted() {
  Bytes bytes(251);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

/// SHA-256 of the digests of counted(), from one byte to the longest, one after the other.
std::string of_all_sizes(HashFunction function) {
  Bytes all;
  for (std::size_t size = 1; size <= crypto::max_size(function); ++size) {
    append(all, crypto::hash(sized(function, size), counted()));
  }
  return hex(crypto::sha256(all));
}

}  // namespace

TEST_CASE("published digests of the empty string and of abc") {
  struct Vector {
    HashAlg alg;
    const char* empty;
    const char* abc;
  };
  // RFC 1321, FIPS 180-4 and 202, RFC 7693's functions at the sizes it has names for, Keccak's
  // submission, Bitcoin's double SHA-256, BLAKE3's paper and RFC 3720's checksum.
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
      {HashAlg::md5, "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"},
      {HashAlg::sha2_224, "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
       "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {HashAlg::sha2_512_224, "6ed0dd02806fa89e25de060c19d3ac86cabb87d6a0ddd05c333b84f4",
       "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
      {HashAlg::keccak_224, "f71837502ba8e10837bdd8d365adb85591895602fc552b48b7390abd",
       "c30411768506ebe1c2871b1ee2e87d38df342317300a9b97a95ec6a8"},
      {HashAlg::keccak_384,
       "2c23146a63a29acf99e73b88f8c24eaa7dc60aa771780ccc"
       "006afbfa8fe2479b2dd2b21362337441ac12b515911957ff",

       "f7df1165f033337be098e7d288ad6a2f74409d7a60b49c36"
       "642218de161b1f99f8c681e4afaf31a34db29fb763e3c28e"},
      {HashAlg::shake_128, "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
       "5881092dd818bf5cf8a3ddb793fbcba74097d5c526a6d35f97b83351940f2cc8"},
      {HashAlg::shake_256,
       "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
       "d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be",

       "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"
       "d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4"},
      {sized(HashFunction::blake2b, 20), "3345524abf6bbe1809449224b5972c41790b6cf2",
       "384264f676f39536840523f284921cdc68b6846b"},
      {sized(HashFunction::blake2b, 48),
       "b32811423377f52d7862286ee1a72ee540524380fda1724a"
       "6f25d7978c6fd3244a6caf0498812673c5e05ef583825100",

       "6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbd"
       "a46083fc30f54ee6c66ba83be64b302d7cba6ce15bb556f4"},
      {sized(HashFunction::blake2s, 16), "64550d6ffe2c0a01a14aba1eade0200c",
       "aa4938119b1dc7b87cbad0ffd200d0ae"},
      {sized(HashFunction::blake2s, 20), "354c9c33f735962418bdacb9479873429c34916f",
       "5ae3b99be29b01834c3b508521ede60438f8de17"},
      {sized(HashFunction::blake2s, 28), "1fa1291e65248b37b3433475b2a0dd63d54a11ecc4e3e034e7bc1ef4",
       "0b033fc226df7abde29f67a05d3dc62cf271ef3dfea4d387407fbd55"},
  };
  CHECK(std::size(vectors) == crypto::common_hashes().size());
  for (const auto& vector : vectors) {
    CHECK(std::ranges::count(crypto::common_hashes(), vector.alg) == 1);
    CAPTURE(crypto::name_of(vector.alg));
    CHECK(hex(crypto::hash(vector.alg, {})) == vector.empty);
    CHECK(hex(crypto::hash(vector.alg, as_bytes("abc"))) == vector.abc);
    CHECK(crypto::hash(vector.alg, {}).size() == vector.alg.size());
  }
}

TEST_CASE("MD5: RFC 1321's test suite") {
  const std::pair<const char*, const char*> suite[] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
       "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"}};
  for (const auto& [text, digest] : suite) {
    CHECK(hex(crypto::hash(HashAlg::md5, as_bytes(text))) == digest);
  }
}

TEST_CASE("SHA-224: FIPS 180-4's two blocks and million letters a") {
  CHECK(hex(crypto::hash(HashAlg::sha2_224,
                         as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525");
  const std::string text(1'000'000, 'a');
  CHECK(hex(crypto::hash(HashAlg::sha2_224, as_bytes(text))) ==
        "20794655980c91d8bbb4c1ea97618a4bf03f42581948b2ee4ee7ad67");
}

TEST_CASE("Keccak: of the Keccak team's known answers, that of the byte cc") {
  const Bytes message = {0xcc};
  CHECK(hex(crypto::hash(HashAlg::keccak_224, message)) ==
        "a9cab59eb40a10b246290f2d6086e32e3689faf1d26b470c899f2802");
  CHECK(hex(crypto::hash(HashAlg::keccak_384, message)) ==
        "1b84e62a46e5a201861754af5dc95c4a1a69caf4a796ae40"
        "5680161e29572641f5fa1e8641d7958336ee7b11c58f73e9");
}

TEST_CASE("BLAKE2 of every size") {
  // What b2sum -l of coreutils 9.1 prints from 8 to 512 bits; and the reference code of BLAKE2's
  // authors, in Python's hashlib, for both.
  CHECK(of_all_sizes(HashFunction::blake2b) ==
        "a8e6f8524e9550b3d586fe381630dbc5490e2982398ee9d369308c11501bb5ca");
  CHECK(of_all_sizes(HashFunction::blake2s) ==
        "d68b288f48ed38528949f3cf0bc4dfcadbf024b56bc0dfbb4e3027ddea2dbe72");
}

TEST_CASE("of extendable functions, shorter digests are the beginnings of longer ones") {
  for (const auto function :
       {HashFunction::shake_128, HashFunction::shake_256, HashFunction::blake3}) {
    CHECK(crypto::is_extendable(function));
    const auto longest = crypto::hash(sized(function, crypto::max_size(function)), counted());
    for (std::size_t size = 1; size <= crypto::max_size(function); ++size) {
      const auto digest = crypto::hash(sized(function, size), counted());
      CHECK(equal(digest, ByteView(longest).first(size)));
    }
  }
  // b3sum -l 64 of BLAKE3's empty input.
  CHECK(hex(crypto::hash(sized(HashFunction::blake3, 64), {})) ==
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        "e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b206c08243a");
}

TEST_CASE("sizes that a function has") {
  CHECK_FALSE(HashAlg::of(HashFunction::sha2_256, 20));
  CHECK_FALSE(HashAlg::of(HashFunction::blake2b, 0));
  CHECK_FALSE(HashAlg::of(HashFunction::blake2b, 65));
  CHECK_FALSE(HashAlg::of(HashFunction::blake2s, 33));
  CHECK_FALSE(HashAlg::of(HashFunction::shake_128, 33));
  CHECK_FALSE(HashAlg::of(HashFunction::blake3, 129));
  CHECK_FALSE(HashAlg::of(HashFunction::blake3, 256 + 32));
  CHECK_FALSE(HashAlg::of(static_cast<HashFunction>(255), 32));
  CHECK(HashAlg::of(HashFunction::blake3, 32) == HashAlg::blake3);
  CHECK(HashAlg::of(HashFunction::blake2b, 32) == HashAlg::blake2b_256);
  CHECK(every_hash().size() == 18 + 32 + 64 + 64 + 32 + 128);
}

TEST_CASE("names go both ways") {
  for (const auto alg : every_hash()) CHECK(crypto::hash_by_name(crypto::name_of(alg)) == alg);
  CHECK(crypto::name_of(HashAlg::blake2b_512) == "blake2b-512");
  CHECK(crypto::name_of(sized(HashFunction::blake2s, 1)) == "blake2s-8");
  CHECK(crypto::name_of(HashAlg::blake3) == "blake3");
  CHECK(crypto::name_of(sized(HashFunction::blake3, 64)) == "blake3-512");
  CHECK(crypto::name_of(sized(HashFunction::shake_128, 16)) == "shake-128-128");
  CHECK(crypto::hash_by_name("blake3-256") == HashAlg::blake3);
  for (const auto* name : {"sha256", "", "blake2b", "blake2b-", "blake2b-0", "blake2b-520",
                           "blake2b-100", "blake2b-0160", "blake2b-+160", "blake2b-160 ",
                           "blake2s-264", "blake2s-18446744073709551624", "blake3-", "blake3-1032",
                           "blake3x", "shake-128-", "shake-128-264", "sha3-224-224"}) {
    CAPTURE(name);
    CHECK_FALSE(crypto::hash_by_name(name));
  }
}

TEST_CASE("any split of the input gives the same digest, and digest() leaves the hash running") {
  std::string text(300, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7);
  for (const auto alg : every_hash()) {
    CAPTURE(crypto::name_of(alg));
    const auto whole = crypto::hash(alg, as_bytes(text));
    for (std::size_t cut = 0; cut <= text.size(); cut += 60) {
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
