#include "multiformats/peer_id.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "support/hex.h"

using namespace p2p;
using namespace p2p::multiformats;
using p2p::test::unhex;

namespace {

// The test vectors of specs/peer-ids, where private keys repeat the public one.
const char* const kEd25519Private =
    "080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be8f"
    "d4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
const char* const kEd25519Public =
    "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
const char* const kSecp256k1Public =
    "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99";
const char* const kEcdsaPublic =
    "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83abab"
    "44abf3161f162a4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e"
    "62";
const char* const kRsaPublic =
    "080012a60430820222300d06092a864886f70d01010105000382020f003082020a0282020100e1beab071d08200bde"
    "24eef00d049449b07770ff9910257b2d7d5dda242ce8f0e2f12e1af4b32d9efd2c090f66b0f29986dbb645dae98800"
    "89704a94e5066d594162ae6ee8892e6ec70701db0a6c445c04778eb3de1293aa1a23c3825b85c6620a2bc3f82f9b0c"
    "309bc0ab3aeb1873282bebd3da03c33e76c21e9beb172fd44c9e43be32e2c99827033cf8d0f0c606f4579326c930eb"
    "4e854395ad941256542c793902185153c474bed109d6ff5141ebf9cd256cf58893a37f83729f97e7cb435ec679d2e3"
    "3901d27bb35aa0d7e20561da08885ef0abbf8e2fb48d6a5487047a9ecb1ad41fa7ed84f6e3e8ecd5d98b3982d2a901"
    "b4454991766da295ab78822add5612a2df83bcee814cf50973e80d7ef38111b1bd87da2ae92438a2c8cbcc70b31ee3"
    "19939a3b9c761dbc13b5c086d6b64bf7ae7dacc14622375d92a8ff9af7eb962162bbddebf90acb32adb5e4e4029f1c"
    "96019949ecfbfeffd7ac1e3fbcc6b6168c34be3d5a2e5999fcbb39bba7adbca78eab09b9bc39f7fa4b93411f4cc175"
    "e70c0a083e96bfaefb04a9580b4753c1738a6a760ae1afd851a1a4bdad231cf56e9284d832483df215a46c1c21bdf0"
    "c6cfe951c18f1ee4078c79c13d63edb6e14feaeffabc90ad317e4875fe648101b0864097e998f0ca3025ef9638cd2b"
    "0caecd3770ab54a1d9c6ca959b0f5dcbc90caeefc4135baca6fd475224269bbe1b0203010001";

}  // namespace

TEST_CASE("public keys: the specification's vectors") {
  const std::pair<crypto::KeyType, const char*> vectors[] = {
      {crypto::KeyType::ed25519, kEd25519Public},
      {crypto::KeyType::secp256k1, kSecp256k1Public},
      {crypto::KeyType::ecdsa, kEcdsaPublic},
      {crypto::KeyType::rsa, kRsaPublic}};
  for (const auto& [type, hex] : vectors) {
    CAPTURE(hex);
    const auto key = decode_public_key(unhex(hex));
    REQUIRE(key);
    CHECK(key->type == type);
    CHECK(hex_encode(encode_public_key(*key)) == hex);
  }
}

TEST_CASE("private key: the specification's vector gives its public key") {
  const auto key = decode_private_key(unhex(kEd25519Private));
  REQUIRE(key);
  CHECK(hex_encode(encode_public_key(key->public_key())) == kEd25519Public);
  CHECK(hex_encode(encode_private_key(*key)) == kEd25519Private);
}

TEST_CASE("private key: the legacy form repeats the public key, which must agree") {
  auto legacy = unhex(kEd25519Private);
  legacy[3] = 96;
  append(legacy, ByteView(legacy).last(32));
  const auto key = decode_private_key(legacy);
  REQUIRE(key);
  CHECK(hex_encode(encode_private_key(*key)) == kEd25519Private);
  legacy.back() ^= 1;
  CHECK(decode_private_key(legacy).error().code == Code::corrupt);
  auto wrong = unhex(kEd25519Private);
  wrong.back() ^= 1;
  CHECK(decode_private_key(wrong).error().code == Code::corrupt);
}

TEST_CASE("private key: what we do not have") {
  CHECK(decode_private_key(unhex("08021220" + std::string(64, '1'))).error().code ==
        Code::unsupported);
  CHECK(decode_private_key(unhex("08011220" + std::string(64, '1'))).error().code == Code::parse);
}

TEST_CASE("keys: structure is strict, the order of fields is not") {
  const std::string data = "1220" + std::string(kEd25519Public).substr(8);
  CHECK(*decode_public_key(unhex(data + "0801")) == *decode_public_key(unhex(kEd25519Public)));
  for (const auto& hex : {std::string(), std::string("0801"), data, "0801" + data + "0801",
                          "0801" + data + data, "0801" + data + "1800", "0a01" + data,
                          "088100" + data, std::string(kEd25519Public).substr(0, 70),
                          "08011221" + std::string(66, '1'), "0801" + data + "00"}) {
    CAPTURE(hex);
    CHECK(decode_public_key(unhex(hex)).error().code == Code::parse);
  }
  CHECK(decode_public_key(unhex("0804" + data)).error().code == Code::unsupported);
  CHECK(decode_public_key(Bytes(2049, 8)).error().code == Code::limit);
}

TEST_CASE("peer ids: short keys stand in the id, long ones are hashed") {
  const auto ed = *decode_public_key(unhex(kEd25519Public));
  const auto inlined = PeerId::of(ed);
  CHECK(hex_encode(inlined.bytes()) == "0024" + std::string(kEd25519Public));
  CHECK(inlined.text() == "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq");
  CHECK(inlined.public_key() == ed);
  CHECK(inlined.matches(ed));
  CHECK(PeerId::parse(inlined.text()) == inlined);

  const auto ecdsa = *decode_public_key(unhex(kEcdsaPublic));
  const auto hashed = PeerId::of(ecdsa);
  CHECK(hashed.text().starts_with("Qm"));
  CHECK(hashed.public_key().error().code == Code::not_found);
  CHECK(hashed.matches(ecdsa));
  CHECK_FALSE(hashed.matches(ed));
  CHECK(PeerId::parse(hashed.text()) == hashed);

  const auto secp = PeerId::of(*decode_public_key(unhex(kSecp256k1Public)));
  CHECK(secp.bytes()[0] == 0);
  CHECK(secp.text().starts_with("16Uiu2HA"));
}

TEST_CASE("peer ids: the specification's examples") {
  const auto cid = PeerId::parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe");
  REQUIRE(cid);
  CHECK(cid->text() == "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  CHECK(PeerId::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N") == *cid);
  CHECK(PeerId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"));
  CHECK(PeerId::parse("k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs"));
}

TEST_CASE("peer ids: what is none") {
  for (const auto* text :
       {"", "Q", "Qm", "1", "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p",
        "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pqq",
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx50",
        // A CID of a file.
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "hello"}) {
    CAPTURE(text);
    CHECK_FALSE(PeerId::parse(text));
  }
  // An inline key encoded in another order: the key is good, the id is not its own.
  const auto reordered = "1220" + std::string(kEd25519Public).substr(8) + "0801";
  CHECK_FALSE(PeerId::from_bytes(unhex("0024" + reordered)));
  // A long key inline, sha2-512, and a short sha2-256.
  CHECK_FALSE(PeerId::from_bytes(unhex("005f" + std::string(kEcdsaPublic))));
  CHECK_FALSE(PeerId::from_bytes(unhex("1320" + std::string(64, '1'))));
  CHECK_FALSE(PeerId::from_bytes(unhex("121f" + std::string(62, '1'))));
  CHECK(PeerId().empty());
}
