#include "libp2p/gossipsub/message.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "libp2p/gossipsub/rpc.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;

namespace {

// Made by @libp2p/gossipsub 17.1.1: an RPC with a subscription, a signed message of the Ed25519 key
// whose seed is 32 bytes of 7, all five control parts; and the message's id.
const std::string kJsRpc =
    "0a08080112046e65777312a7010a26002408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b924"
    "21eea691446d22c120568656c6c6f1a0818e9f21151c3b70122046e6577732a4080b9ca93a584dc6ecd42367524"
    "98334d0f30da47457575eaa6270f381274f38e2026e7babf180237c164607191de094858dbb4cbb07034fd11a31"
    "60d847a7505322408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c1a53"
    "0a0b0a046e657773120301020312040a0204051a060a046e65777322310a036f6c6412280a26002408011220ea4"
    "a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c183c2a030a0109";
const std::string kJsId =
    "08011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c18e9f21151c3b701";
const std::string kAuthor = "12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7";

Rpc js_rpc() { return decode_rpc(hex_decode(kJsRpc).value()).value(); }

crypto::SigningKey key() {
  std::array<std::uint8_t, 32> seed;
  seed.fill(7);
  return crypto::SigningKey::from_seed(seed);
}

}  // namespace

TEST_CASE("a message signed by js-libp2p verifies, and any change to it does not") {
  const Rpc rpc = js_rpc();
  const Message& message = *rpc.publish.at(0);
  CHECK(verify(message));
  CHECK(PeerId::from_bytes(message.from)->text() == kAuthor);
  CHECK(as_text(message.payload()) == "hello");

  const auto changed = [&](auto change) {
    Message other = message;
    change(other);
    return verify(other).has_value();
  };
  CHECK_FALSE(changed([](Message& m) { m.data->back() ^= 1; }));
  CHECK_FALSE(changed([](Message& m) { m.data.reset(); }));
  CHECK_FALSE(changed([](Message& m) { m.seqno[0] ^= 1; }));
  CHECK_FALSE(changed([](Message& m) { m.seqno.pop_back(); }));
  CHECK_FALSE(changed([](Message& m) { m.topic = "olds"; }));
  CHECK_FALSE(changed([](Message& m) { m.signature[5] ^= 1; }));
  CHECK_FALSE(changed([](Message& m) { m.signature.clear(); }));
  CHECK_FALSE(changed([](Message& m) { m.from.clear(); }));
  CHECK_FALSE(changed([](Message& m) { m.from.back() ^= 1; }));
  CHECK_FALSE(changed([](Message& m) { m.key.back() ^= 1; }));
  // The key is outside the signature: without it, the author's id carries it.
  CHECK(changed([](Message& m) { m.key.clear(); }));
}

TEST_CASE("our messages are what js-libp2p makes of the same content, but for the redundant key") {
  const Rpc rpc = js_rpc();
  Message theirs = *rpc.publish.at(0);
  const MessagePtr ours = make_message(key(), "news", to_bytes("hello"), seqno_of(theirs));
  theirs.key.clear();
  CHECK(*ours == theirs);  // Ed25519 signatures are deterministic
  CHECK(encode(*ours) == encode(theirs));
  CHECK(encoded_size(*ours) == encode(*ours).size());
  CHECK(verify(*ours));
}

TEST_CASE("empty data and no data are different messages, each with its own signature") {
  const MessagePtr empty = make_message(key(), "t", Bytes(), 1);
  CHECK(verify(*empty));
  Message absent = *empty;
  absent.data.reset();
  CHECK_FALSE(verify(absent));
  CHECK(encode(absent) != encode(*empty));
  const auto back = decode_rpc(encode(Rpc{{}, {empty}, {}}));
  CHECK(*back->publish.at(0) == *empty);
}

TEST_CASE("ids in go's, js's and rust's form") {
  const Rpc rpc = js_rpc();
  const Message& message = *rpc.publish.at(0);
  CHECK(hex_encode(wire_id(message, IdForm::js)) == kJsId);
  CHECK(hex_encode(wire_id(message, IdForm::go)) == "0024" + kJsId);
  CHECK(wire_id(message, IdForm::go) == message_id(message));
  CHECK(to_text(wire_id(message, IdForm::rust)) == kAuthor + "1795232082684000001");

  for (const IdForm form : {IdForm::go, IdForm::js, IdForm::rust}) {
    CAPTURE(name_of(form));
    const Bytes wire = wire_id(message, form);
    const auto read = read_id(wire);
    REQUIRE(read);
    CHECK(read->form == form);
    CHECK(read->id == message_id(message));
    // Cut short, none of them is an id any more.
    for (std::size_t size = 0; size < wire.size(); ++size) {
      const auto cut = read_id(ByteView(wire).first(size));
      CHECK((!cut || cut->id != read->id));
    }
  }
}

TEST_CASE("ids of authors whose peer id is a hash of the key") {
  Message message;
  message.key = Bytes(300, 0x30);
  message.key[0] = 0x08;
  message.from = hex_decode("1220").value();
  append(message.from, Bytes(32, 0xab));
  message.seqno = Bytes{0, 0, 0, 0, 0, 0, 0, 9};
  for (const IdForm form : {IdForm::go, IdForm::rust}) {
    const auto read = read_id(wire_id(message, form));
    REQUIRE(read);
    CHECK(read->form == form);
    CHECK(read->id == message_id(message));
  }
  // The js form names the key; read back, it is the id of the key's own hash.
  const auto read = read_id(wire_id(message, IdForm::js));
  REQUIRE(read);
  CHECK(read->form == IdForm::js);
  CHECK(read->id.size() == 42);
  CHECK(read->id[0] == 0x12);
}

TEST_CASE("ids of unknown make are not read") {
  CHECK_FALSE(read_id({}));
  CHECK_FALSE(read_id(Bytes(32, 0xcc)));                             // a network's own hash
  CHECK_FALSE(read_id(Bytes(20, 0x00)));                             // identity of the wrong length
  CHECK_FALSE(read_id(as_bytes(kAuthor)));                           // no number
  CHECK_FALSE(read_id(as_bytes(kAuthor + "x1")));                    // not a number
  CHECK_FALSE(read_id(as_bytes(kAuthor + "01")));                    // a second name of 1
  CHECK_FALSE(read_id(as_bytes(kAuthor + "18446744073709551616")));  // 2^64
  CHECK(read_id(as_bytes(kAuthor + "18446744073709551615")));
  CHECK_FALSE(read_id(as_bytes(kAuthor + "-1")));
}

TEST_CASE("sequence numbers are nanoseconds and rise even when the clock stands or falls back") {
  SeqnoSource source;
  const WallTime now(std::chrono::seconds(1'700'000'000));
  CHECK(source.next(now) == 1'700'000'000'000'000'000);
  CHECK(source.next(now) == 1'700'000'000'000'000'001);
  CHECK(source.next(now - std::chrono::hours(1)) == 1'700'000'000'000'000'002);
  CHECK(source.next(now + Duration(1)) == 1'700'000'000'000'001'000);
  SeqnoSource before_1970;
  CHECK(before_1970.next(WallTime(Duration(-5))) == 1);
}

TEST_CASE("agents tell the form to begin with") {
  CHECK(form_of_agent("js-libp2p/3.3.11 node/20") == IdForm::js);
  CHECK(form_of_agent("rust-libp2p/0.47.0") == IdForm::rust);
  CHECK(form_of_agent("kubo/0.42.0") == IdForm::go);
  CHECK(form_of_agent("") == IdForm::go);
}
