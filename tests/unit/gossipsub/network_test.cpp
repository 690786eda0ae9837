#include <doctest/doctest.h>

#include "network.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;
using p2p::libp2p::gossipsub::test::Network;
using namespace std::chrono_literals;

namespace {

const std::string kTopic = "news";

/// 50 nodes with some 20 links each, all in one topic, after five seconds.
void settle(Network& network) {
  network.connect_randomly(10);
  for (std::size_t i = 0; i < network.size(); ++i) network.subscribe(i, kTopic);
  network.run_for(5s);
}

void check_mesh(Network& network) {
  for (std::size_t i = 0; i < network.size(); ++i) {
    const auto mesh = network.router(i).mesh(kTopic);
    const Params& params = network.router(i).params();
    CHECK(mesh.size() >= std::min(params.D_low, network.router(i).peers(kTopic).size()));
    // GRAFTs that arrive between heartbeats stop at D_high, but for outbound ones.
    CHECK(mesh.size() <= params.D_high);
    for (const PeerId& peer : mesh) {
      CHECK(network.router(network.index(peer)).mesh(kTopic).contains(network.id(i)));
    }
  }
}

}  // namespace

TEST_CASE("50 routers deliver every message to everyone, once") {
  Network network(50, 1);
  settle(network);
  check_mesh(network);
  std::vector<MessageId> ids;
  for (std::size_t i = 0; i < 60; ++i) {
    ids.push_back(network.publish(i % 5, kTopic, "message " + std::to_string(i)));
    network.run_for(100ms);
  }
  network.run_for(5s);
  for (const MessageId& id : ids) CHECK(network.holders(id) == 49);
  for (std::size_t i = 0; i < network.size(); ++i) {
    for (const auto& [id, times] : network.node(i).delivered) CHECK(times == 1);
    CHECK(network.node(i).offences.empty());
  }
  // A mesh, not a flood of all 20 links: the publisher's flood, then about D for each delivery.
  CHECK(network.sent_messages < 60 * 50 * 9);
  check_mesh(network);
}

TEST_CASE("equal seeds give equal traces, other seeds others") {
  const auto run = [](std::uint64_t seed) {
    Network network(20, seed);
    settle(network);
    network.publish(3, kTopic, "hello");
    network.run_for(3s);
    return network.trace();
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE("gossip heals what a partition cut: IHAVE and IWANT bring it over") {
  Network network(50, 3);
  settle(network);
  std::vector<std::size_t> halves(50);
  for (std::size_t i = 0; i < 50; ++i) halves[i] = i % 2;
  network.partition(halves);
  std::vector<MessageId> ids;
  for (std::size_t i = 0; i < 10; ++i) {
    ids.push_back(network.publish(i, kTopic, "cut " + std::to_string(i)));
  }
  network.run_for(900ms);
  for (const MessageId& id : ids) CHECK(network.holders(id) < 26);
  network.partition(std::vector<std::size_t>(50, 0));
  const std::size_t asked = network.sent_iwant;
  network.run_for(6s);
  for (const MessageId& id : ids) CHECK(network.holders(id) == 49);
  CHECK(network.sent_iwant > asked);
}

TEST_CASE("gossip makes up for lost RPCs") {
  Network network(50, 4);
  settle(network);
  network.loss = 0.2;
  std::vector<MessageId> ids;
  for (std::size_t i = 0; i < 20; ++i) {
    ids.push_back(network.publish(i, kTopic, "lossy " + std::to_string(i)));
    network.run_for(200ms);
  }
  network.loss = 0;
  network.run_for(8s);
  for (const MessageId& id : ids) CHECK(network.holders(id) == 49);
}

TEST_CASE("without flood publishing, a publisher outside the topic reaches it by its fanout") {
  RouterConfig config;
  config.params.flood_publish = false;
  Network network(30, 5, config);
  network.connect_randomly(8);
  for (std::size_t i = 1; i < network.size(); ++i) network.subscribe(i, kTopic);
  network.run_for(5s);
  const MessageId id = network.publish(0, kTopic, "from outside");
  CHECK(network.router(0).fanout(kTopic).size() <= config.params.D);
  CHECK(network.router(0).fanout(kTopic).size() > 0);
  network.run_for(3s);
  CHECK(network.holders(id) == 29);
  network.run_for(61s);
  CHECK(network.router(0).fanout(kTopic).empty());
}

TEST_CASE("floodsub peers alone reach everyone") {
  Network network(12, 6);
  for (std::size_t i = 0; i + 1 < network.size(); ++i) {
    network.connect(i, i + 1, PeerProtocol::floodsub);
  }
  for (std::size_t i = 0; i < network.size(); ++i) network.subscribe(i, kTopic);
  network.run_for(1s);
  const MessageId id = network.publish(0, kTopic, "along the line");
  network.run_for(3s);
  CHECK(network.holders(id) == 11);
  CHECK(network.sent_graft == 0);
}

TEST_CASE("meshes stay within their bounds when half of the nodes leave the topic") {
  Network network(40, 9);
  settle(network);
  for (std::size_t i = 0; i < 20; ++i) {
    network.router(i).unsubscribe(kTopic, network.now());
  }
  network.run_for(30s);
  for (std::size_t i = 20; i < 40; ++i) {
    for (const PeerId& peer : network.router(i).mesh(kTopic)) CHECK(network.index(peer) >= 20);
  }
  const MessageId id = network.publish(25, kTopic, "after");
  network.run_for(3s);
  CHECK(network.holders(id) == 19);
}
