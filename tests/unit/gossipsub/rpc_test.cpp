#include "libp2p/gossipsub/rpc.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "codec/protobuf.h"
#include "crypto/random.h"
#include "network.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;

namespace {

Rpc full_rpc() {
  Rpc rpc;
  rpc.subscriptions = {SubOpt{true, "news"}, SubOpt{false, "old"}};
  rpc.publish = {make_message(test::key_of(1), "news", to_bytes("one"), 1),
                 make_message(test::key_of(2), "news", Bytes{0, 255, 10}, 2)};
  rpc.control.ihave = {IHave{"news", {Bytes{1, 0, 255}, Bytes{2}}}, IHave{"x", {}}};
  rpc.control.iwant = {IWant{{Bytes{3, 128}}}};
  rpc.control.graft = {Graft{"news"}};
  rpc.control.prune = {Prune{"old", {PxPeer{Bytes{1, 2}, Bytes{3}}, PxPeer{Bytes{4}, {}}}, 60},
                       Prune{"older", {}, std::nullopt}};
  return rpc;
}

}  // namespace

TEST_CASE("an RPC comes back as it went") {
  const Rpc rpc = full_rpc();
  const auto back = decode_rpc(encode(rpc));
  REQUIRE(back);
  CHECK(*back == rpc);
  CHECK(encode(*back) == encode(rpc));
  CHECK(decode_rpc({})->empty());
  CHECK(encode(Rpc()).empty());
}

TEST_CASE("every part of an RPC made by js-libp2p is read") {
  // The whole of it is in message_test; this is its control part alone, with IDONTWANT skipped.
  const auto rpc = decode_rpc(hex_decode("0a08080112046e6577731a290a0b0a046e657773120301020312040a"
                                         "0204051a060a046e65777322070a036f6c64183c2a030a0109")
                                  .value());
  REQUIRE(rpc);
  CHECK(rpc->subscriptions == std::vector<SubOpt>{SubOpt{true, "news"}});
  CHECK(rpc->control.ihave == std::vector<IHave>{IHave{"news", {Bytes{1, 2, 3}}}});
  CHECK(rpc->control.iwant == std::vector<IWant>{IWant{{Bytes{4, 5}}}});
  CHECK(rpc->control.graft == std::vector<Graft>{Graft{"news"}});
  CHECK(rpc->control.prune == std::vector<Prune>{Prune{"old", {}, 60}});
}

TEST_CASE("unknown fields and subscription options of later versions are skipped") {
  codec::ProtoWriter option;
  option.boolean(1, true).text(2, "t").boolean(3, true).boolean(4, true);
  codec::ProtoWriter control;
  control.bytes(6, Bytes{0x50, 1});
  codec::ProtoWriter rpc;
  rpc.bytes(1, option.take()).bytes(3, control.take()).bytes(10, Bytes{1, 2}).varint(6492434, 1);
  const auto read = decode_rpc(rpc.take());
  REQUIRE(read);
  CHECK(read->subscriptions == std::vector<SubOpt>{SubOpt{true, "t"}});
  CHECK(read->control.empty());
}

TEST_CASE("an RPC cut short anywhere is refused or is a shorter RPC") {
  const Bytes wire = encode(full_rpc());
  for (std::size_t size = 0; size < wire.size(); ++size) {
    const auto read = decode_rpc(ByteView(wire).first(size));
    if (read) CHECK_FALSE(*read == full_rpc());
  }
}

TEST_CASE("flipped bits never crash the decoder, and what it accepts encodes again") {
  const Bytes wire = encode(full_rpc());
  for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes flipped = wire;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto read = decode_rpc(flipped);
    if (!read) continue;
    const auto again = decode_rpc(encode(*read));
    REQUIRE(again);
    CHECK(*again == *read);
  }
}

TEST_CASE("an RPC past a bound is refused") {
  const auto repeated = [](std::uint32_t number, const Bytes& part, std::size_t times) {
    codec::ProtoWriter out;
    for (std::size_t i = 0; i < times; ++i) out.bytes(number, part);
    return out.take();
  };
  const auto code = [](ByteView wire) {
    const auto read = decode_rpc(wire);
    return read ? Code::internal : read.error().code;
  };
  CHECK(decode_rpc(repeated(1, {}, kMaxSubscriptionsPerRpc)));
  CHECK(code(repeated(1, {}, kMaxSubscriptionsPerRpc + 1)) == Code::limit);
  CHECK(decode_rpc(repeated(2, {}, kMaxMessagesPerRpc)));
  CHECK(code(repeated(2, {}, kMaxMessagesPerRpc + 1)) == Code::limit);
  for (std::uint32_t part = 1; part <= 4; ++part) {
    CAPTURE(part);
    const Bytes many = repeated(part, {}, kMaxControlsPerRpc + 1);
    CHECK(code(codec::ProtoWriter().bytes(3, many).take()) == Code::limit);
    // Split over several control messages, it is the same.
    Bytes twice;
    append(twice, codec::ProtoWriter().bytes(3, repeated(part, {}, kMaxControlsPerRpc)).take());
    CHECK(decode_rpc(twice));
    append(twice, codec::ProtoWriter().bytes(3, repeated(part, {}, 1)).take());
    CHECK(code(twice) == Code::limit);
  }
  const Bytes ids = repeated(1, Bytes{7}, kMaxIdsPerRpc + 1);
  CHECK(code(codec::ProtoWriter().bytes(3, codec::ProtoWriter().bytes(2, ids).take()).take()) ==
        Code::limit);
  codec::ProtoWriter option;
  option.text(2, std::string(kMaxTopicSize + 1, 'x'));
  CHECK(code(codec::ProtoWriter().bytes(1, option.take()).take()) == Code::limit);
  CHECK(code(Bytes(kMaxInboundRpcSize + 1)) == Code::limit);
}

TEST_CASE("ids that are empty or too long are left out") {
  Rpc rpc;
  rpc.control.iwant = {IWant{{Bytes(), Bytes(kMaxIdSize, 1), Bytes(kMaxIdSize + 1, 1)}}};
  const auto read = decode_rpc(encode(rpc));
  REQUIRE(read);
  CHECK(read->control.iwant.at(0).ids == std::vector<Bytes>{Bytes(kMaxIdSize, 1)});
}

TEST_CASE("a large RPC is split below the bound and loses nothing") {
  Rpc rpc = full_rpc();
  for (std::uint8_t i = 0; i < 100; ++i) {
    rpc.publish.push_back(make_message(test::key_of(i), "news", Bytes(400, i), i));
    rpc.subscriptions.push_back(SubOpt{true, "topic " + std::to_string(i)});
    rpc.control.graft.push_back(Graft{"topic " + std::to_string(i)});
  }
  IHave many{"news", {}};
  for (std::uint32_t i = 0; i < 1000; ++i) {
    Bytes id(46, 0);
    store_be(id.data(), i);
    many.ids.push_back(id);
  }
  rpc.control.ihave = {many};
  const std::vector<Rpc> parts = split(rpc, 2000);
  Rpc joined;
  std::size_t total = 0;
  for (const Rpc& part : parts) {
    CHECK(encode(part).size() <= 2000);
    total += encode(part).size();
    const auto move_to = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    move_to(joined.subscriptions, part.subscriptions);
    move_to(joined.publish, part.publish);
    move_to(joined.control.graft, part.control.graft);
    move_to(joined.control.prune, part.control.prune);
    move_to(joined.control.iwant, part.control.iwant);
    for (const IHave& ihave : part.control.ihave) {
      if (joined.control.ihave.empty()) joined.control.ihave.push_back(IHave{ihave.topic, {}});
      move_to(joined.control.ihave[0].ids, ihave.ids);
    }
  }
  CHECK(joined == rpc);
  CHECK(parts.size() <= total / 1000);  // no part is nearly empty

  // One message that is too large alone still goes, alone.
  Rpc big;
  big.publish = {make_message(test::key_of(1), "news", Bytes(5000), 1),
                 make_message(test::key_of(1), "news", Bytes(1), 2)};
  const std::vector<Rpc> two = split(big, 2000);
  REQUIRE(two.size() == 2);
  CHECK(two[0].publish.size() == 1);
  CHECK(split(Rpc()).empty());
}
