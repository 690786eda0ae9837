#include "libp2p/secure.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/endian.h"
#include "codec/protobuf.h"

namespace p2p::libp2p {
namespace {

crypto::SigningKey key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return crypto::SigningKey::from_seed(seed);
}

PeerId peer_of(std::uint8_t n) { return PeerId::of(key_of(n).public_key()); }

struct Ends {
  explicit Ends(std::vector<std::string> init_muxers = {"/yamux/1.0.0"},
                std::vector<std::string> resp_muxers = {"/yamux/1.0.0"},
                std::optional<PeerId> expected = std::nullopt)
      : random(7),
        init(true, key_of(1), std::move(expected), std::move(init_muxers), random),
        resp(false, key_of(2), std::nullopt, std::move(resp_muxers), random) {}

  /// Carries bytes both ways until both sides are done or one fails.
  Result<void> shake() {
    while (init.has_output() || resp.has_output()) {
      const Bytes to_resp = init.take_output();
      ByteView in(to_resp);
      P2P_CHECK(resp.receive(in));
      const Bytes to_init = resp.take_output();
      in = to_init;
      P2P_CHECK(init.receive(in));
    }
    return {};
  }

  crypto::SeededRandom random;
  SecureChannel init;
  SecureChannel resp;
};

Bytes sealed(SecureChannel& channel, ByteView plain) {
  Bytes out(2);
  append(out, plain);
  channel.seal_in_place(out, 0);
  return out;
}

TEST_CASE("both sides learn who the other is") {
  Ends ends;
  REQUIRE(ends.shake());
  REQUIRE(ends.init.done());
  REQUIRE(ends.resp.done());
  CHECK(ends.init.remote() == peer_of(2));
  CHECK(ends.resp.remote() == peer_of(1));
  CHECK(ends.init.remote_key() == key_of(2).public_key());
  CHECK(ends.init.early_muxer() == "/yamux/1.0.0");
  CHECK(ends.resp.early_muxer() == "/yamux/1.0.0");
}

TEST_CASE("the initiator's preference decides the early muxer, and none falls back") {
  Ends ends({"/a", "/b", "/c"}, {"/c", "/b"});
  REQUIRE(ends.shake());
  CHECK(ends.init.early_muxer() == "/b");
  CHECK(ends.resp.early_muxer() == "/b");
  Ends disjoint({"/a"}, {"/b"});
  REQUIRE(disjoint.shake());
  CHECK(disjoint.init.early_muxer().empty());
  CHECK(disjoint.resp.early_muxer().empty());
  Ends silent({"/a"}, {});  // rust-libp2p
  REQUIRE(silent.shake());
  CHECK(silent.init.early_muxer().empty());
}

TEST_CASE("the handshake and what follows it survive every split") {
  for (std::size_t chunk = 1; chunk <= 64; ++chunk) {
    Ends ends;
    const auto carry = [chunk](SecureChannel& from, SecureChannel& to) {
      const Bytes wire = from.take_output();
      for (std::size_t at = 0; at < wire.size(); at += chunk) {
        ByteView part = ByteView(wire).subspan(at, std::min(chunk, wire.size() - at));
        REQUIRE(to.receive(part));
        REQUIRE(part.empty());
      }
    };
    carry(ends.init, ends.resp);
    carry(ends.resp, ends.init);
    carry(ends.init, ends.resp);
    REQUIRE(ends.init.done());
    REQUIRE(ends.resp.done());

    Bytes wire;
    for (const char* text : {"one", "", "three"}) append(wire, sealed(ends.init, as_bytes(text)));
    std::vector<std::string> got;
    for (std::size_t at = 0; at < wire.size(); at += chunk) {
      ByteView part = ByteView(wire).subspan(at, std::min(chunk, wire.size() - at));
      while (!part.empty()) {
        const auto plain = ends.resp.open_next(part);
        REQUIRE(plain);
        if (*plain) got.push_back(to_text(**plain));
      }
    }
    CHECK(got == std::vector<std::string>{"one", "", "three"});
  }
}

TEST_CASE("message 3 and the first frames may come in one read") {
  Ends ends;
  Bytes wire = ends.init.take_output();
  ByteView in(wire);
  REQUIRE(ends.resp.receive(in));
  wire = ends.resp.take_output();
  in = wire;
  REQUIRE(ends.init.receive(in));
  wire = ends.init.take_output();
  append(wire, sealed(ends.init, as_bytes("early")));
  in = wire;
  REQUIRE(ends.resp.receive(in));
  REQUIRE(ends.resp.done());
  const auto plain = ends.resp.open_next(in);
  REQUIRE(plain);
  REQUIRE(*plain);
  CHECK(to_text(**plain) == "early");
}

TEST_CASE("full frames, both in one piece and in pieces") {
  Ends ends;
  REQUIRE(ends.shake());
  Bytes plain(kMaxNoisePlaintext);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i * 31);
  const Bytes whole = sealed(ends.init, plain);
  CHECK(whole.size() == kMaxNoiseMessage + 2);
  ByteView in(whole);
  auto got = ends.resp.open_next(in);
  REQUIRE(got);
  REQUIRE(*got);
  CHECK(equal(**got, plain));
  const Bytes pieces = sealed(ends.init, plain);
  in = ByteView(pieces).first(1000);
  got = ends.resp.open_next(in);
  REQUIRE(got);
  CHECK_FALSE(*got);
  in = ByteView(pieces).subspan(1000);
  got = ends.resp.open_next(in);
  REQUIRE(got);
  REQUIRE(*got);
  CHECK(equal(**got, plain));
}

TEST_CASE("the expected peer is accepted, another is a mismatch that names both") {
  Ends right({}, {}, peer_of(2));
  REQUIRE(right.shake());
  Ends wrong({}, {}, peer_of(3));
  const auto result = wrong.shake();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::mismatch);
  CHECK(result.error().why == "peer is " + peer_of(2).text() + ", not " + peer_of(3).text());
  CHECK_FALSE(wrong.init.done());
}

/// A responder made by hand, whose payload can be anything.
Result<void> answer_with(const std::function<Bytes(const crypto::X25519Key&)>& payload) {
  crypto::SeededRandom random(9);
  SecureChannel init(true, key_of(1), std::nullopt, {}, random);
  const auto statics = crypto::x25519_generate(random);
  NoiseHandshake resp(false, {}, statics, random);
  const Bytes first = init.take_output();
  REQUIRE(resp.read(ByteView(first).subspan(2)));
  Bytes second(2);
  REQUIRE(resp.write(payload(statics.share), second));
  store_be(second.data(), static_cast<std::uint16_t>(second.size() - 2));
  ByteView in(second);
  return init.receive(in);
}

NoisePayload honest(std::uint8_t n, const crypto::X25519Key& share) {
  NoisePayload payload;
  payload.identity_key = multiformats::encode_public_key(key_of(n).public_key());
  Bytes text = to_bytes("noise-libp2p-static-key:");
  append(text, share);
  payload.identity_sig = key_of(n).sign(text);
  return payload;
}

TEST_CASE("payloads that prove nothing") {
  using Share = crypto::X25519Key;
  CHECK(answer_with([](const Share& s) { return honest(2, s).encode(); }));
  const auto code = [](const std::function<Bytes(const Share&)>& payload) {
    const auto result = answer_with(payload);
    REQUIRE_FALSE(result);
    return result.error().code;
  };
  CHECK(code([](const Share& s) {
          auto p = honest(2, s);
          p.identity_sig[5] ^= 1;
          return p.encode();
        }) == Code::authentication);
  CHECK(code([](const Share& s) {  // somebody else's signature
          auto p = honest(2, s);
          p.identity_sig = honest(3, s).identity_sig;
          return p.encode();
        }) == Code::authentication);
  CHECK(code([](const Share& s) {  // of another static key: a replay
          Share other = s;
          other[0] ^= 1;
          return honest(2, other).encode();
        }) == Code::authentication);
  CHECK_FALSE(answer_with([](const Share&) { return Bytes(); }));
  CHECK_FALSE(answer_with([](const Share&) { return to_bytes("\x0a\xff not a payload"); }));
  CHECK_FALSE(answer_with([](const Share& s) {
    auto p = honest(2, s);
    p.identity_key.clear();
    return p.encode();
  }));
}

TEST_CASE("peers with other identity keys' forms are decoded strictly") {
  // Unknown fields and a repeated extension are fine, a hundred and one muxers are ignored.
  const auto result = answer_with([](const crypto::X25519Key& s) {
    auto p = honest(2, s);
    for (std::size_t i = 0; i <= kMaxMuxers; ++i) p.muxers.push_back("/m/" + std::to_string(i));
    Bytes payload = p.encode();
    codec::ProtoWriter more;
    more.varint(9, 1).bytes(3, as_bytes("legacy data"));
    append(payload, more.message());
    return payload;
  });
  CHECK(result);
}

TEST_CASE("the payload is what it was after encoding and decoding") {
  NoisePayload payload;
  payload.identity_key = to_bytes("key");
  payload.identity_sig = to_bytes("sig");
  payload.muxers = {"/yamux/1.0.0", ""};
  const auto decoded = NoisePayload::decode(payload.encode());
  REQUIRE(decoded);
  CHECK(decoded->encode() == payload.encode());
  CHECK(decoded->muxers == payload.muxers);
}

TEST_CASE("an unauthenticated peer cannot make us hold a large message") {
  crypto::SeededRandom random(1);
  SecureChannel resp(false, key_of(1), std::nullopt, {}, random);
  const Bytes wire{0xff, 0xff};
  ByteView in(wire);
  const auto result = resp.receive(in);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::limit);
}

TEST_CASE("a flipped bit, a replay and a frame too short end the channel") {
  const auto ended = [](const std::function<void(Bytes&)>& spoil) {
    Ends ends;
    REQUIRE(ends.shake());
    Bytes wire = sealed(ends.init, as_bytes("text"));
    spoil(wire);
    ByteView in(wire);
    while (!in.empty()) {
      if (!ends.resp.open_next(in)) return true;
    }
    return false;
  };
  CHECK_FALSE(ended([](Bytes&) {}));
  CHECK(ended([](Bytes& wire) { wire.back() ^= 1; }));
  CHECK(ended([](Bytes& wire) { wire[2] ^= 1; }));
  CHECK(ended([](Bytes& wire) { append(wire, Bytes(wire)); }));
  CHECK(ended([](Bytes& wire) { wire = {0x00, 0x00}; }));
  CHECK(ended([](Bytes& wire) {
    wire = {0x00, 0x0f};
    wire.resize(17);
  }));
}

}  // namespace
}  // namespace p2p::libp2p
