#include "crypto/keys.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <new>
#include <string>

#include "base/basen.h"
#include "crypto/x25519.h"
#include "support/hex.h"
#include "unit/crypto/foreign_keys.h"

using namespace p2p;
using crypto::KeyType;
using crypto::PublicKey;
using crypto::SigningKey;
using p2p::test::unhex;

namespace {

const auto kMessage = as_bytes("sign me");

SigningKey signer(std::string_view hex) {
  const auto bytes = unhex(hex);
  std::array<std::uint8_t, 32> seed;
  std::copy(bytes.begin(), bytes.end(), seed.begin());
  return SigningKey::from_seed(seed);
}

PublicKey ed25519(std::string_view hex) { return {KeyType::ed25519, unhex(hex)}; }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// Every bit of message and signature counts; lengths too; and the key must be of its type.
void check_verifies(const PublicKey& key, const Bytes& signature, bool every_bit) {
  CHECK(crypto::check_key(key));
  CHECK(crypto::verify(key, kMessage, signature));
  CHECK_FALSE(crypto::verify(key, as_bytes("sign mE"), signature));
  CHECK_FALSE(crypto::verify(key, {}, signature));
  CHECK_FALSE(crypto::verify(key, kMessage, {}));
  for (std::size_t bit = 0; bit < signature.size() * 8; bit += every_bit ? 1 : 61) {
    auto forged = signature;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_FALSE(crypto::verify(key, kMessage, forged));
  }
  for (std::size_t size = 0; size < signature.size(); size += every_bit ? 1 : 61) {
    CHECK_FALSE(crypto::verify(key, kMessage, ByteView(signature).first(size)));
  }
  auto longer = signature;
  longer.push_back(0);
  CHECK_FALSE(crypto::verify(key, kMessage, longer));
  for (const auto type : {KeyType::rsa, KeyType::ed25519, KeyType::secp256k1, KeyType::ecdsa}) {
    if (type == key.type) continue;
    CHECK_FALSE(crypto::check_key({type, key.data}));
    CHECK_FALSE(crypto::verify({type, key.data}, kMessage, signature));
  }
  for (std::size_t size = 0; size < key.data.size(); ++size) {
    const PublicKey cut{key.type,
                        Bytes(key.data.begin(), key.data.begin() + static_cast<long>(size))};
    CHECK_FALSE(crypto::check_key(cut));
    CHECK_FALSE(crypto::verify(cut, kMessage, signature));
  }
  auto extended = key;
  extended.data.push_back(0);
  CHECK_FALSE(crypto::check_key(extended));
  CHECK_FALSE(crypto::verify(extended, kMessage, signature));
}

}  // namespace

TEST_CASE("Ed25519, RFC 8032, section 7.1") {
  struct Vector {
    const char *seed, *share, *message, *signature;
  };
  const Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"}};
  for (const auto& vector : vectors) {
    const auto key = signer(vector.seed);
    CHECK(key.public_key() == ed25519(vector.share));
    CHECK(hex_encode(key.sign(unhex(vector.message))) == vector.signature);
    CHECK(crypto::verify(key.public_key(), unhex(vector.message), unhex(vector.signature)));
    CHECK(crypto::check_key(key.public_key()));
  }
}

TEST_CASE("Ed25519: any change of message, signature or key is noticed") {
  crypto::SeededRandom random(11);
  const auto key = SigningKey::generate(random);
  check_verifies(key.public_key(), key.sign(kMessage), true);
  CHECK(SigningKey::from_seed(key.seed()).public_key() == key.public_key());
  CHECK_FALSE(
      crypto::verify(SigningKey::generate(random).public_key(), kMessage, key.sign(kMessage)));
}

TEST_CASE("Ed25519: a signature has one form, S + L is refused") {
  const auto order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const auto key = signer("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  auto signature = key.sign(kMessage);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature[32 + i] + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  CHECK_FALSE(crypto::verify(key.public_key(), kMessage, signature));
}

TEST_CASE("Ed25519: keys of small order sign everything, so they are refused") {
  // With S = 0 and R the neutral point, A = the neutral point satisfies R = SB - hA for any
  // message.
  Bytes universal(64, 0);
  universal[0] = 1;
  for (const auto* key : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000080",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000080",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    CAPTURE(key);
    CHECK_FALSE(crypto::check_key(ed25519(key)));
    for (char c = 'a'; c < 'q'; ++c) {
      CHECK_FALSE(crypto::verify(ed25519(key), as_bytes(std::string_view(&c, 1)), universal));
    }
  }
}

TEST_CASE("Ed25519: a key must be a point on the curve, in its one encoding") {
  const auto y = [](std::uint8_t low) {
    Bytes key(32, 0);
    key[0] = low;
    return PublicKey{KeyType::ed25519, key};
  };
  // By Euler's criterion on (y^2 - 1)(d y^2 + 1), computed apart.
  for (const std::uint8_t low : {3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 19})
    CHECK(crypto::check_key(y(low)));
  for (const std::uint8_t low : {2, 7, 8, 11, 12, 13, 17}) CHECK_FALSE(crypto::check_key(y(low)));
  // y = p + 3 is 3 written otherwise.
  CHECK_FALSE(crypto::check_key(
      ed25519("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));
}

TEST_CASE("secp256k1: OpenSSL's signature verifies, with high and with low S") {
  const PublicKey key{KeyType::secp256k1, unhex(foreign::kSecp256k1Key)};
  check_verifies(key, unhex(foreign::kSecp256k1Signature), true);
  CHECK(crypto::verify(key, kMessage, unhex(foreign::kSecp256k1LowSignature)));
  auto off_curve = key;
  off_curve.data[0] = 4;
  CHECK_FALSE(crypto::check_key(off_curve));
  std::fill(off_curve.data.begin() + 1, off_curve.data.end(), std::uint8_t{0xff});
  off_curve.data[0] = 2;
  CHECK_FALSE(crypto::check_key(off_curve));
}

TEST_CASE("ECDSA: OpenSSL's P-256 signature verifies, other curves are refused") {
  check_verifies({KeyType::ecdsa, unhex(foreign::kP256Key)}, unhex(foreign::kP256Signature), true);
  const PublicKey p384{KeyType::ecdsa, unhex(foreign::kP384Key)};
  CHECK_FALSE(crypto::check_key(p384));
  CHECK_FALSE(crypto::verify(p384, kMessage, unhex(foreign::kP384Signature)));
  auto off_curve = unhex(foreign::kP256Key);
  off_curve.back() ^= 1;
  CHECK_FALSE(crypto::check_key({KeyType::ecdsa, off_curve}));
  // A compressed point is the same key in fewer bytes.
  const PublicKey compressed{KeyType::ecdsa, unhex(foreign::kP256KeyCompressed)};
  CHECK(crypto::verify(compressed, kMessage, unhex(foreign::kP256Signature)));
}

TEST_CASE("RSA: OpenSSL's PKCS#1 v1.5 signature verifies, PSS and weak keys are refused") {
  const std::string hex = foreign::kRsa2048Key;
  const PublicKey key{KeyType::rsa, unhex(hex)};
  check_verifies(key, unhex(foreign::kRsa2048Signature), false);
  CHECK_FALSE(crypto::verify(key, kMessage, unhex(foreign::kRsa2048PssSignature)));
  const PublicKey short_key{KeyType::rsa, unhex(foreign::kRsa1024Key)};
  CHECK_FALSE(crypto::check_key(short_key));
  CHECK_FALSE(crypto::verify(short_key, kMessage, unhex(foreign::kRsa1024Signature)));
  CHECK_FALSE(crypto::check_key({KeyType::rsa, unhex(replaced(hex, "0203010001", "0203010000"))}));
  // The exponent 2^32 + 1, with every length around it made to fit.
  auto large = replaced(hex, "0203010001", "02050100000001");
  large = replaced(large, "30820122", "30820124");
  large = replaced(large, "0382010f", "03820111");
  large = replaced(large, "3082010a", "3082010c");
  CHECK_FALSE(crypto::check_key({KeyType::rsa, unhex(large)}));
  CHECK(crypto::check_key({KeyType::rsa, unhex(replaced(hex, "0203010001", "0203010003"))}));
}

TEST_CASE("key types have names") {
  CHECK(crypto::name_of(KeyType::rsa) == "rsa");
  CHECK(crypto::name_of(KeyType::ed25519) == "ed25519");
  CHECK(crypto::name_of(KeyType::secp256k1) == "secp256k1");
  CHECK(crypto::name_of(KeyType::ecdsa) == "ecdsa");
  const PublicKey unknown{static_cast<KeyType>(9), Bytes(32, 1)};
  CHECK_FALSE(crypto::check_key(unknown));
  CHECK_FALSE(crypto::verify(unknown, kMessage, Bytes(64, 1)));
}

namespace {

/// What an object with the secret bytes 0x5a leaves behind.
template <class T, class Make>
std::size_t traces_of(Make make) {
  alignas(T) unsigned char room[sizeof(T)] = {};
  T* const made = new (room) T(make());
  const auto count = [&room] {
    std::size_t longest = 0;
    for (std::size_t i = 0, run = 0; i < sizeof room; ++i) {
      run = room[i] == 0x5a ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  };
  REQUIRE(count() >= 32);
  made->~T();
  return count();
}

}  // namespace

// Seeds stayed in freed memory.
TEST_CASE("secret keys are wiped at their end, copies too") {
  std::array<std::uint8_t, 32> secret;
  secret.fill(0x5a);
  CHECK(traces_of<SigningKey>([&] { return SigningKey::from_seed(secret); }) < 4);
  const auto original = SigningKey::from_seed(secret);
  CHECK(traces_of<SigningKey>([&] { return original; }) < 4);
  CHECK(traces_of<crypto::X25519Pair>([&] { return crypto::x25519_from_secret(secret); }) < 4);
}
