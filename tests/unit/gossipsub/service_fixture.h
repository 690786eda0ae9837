// Gossiping hosts in a simulated network, and a stranger whose streams the test holds in its hands.
#pragma once

#include "base/varint.h"
#include "libp2p/gossipsub/service.h"
#include "unit/libp2p/host_fixture.h"

namespace p2p::libp2p::gossipsub::test {

using libp2p::testing::addr;
using libp2p::testing::config_of;
using libp2p::testing::Node;
using runtime::SimWorld;
using namespace std::chrono_literals;

inline const std::string kTopic = "news";

/// A host with gossip, which collects what it hears in `topic`.
struct Talker {
  Talker(SimWorld& in, std::uint8_t n, ServiceConfig config = ServiceConfig())
      : world(in),
        node(in, n),
        gossip(
            std::make_unique<Service>(node.host, libp2p::testing::key_of(n), std::move(config))) {}

  void listen_to(const std::string& topic, Validator validator = nullptr) {
    gossip->subscribe(topic, std::move(validator));
    node.machine.spawn(collect(*this, topic));
  }
  void connect(Talker& to) { REQUIRE(node.wait(world, node.host.connect(to.node.at()))); }
  PublicationPtr say(const std::string& text, const std::string& topic = kTopic) {
    auto published = gossip->publish(topic, to_bytes(text));
    REQUIRE(published);
    return *published;
  }
  std::size_t heard(const std::string& text) const {
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), text));
  }
  const PeerId& id() const { return node.host.id(); }

  static Task<void> collect(Talker& self, std::string topic) {
    while (true) {
      auto received = co_await self.gossip->next(topic);
      if (!received) co_return;
      self.lines.push_back(to_text(received->message->payload()));
      self.neighbours.push_back(received->from);
    }
  }

  SimWorld& world;
  Node node;
  std::vector<std::string> lines;
  std::vector<PeerId> neighbours;
  std::unique_ptr<Service> gossip;
};

/// A peer that speaks only as the test tells it to: it accepts pubsub streams and records the RPCs
/// that come, and opens streams by hand.
struct Stranger {
  Stranger(SimWorld& in, std::uint8_t n, std::string protocol = "/meshsub/1.1.0")
      : world(in), node(in, n), spoken(std::move(protocol)), key(libp2p::testing::key_of(n)) {
    node.host.handle(spoken, [this](std::unique_ptr<Stream> stream) {
      return take(*this, std::shared_ptr<Stream>(std::move(stream)));
    });
  }
  void connect(Talker& to) {
    REQUIRE(node.wait(world, node.host.connect(to.node.at())));
    peer = to.id();
  }
  std::shared_ptr<Stream> open() {
    auto opened = node.wait(world, node.host.open(peer, std::vector<std::string>(1, spoken)));
    REQUIRE(opened);
    return std::move(*opened);
  }
  void send(Stream& stream, const Rpc& rpc) { send_bytes(stream, encode(rpc)); }
  void send_bytes(Stream& stream, Bytes message) {
    REQUIRE(node.wait(world, write_message(stream, std::move(message))));
  }
  Rpc subscription(const std::string& topic, bool on = true) const {
    Rpc rpc;
    rpc.subscriptions.push_back(SubOpt{on, topic});
    return rpc;
  }
  Rpc message(const std::string& text, const std::string& topic = kTopic) {
    Rpc rpc;
    rpc.publish.push_back(make_message(key, topic, to_bytes(text), ++seqno));
    return rpc;
  }
  std::vector<std::string> heard() const {
    std::vector<std::string> texts;
    for (const Rpc& rpc : rpcs) {
      for (const MessagePtr& each : rpc.publish) texts.push_back(to_text(each->payload()));
    }
    return texts;
  }

  static Task<void> take(Stranger& self, std::shared_ptr<Stream> stream) {
    ++self.accepted;
    self.inbound = stream;
    if (self.reset_first && self.accepted == 1) {
      stream->reset();
      co_return;
    }
    while (self.reads) {
      auto message = co_await read_message(*stream, kMaxInboundRpcSize);
      if (!message) co_return;
      if (!*message) break;
      auto rpc = decode_rpc(**message);
      REQUIRE(rpc);
      self.rpcs.push_back(std::move(*rpc));
    }
    if (self.reads) self.ended = true;
    while (!self.reads) co_await self.never.wait();
  }

  SimWorld& world;
  Node node;
  std::string spoken;
  crypto::SigningKey key;
  PeerId peer;
  std::uint64_t seqno = 0;
  std::vector<Rpc> rpcs;
  std::shared_ptr<Stream> inbound;
  int accepted = 0;
  bool reset_first = false;
  bool reads = true;
  bool ended = false;  ///< the talker has ended its stream
  runtime::WaitList never;
};

}  // namespace p2p::libp2p::gossipsub::test
