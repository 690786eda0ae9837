// Vectors: mcginty/snow, tests/vectors/cacophony.txt and snow.txt,
// Noise_XX_25519_ChaChaPoly_SHA256.
#include "libp2p/noise.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/basen.h"

namespace p2p::libp2p {
namespace {

/// Hands out the bytes it was given, so that a vector's ephemeral keys come out.
class Scripted final : public crypto::Random {
 public:
  explicit Scripted(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableBytes out) override {
    REQUIRE(out.size() <= bytes_.size() - used_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), out.size(), out.begin());
    used_ += out.size();
  }

 private:
  Bytes bytes_;
  std::size_t used_ = 0;
};

struct Vector {
  const char* prologue;
  const char* init_static;
  const char* init_ephemeral;
  const char* resp_static;
  const char* resp_ephemeral;
  const char* handshake_hash;                                 // or empty
  std::vector<std::pair<const char*, const char*>> messages;  // payload, ciphertext
};

const Vector kCacophony{
    "4a6f686e2047616c74",
    "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
    "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
    "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
    "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
    "c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e",
    {{"4c756477696720766f6e204d69736573",
      "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d6973"
      "6573"},
     {"4d757272617920526f746862617264",
      "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b6"
      "5285e08d6b68aaa3629a5a8639392490e5b9bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f"
      "8a0db50f8814c7194e83f23dbd8d162c9326ad"},
     {"462e20412e20486179656b",
      "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865"
      "b57f58c9fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030"},
     {"4361726c204d656e676572", "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df"},
     {"4a65616e2d426170746973746520536179",
      "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5"},
     {"457567656e2042f6686d20766f6e2042617765726b",
      "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f"}}};

const Vector kSnow{
    "5468657265206973206e6f20726967687420616e642077726f6e672e2054686572652773206f6e6c792066756e2061"
    "6e6420626f72696e672e",
    "7dec208517a3b81a2861d7a71266d5d6dc944c5a8816634a86fe63198a0148ee",
    "a32daf21e93c0131495ce1d903181fde81cc46937daaeb990bae7c992709421e",
    "4d0aed5098e3b4ef20357e9f686ce66204c792b358da2e475017d6c485304881",
    "4eece0f195d026db035ff987597c429d3ad3bcc2944df37d649528951b2a27c5",
    "",
    {{"d03c489139e645d0711a3c9e810d776b46a84912463fafa87b884eebf242dc34",
      "f9fa868ba97ab8a2686deccfaad5a484ee10a5bb85e3d1dce015a84797f92818d03c489139e645d0711a3c9e810d"
      "776b46a84912463fafa87b884eebf242dc34"},
     {"d8190a92f7dc0c93dbea9118ba8055751fb7c6590c416ffbd419964132b99a85",
      "8c4e6fdb7d09d501a86f7eca5c234522751706ed409182c05cdf5f827d4dae47b81c6c5f43b025692c24391eefee"
      "725c17d8cb0fbe3e4abb8aedf42c4fd2592d4ea48ac08989d6ae8b4adae08b2c34087c808c7aa55a63c02b0fab9e"
      "930612336bd43eaea04d3c670a0a146691aa9cc9d357872320dc735dbc48580cffb553db"},
     {"77891b19dcb92ef7c055b672c4a5aa7fdf1c84146b8b303459022729473ce254",
      "933ca6b5ed60df3df66121f0ab49a09e49efa45c613a86a3cecbf4c535cef2f83f72b42837b18e3572f2fdc2b74c"
      "331e2368a545cef54bdca081678ab0e9dd5348122459e0c034c851984d88ce610963d43cde6cfe73a67fbd5a63e8"
      "bfca96d0"},
     {"d7efdf988072881941db045a42882433817555128fbf5663e56081712ec7d212",
      "54ef0ff0629e1aaa7685a2806ab111cba76b52331f2642276736f415868eacb69ab2577f3bda0cbf72f879685f6e"
      "d25f"},
     {"dd7bf01a588bafb52c6cfba952e5d8fe35cc2b3f92b4730ae2474615157345ce",
      "356be70f110306d5c699bb834bb9d58d909e325924dfbec972e406e6f294dc63e1daebefe8a62a334facc8048ab4"
      "ad66"}}};

Bytes unhex(const char* hex) { return *hex_decode(hex); }

crypto::X25519Pair pair_of(const char* secret) {
  crypto::X25519Key key;
  const Bytes bytes = unhex(secret);
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return crypto::x25519_from_secret(key);
}

struct Pair {
  explicit Pair(const Vector& v)
      : init_random(unhex(v.init_ephemeral)),
        resp_random(unhex(v.resp_ephemeral)),
        init(true, unhex(v.prologue), pair_of(v.init_static), init_random),
        resp(false, unhex(v.prologue), pair_of(v.resp_static), resp_random) {}
  Scripted init_random;
  Scripted resp_random;
  NoiseHandshake init;
  NoiseHandshake resp;
};

void run(const Vector& v) {
  Pair p(v);
  for (std::size_t i = 0; i < 3; ++i) {
    auto& from = i % 2 == 0 ? p.init : p.resp;
    auto& to = i % 2 == 0 ? p.resp : p.init;
    REQUIRE(from.our_turn());
    REQUIRE_FALSE(to.our_turn());
    Bytes message;
    REQUIRE(from.write(unhex(v.messages[i].first), message));
    CHECK(hex_encode(message) == v.messages[i].second);
    const auto payload = to.read(message);
    REQUIRE(payload);
    CHECK(hex_encode(*payload) == v.messages[i].first);
  }
  REQUIRE(p.init.done());
  REQUIRE(p.resp.done());
  CHECK(p.init.hash() == p.resp.hash());
  if (*v.handshake_hash) CHECK(hex_encode(p.init.hash()) == v.handshake_hash);
  CHECK(p.init.remote_static() == pair_of(v.resp_static).share);
  CHECK(p.resp.remote_static() == pair_of(v.init_static).share);

  auto init = p.init.split();
  auto resp = p.resp.split();
  for (std::size_t i = 3; i < v.messages.size(); ++i) {
    const bool initiator = i % 2 == 0;
    NoiseCipher& send = initiator ? init.send : resp.send;
    NoiseCipher& receive = initiator ? resp.receive : init.receive;
    Bytes sealed = unhex(v.messages[i].first);
    const std::size_t size = sealed.size();
    sealed.resize(size + crypto::kAeadTagSize);
    send.seal({}, ByteView(sealed).first(size), sealed);
    CHECK(hex_encode(sealed) == v.messages[i].second);
    Bytes opened(size);
    REQUIRE(receive.open({}, sealed, opened));
    CHECK(hex_encode(opened) == v.messages[i].first);
  }
}

TEST_CASE("the published vectors") {
  run(kCacophony);
  run(kSnow);
}

TEST_CASE("every bit of messages 2 and 3 is authenticated") {
  for (std::size_t flipped = 1; flipped < 3; ++flipped) {
    const std::size_t size = unhex(kCacophony.messages[flipped].second).size();
    for (std::size_t byte = 0; byte < size; ++byte) {
      Pair p(kCacophony);
      for (std::size_t i = 0; i <= flipped; ++i) {
        auto& from = i % 2 == 0 ? p.init : p.resp;
        auto& to = i % 2 == 0 ? p.resp : p.init;
        Bytes message;
        REQUIRE(from.write(unhex(kCacophony.messages[i].first), message));
        // X25519 ignores the top bit of a public key, but the transcript does not.
        if (i == flipped) message[byte] ^= byte == 31 ? 0x80 : 1;
        CHECK(to.read(message).has_value() == (i != flipped));
      }
    }
  }
}

TEST_CASE("messages cut short are refused at every length") {
  for (std::size_t cut = 0; cut < 3; ++cut) {
    const std::size_t payload = unhex(kCacophony.messages[cut].first).size();
    const std::size_t size = unhex(kCacophony.messages[cut].second).size();
    for (std::size_t length = 0; length < size; ++length) {
      // Message 1 is in the clear: any payload will do.
      if (cut == 0 && length >= size - payload) continue;
      Pair p(kCacophony);
      for (std::size_t i = 0; i <= cut; ++i) {
        auto& from = i % 2 == 0 ? p.init : p.resp;
        auto& to = i % 2 == 0 ? p.resp : p.init;
        Bytes message;
        REQUIRE(from.write(unhex(kCacophony.messages[i].first), message));
        if (i == cut) message.resize(length);
        CHECK(to.read(message).has_value() == (i != cut));
      }
    }
  }
}

TEST_CASE("an ephemeral key of small order is refused") {
  // RFC 7748, section 6.1: the all-zero output; points of order 1, 2, 4 and 8.
  const char* points[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  for (const char* point : points) {
    Pair p(kCacophony);
    REQUIRE(p.resp.read(unhex(point)));  // message 1 does no Diffie-Hellman yet
    Bytes message;
    const auto written = p.resp.write({}, message);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::authentication);
  }
}

TEST_CASE("a message out of turn is an error of ours, not a crash") {
  Pair p(kCacophony);
  Bytes message;
  CHECK_FALSE(p.resp.write({}, message));
  CHECK_FALSE(p.init.read(Bytes(32)));
}

}  // namespace
}  // namespace p2p::libp2p
