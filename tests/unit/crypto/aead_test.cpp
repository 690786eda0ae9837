#include "crypto/aead.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/basen.h"
#include "crypto/random.h"
#include "support/hex.h"

using namespace p2p;
using crypto::ChaChaPoly;
using crypto::kAeadTagSize;
using p2p::test::unhex;

namespace {

Bytes sealed(ChaChaPoly& aead, ByteView nonce, ByteView ad, ByteView text) {
  Bytes out(text.size() + kAeadTagSize);
  aead.seal(nonce, ad, text, out);
  return out;
}

const Bytes kNonce = {7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};

Bytes counting(std::uint8_t first) {
  Bytes key(32);
  for (auto& byte : key) byte = first++;
  return key;
}

}  // namespace

TEST_CASE("RFC 8439, section 2.8.2") {
  ChaChaPoly aead(counting(0x80));
  const auto ad = unhex("50515253c0c1c2c3c4c5c6c7");
  const std::string text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const auto box = sealed(aead, kNonce, ad, as_bytes(text));
  CHECK(hex_encode(box) ==
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da"
        "92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585"
        "808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
  Bytes opened(text.size());
  REQUIRE(aead.open(kNonce, ad, box, opened));
  CHECK(to_text(opened) == text);
}

TEST_CASE("every size opens again, in place too, and one context serves many messages") {
  crypto::SeededRandom random(1);
  ChaChaPoly sender(counting(1)), receiver(counting(1));
  for (std::size_t size = 0; size < 300; size += size < 70 ? 1 : 37) {
    CAPTURE(size);
    const auto text = random.bytes(size);
    const auto nonce = random.bytes(12);
    const auto ad = random.bytes(size % 33);
    Bytes buffer = text;
    buffer.resize(size + kAeadTagSize);
    sender.seal(nonce, ad, ByteView(buffer).first(size), buffer);
    CHECK(buffer == sealed(sender, nonce, ad, text));
    REQUIRE(receiver.open(nonce, ad, buffer, MutableBytes(buffer).first(size)));
    CHECK(equal(ByteView(buffer).first(size), text));
  }
}

TEST_CASE("any flipped bit is noticed, and the output is zeroed") {
  ChaChaPoly aead(counting(1));
  const auto ad = as_bytes("header");
  const auto box = sealed(aead, kNonce, ad, as_bytes("attack at dawn"));
  for (std::size_t bit = 0; bit < box.size() * 8; ++bit) {
    auto forged = box;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    Bytes out(14, 0xee);
    CHECK_FALSE(aead.open(kNonce, ad, forged, out));
    CHECK(out == Bytes(14, 0));
    CHECK_FALSE(aead.open(kNonce, ad, forged, MutableBytes(forged).first(14)));
    CHECK(std::all_of(forged.begin(), forged.begin() + 14, [](auto byte) { return byte == 0; }));
  }
  Bytes out(14);
  CHECK_FALSE(aead.open(kNonce, as_bytes("Header"), box, out));
  auto other_nonce = kNonce;
  other_nonce[11] ^= 1;
  CHECK_FALSE(aead.open(other_nonce, ad, box, out));
  ChaChaPoly other_key(counting(2));
  CHECK_FALSE(other_key.open(kNonce, ad, box, out));
  CHECK(aead.open(kNonce, ad, box, out));
}

TEST_CASE("what is shorter than a tag does not open") {
  ChaChaPoly aead(counting(1));
  const auto box = sealed(aead, kNonce, {}, {});
  for (std::size_t size = 0; size < kAeadTagSize; ++size) {
    CHECK_FALSE(aead.open(kNonce, {}, ByteView(box).first(size), {}));
  }
  CHECK(aead.open(kNonce, {}, box, {}));
}

TEST_CASE("a moved context goes on") {
  ChaChaPoly first(counting(1));
  const auto box = sealed(first, kNonce, {}, as_bytes("x"));
  ChaChaPoly second(std::move(first));
  CHECK(sealed(second, kNonce, {}, as_bytes("x")) == box);
}
