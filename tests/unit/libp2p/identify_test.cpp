#include "libp2p/identify.h"

#include <doctest/doctest.h>

#include "codec/protobuf.h"

namespace p2p::libp2p {
namespace {

crypto::SigningKey key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return crypto::SigningKey::from_seed(seed);
}

Multiaddr addr_of(const char* text) { return *Multiaddr::parse(text); }

PeerRecord record_of(std::uint8_t n) {
  PeerRecord record;
  record.peer = PeerId::of(key_of(n).public_key());
  record.seq = 1'700'000'000'000'000'000;
  record.addrs = {addr_of("/ip4/10.0.0.1/tcp/4001"), addr_of("/ip6/::1/udp/4001/quic-v1")};
  return record;
}

IdentifyMessage message_of(std::uint8_t n) {
  IdentifyMessage message;
  message.protocol_version = "ipfs/0.1.0";
  message.agent = "test/1";
  message.public_key = multiformats::encode_public_key(key_of(n).public_key());
  message.listen_addrs = {addr_of("/ip4/127.0.0.1/tcp/1").encode()};
  message.observed = addr_of("/ip4/127.0.0.1/tcp/2").encode();
  message.protocols = {"/a", "/b"};
  return message;
}

Identity identity_from(const IdentifyMessage& message, std::uint8_t n) {
  Identity identity;
  REQUIRE(message.apply_to(identity, key_of(n).public_key()));
  return identity;
}

TEST_CASE("a peer record is sealed and opened") {
  const auto opened = PeerRecord::open(record_of(1).sign(key_of(1)));
  REQUIRE(opened);
  CHECK(opened->peer == record_of(1).peer);
  CHECK(opened->seq == record_of(1).seq);
  CHECK(opened->addrs == record_of(1).addrs);
}

TEST_CASE("the envelope has the form that go-libp2p writes") {
  const auto key = key_of(1);
  const Bytes wire = record_of(1).sign(key);
  codec::ProtoReader reader(wire);
  std::vector<std::uint32_t> fields;
  for (;;) {
    const auto field = reader.next();
    REQUIRE(field);
    if (!*field) break;
    fields.push_back((*field)->number);
    if ((*field)->is_bytes(1)) {
      CHECK(to_bytes((*field)->bytes) == multiformats::encode_public_key(key.public_key()));
    }
    if ((*field)->is_bytes(2)) CHECK(to_bytes((*field)->bytes) == Bytes{0x03, 0x01});
    if ((*field)->is_bytes(5)) {
      // RFC 0002: each part behind its length. 18 = length of the domain, 2 of the type.
      Bytes text{18};
      append(text, "libp2p-peer-record");
      append(text, Bytes{2, 3, 1});
      const Bytes payload = record_of(1).encode();
      REQUIRE(payload.size() < 128);
      text.push_back(static_cast<std::uint8_t>(payload.size()));
      append(text, payload);
      CHECK(crypto::verify(key.public_key(), text, (*field)->bytes));
    }
  }
  CHECK(fields == std::vector<std::uint32_t>{1, 2, 3, 5});
}

TEST_CASE("records that prove nothing") {
  const auto code = [](ByteView wire) {
    const auto opened = PeerRecord::open(wire);
    REQUIRE_FALSE(opened);
    return opened.error().code;
  };
  CHECK(code(record_of(1).sign(key_of(2))) == Code::authentication);  // about somebody else
  const Bytes payload = record_of(1).encode();
  CHECK(code(Envelope::seal(key_of(1), "other-domain", kPeerRecordType, payload).encode()) ==
        Code::authentication);
  const std::uint8_t voucher[] = {0x03, 0x02};
  CHECK(code(Envelope::seal(key_of(1), kPeerRecordDomain, voucher, payload).encode()) ==
        Code::parse);
  CHECK(code(Bytes(kMaxEnvelope + 1)) == Code::limit);
  CHECK_FALSE(PeerRecord::open({}));
  const Bytes good = record_of(1).sign(key_of(1));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    CHECK_FALSE(PeerRecord::open(bad));
    CHECK_FALSE(PeerRecord::open(ByteView(good).first(i)));
  }
}

TEST_CASE("a record keeps the addresses it can read") {
  PeerRecord record = record_of(1);
  codec::ProtoWriter info;
  info.bytes(1, Bytes{0xff, 0xff, 0x03});  // no protocol known to us
  codec::ProtoWriter more;
  more.bytes(3, info.message()).bytes(3, Bytes{});
  Bytes payload = record.encode();
  append(payload, more.message());
  const auto decoded = PeerRecord::decode(payload);
  REQUIRE(decoded);
  CHECK(decoded->addrs == record.addrs);
}

TEST_CASE("identify is what it was after encoding and decoding") {
  const auto message = message_of(1);
  const auto decoded = IdentifyMessage::decode(message.encode());
  REQUIRE(decoded);
  CHECK(decoded->encode() == message.encode());
  const Identity identity = identity_from(*decoded, 1);
  CHECK(identity.agent == "test/1");
  CHECK(identity.protocol_version == "ipfs/0.1.0");
  CHECK(identity.protocols == std::vector<std::string>{"/a", "/b"});
  CHECK(identity.listen_addrs == std::vector<Multiaddr>{addr_of("/ip4/127.0.0.1/tcp/1")});
  CHECK(identity.observed == addr_of("/ip4/127.0.0.1/tcp/2"));
  CHECK_FALSE(identity.signed_record);
  CHECK(identity.peer == PeerId::of(key_of(1).public_key()));
}

TEST_CASE("of a valid signed record only its addresses count, of an invalid one nothing") {
  auto message = message_of(1);
  message.signed_record = record_of(1).sign(key_of(1));
  Identity identity = identity_from(message, 1);
  CHECK(identity.signed_record);
  CHECK(identity.listen_addrs == record_of(1).addrs);
  message.signed_record = record_of(2).sign(key_of(2));  // valid, but somebody else's
  identity = identity_from(message, 1);
  CHECK_FALSE(identity.signed_record);
  CHECK(identity.listen_addrs == std::vector<Multiaddr>{addr_of("/ip4/127.0.0.1/tcp/1")});
}

TEST_CASE("a push says only what changed") {
  Identity identity = identity_from(message_of(1), 1);
  IdentifyMessage push;
  push.protocols = {"/c"};
  REQUIRE(push.apply_to(identity, key_of(1).public_key()));
  CHECK(identity.protocols == std::vector<std::string>{"/c"});
  CHECK(identity.agent == "test/1");
  CHECK(identity.listen_addrs.size() == 1);
  CHECK(identity.observed);
}

TEST_CASE("another key than the connection's is refused") {
  Identity identity;
  const auto result = message_of(2).apply_to(identity, key_of(1).public_key());
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::mismatch);
}

TEST_CASE("unreadable addresses are left out, and js-libp2p's peer id behind the observed one") {
  auto message = message_of(1);
  message.listen_addrs.push_back({0xff, 0xff, 0x03, 0x01});
  message.observed =
      addr_of("/ip4/1.2.3.4/tcp/5").with_peer(PeerId::of(key_of(3).public_key())).encode();
  const Identity identity = identity_from(message, 1);
  CHECK(identity.listen_addrs.size() == 1);
  CHECK(identity.observed == addr_of("/ip4/1.2.3.4/tcp/5"));
}

TEST_CASE("several messages merge as protobuf merges") {
  IdentifyMessage merged = message_of(1);
  IdentifyMessage more;
  more.agent = "later";
  more.protocols = {"/c"};
  more.signed_record = Bytes{1, 2, 3};
  Bytes joined = merged.encode();
  append(joined, more.encode());
  merged.merge(more);
  const auto decoded = IdentifyMessage::decode(joined);
  REQUIRE(decoded);
  CHECK(decoded->encode() == merged.encode());
  CHECK(merged.agent == "later");
  CHECK(merged.protocols == std::vector<std::string>{"/a", "/b", "/c"});
}

TEST_CASE("what we send fits rust-libp2p's first read, the record behind it where it is long") {
  auto small = message_of(1);
  small.signed_record = record_of(1).sign(key_of(1));
  const auto one = split_for_sending(small);
  REQUIRE(one.size() == 1);
  CHECK(identity_from(*IdentifyMessage::decode(one[0]), 1).signed_record);

  auto large = small;
  for (int i = 0; i < 200; ++i) large.protocols.push_back("/protocol/" + std::to_string(i));
  for (std::uint16_t port = 1; port <= 400; ++port) {
    large.listen_addrs.push_back(Multiaddr::tcp(false, Bytes{10, 0, 0, 1}, port).encode());
  }
  const auto two = split_for_sending(large);
  REQUIRE(two.size() == 2);
  CHECK(two[0].size() <= kMaxIdentifySent);
  const auto first = IdentifyMessage::decode(two[0]);
  REQUIRE(first);
  CHECK(first->protocols == large.protocols);
  CHECK(first->agent);
  CHECK(first->public_key);
  CHECK(first->listen_addrs.size() < large.listen_addrs.size());
  CHECK_FALSE(first->signed_record);
  const auto second = IdentifyMessage::decode(two[1]);
  REQUIRE(second);
  CHECK(second->signed_record == small.signed_record);
}

TEST_CASE("identify cut short anywhere") {
  const Bytes wire = message_of(1).encode();
  for (std::size_t size = 0; size < wire.size(); ++size) {
    const auto decoded = IdentifyMessage::decode(ByteView(wire).first(size));
    if (decoded) CHECK(decoded->encode().size() == size);  // cut between two fields
  }
}

}  // namespace
}  // namespace p2p::libp2p
