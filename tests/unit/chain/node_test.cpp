#include "chain/sync/node.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "chain/sync/control.h"
#include "runtime/deadline.h"
#include "runtime/sim/world.h"
#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using namespace p2p::testing;
using namespace std::chrono_literals;
using libp2p::Host;
using libp2p::HostConfig;
using libp2p::Stream;
using runtime::SimHost;
using runtime::SimWorld;

namespace {

/// What the simulated world's clock shows at its beginning: 2026-01-01.
constexpr std::int64_t kWorldStart = 1'767'225'600;

runtime::SimHostOptions machine_options() {
  runtime::SimHostOptions options;
  options.wall_offset = std::chrono::seconds(kStart - kWorldStart);
  options.job_time = 100ms;
  return options;
}

/// What a node's observer is told.
struct Diary final : NodeObserver {
  std::vector<std::string> farewells;
  std::vector<Multiaddr> given_up;
  std::vector<Refused> refused;

  void on_peer_disconnected(const PeerId&, const std::string& why) override {
    farewells.push_back(why);
  }
  void on_peer_given_up(const Multiaddr& addr, const Error&) override { given_up.push_back(addr); }
  void on_refused(const Refused& what) override { refused.push_back(what); }
};

Multiaddr address_at(SimHost& machine, std::uint8_t number) {
  return Multiaddr::parse("/ip4/" + machine.ip().text() + "/tcp/4001")
      .value()
      .with_peer(PeerId::of(key_of(number).public_key()));
}

/// A node that stands outside its machine's tasks, so that the test holds it.
struct Peer {
  Peer(SimWorld& world, std::uint8_t id, std::vector<Multiaddr> peers = {})
      : number(id),
        machine(world.host("n" + std::to_string(id), machine_options())),
        chain("node-" + std::to_string(id)) {
    NodeConfig config;
    config.peers = std::move(peers);
    node = std::make_unique<Node>(machine.runtime(), *chain.chain, HostConfig(key_of(id)),
                                  std::move(config), &diary);
    REQUIRE(node->listen(address().without_peer()));
    node->start();
  }
  Multiaddr address() const { return address_at(machine, number); }
  bool knows(const PeerId& peer, PeerView::State state) const {
    return std::ranges::any_of(node->peers(), [&](const PeerView& view) {
      return view.id == peer && view.state == state;
    });
  }
  bool connected(const PeerId& peer) const { return knows(peer, PeerView::State::connected); }
  bool banned(const PeerId& peer) const { return knows(peer, PeerView::State::banned); }

  std::uint8_t number;
  SimHost& machine;
  TestChain chain;
  Diary diary;
  std::unique_ptr<Node> node;
};

/// A libp2p host that speaks the chain protocol as it pleases.
struct Stranger {
  using Behaviour = std::function<Task<void>(std::unique_ptr<Stream>)>;

  Stranger(SimWorld& world, std::uint8_t number, Behaviour behaviour)
      : machine(world.host("stranger", machine_options())),
        host(machine.runtime(), HostConfig(key_of(number))) {
    host.handle(std::string(kChainProtocol), std::move(behaviour));
    at = address_at(machine, number);
    REQUIRE(host.listen(at.without_peer()));
  }
  template <class T>
  T wait(SimWorld& world, Task<T> task) {
    std::optional<T> value;
    REQUIRE(world.run(machine, keep(value, std::move(task)), 5min));
    return std::move(*value);
  }
  template <class T>
  static Task<void> keep(std::optional<T>& value, Task<T> task) {
    value.emplace(co_await std::move(task));
  }

  SimHost& machine;
  Host host;
  Multiaddr at;
};

Task<void> stay_silent(std::unique_ptr<Stream> stream) {
  while (true) {
    const auto more = co_await stream->read(1000);
    if (!more) co_return;
    if (more->empty()) break;
  }
  runtime::WaitList never;
  co_await never.wait();
}

/// Answers every request with these bytes.
Stranger::Behaviour answer_with(Bytes answer) {
  struct Speak {
    static Task<void> once(std::unique_ptr<Stream> stream, Bytes raw) {
      const auto request = co_await libp2p::read_message(*stream, kMaxRequestSize);
      if (!request) co_return;
      const auto wrote = co_await stream->write(std::move(raw));
      if (wrote) stream->close_write();
    }
  };
  return
      [answer](std::unique_ptr<Stream> stream) { return Speak::once(std::move(stream), answer); };
}

Bytes framed(const Bytes& message) {
  Bytes out;
  out.push_back(static_cast<std::uint8_t>(message.size() & 0x7f));
  if (message.size() > 0x7f) {
    out.back() |= 0x80;
    out.push_back(static_cast<std::uint8_t>(message.size() >> 7));
  }
  append(out, message);
  return out;
}

}  // namespace

TEST_CASE("two nodes: what one has the other gets, and what one mines too") {
  SimWorld world(1);
  Peer a(world, 1);
  for (int i = 0; i < 30; ++i) a.chain.mine(1);
  Peer b(world, 2, std::vector<Multiaddr>(1, a.address()));
  const auto same = [&] { return b.chain.chain->tip().id == a.chain.chain->tip().id; };
  REQUIRE(world.run_until(same, 30s));
  CHECK(accounts_of(b.chain.chain->store()) == accounts_of(a.chain.chain->store()));

  Task<Result<BlockId>> mining = b.node->mine(address_of(2));
  std::optional<Result<BlockId>> mined;
  REQUIRE(world.run(b.machine, Stranger::keep(mined, std::move(mining)), 60s));
  REQUIRE(*mined);
  CHECK(world.run_until(same, 5s));
  CHECK(a.chain.chain->tip().id == **mined);
}

TEST_CASE("a peer that answers with garbage is banned for a time, and then gets another chance") {
  SimWorld world(2);
  Stranger stranger(world, 9, answer_with(framed(Bytes(20, 0xff))));
  Peer a(world, 1, std::vector<Multiaddr>(1, stranger.at));
  const PeerId id = stranger.host.id();
  REQUIRE(world.run_until([&] { return a.banned(id); }, 10s));
  CHECK_FALSE(a.connected(id));
  CHECK(a.diary.farewells.at(0).find("malformed") != std::string::npos);
  // Nor may it come in by itself.
  (void)stranger.wait(world, stranger.host.connect(a.address()));
  world.run_for(10s);
  CHECK_FALSE(a.connected(id));
  world.run_for(NodeConfig().ban_time);
  CHECK(a.diary.farewells.size() >= 2);  // it came back, and did it again
}

TEST_CASE("a peer on another chain is sent away, and not banned") {
  SimWorld world(3);
  Status other;
  other.genesis.bytes.fill(3);
  Stranger stranger(world, 9, answer_with(framed(encode(other))));
  Peer a(world, 1, std::vector<Multiaddr>(1, stranger.at));
  REQUIRE(world.run_until([&] { return !a.diary.farewells.empty(); }, 10s));
  CHECK(a.diary.farewells[0].find("another chain") != std::string::npos);
  CHECK_FALSE(a.banned(stranger.host.id()));
}

TEST_CASE("a peer that never answers is let go after the time for an answer") {
  SimWorld world(4);
  Stranger stranger(world, 9, stay_silent);
  Peer a(world, 1, std::vector<Multiaddr>(1, stranger.at));
  world.run_for(SyncParams().answer_time - 1s);
  CHECK(a.connected(stranger.host.id()));
  CHECK(world.run_until([&] { return !a.diary.farewells.empty(); }, 10s));
  CHECK(a.diary.farewells[0].find("in time") != std::string::npos);
  CHECK_FALSE(a.banned(stranger.host.id()));
}

TEST_CASE("a peer without the chain protocol, such as a prober, is left alone") {
  SimWorld world(5);
  Peer a(world, 1);
  SimHost& machine = world.host("prober");
  Host prober(machine.runtime(), HostConfig(key_of(9)));
  std::optional<Result<PeerId>> connected;
  Task<Result<PeerId>> connecting = prober.connect(a.address());
  REQUIRE(world.run(machine, Stranger::keep(connected, std::move(connecting)), 10s));
  REQUIRE(*connected);
  world.run_for(5min);
  CHECK(a.connected(prober.id()));
}

TEST_CASE("a malformed request costs a ban; an endless one its stream") {
  SimWorld world(6);
  Stranger stranger(world, 9, answer_with(Bytes()));
  stranger.host.unhandle(std::string(kChainProtocol));  // so that only its own questions count
  Peer a(world, 1);
  REQUIRE(stranger.wait(world, stranger.host.connect(a.address())));
  const auto open = [&] {
    return stranger.wait(world, stranger.host.open(a.node->id(), {std::string(kChainProtocol)}));
  };
  {
    auto stream = open();
    REQUIRE(stream);
    Bytes huge(5, 0xff);  // announces more than a request may have
    (void)stranger.wait(world, (*stream)->write(std::move(huge)));
    const auto answer = stranger.wait(world, (*stream)->read(10));
    CHECK((!answer || answer->empty()));
    CHECK(a.connected(stranger.host.id()));
  }
  auto stream = open();
  REQUIRE(stream);
  (void)stranger.wait(world, (*stream)->write(framed(Bytes(9, 0xa0))));
  CHECK(world.run_until([&] { return a.banned(stranger.host.id()); }, 10s));
}

TEST_CASE("no peer has more than a few requests answered at one time") {
  SimWorld world(7);
  Stranger stranger(world, 9, stay_silent);
  Peer a(world, 1);
  REQUIRE(stranger.wait(world, stranger.host.connect(a.address())));
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < SyncService::kMaxServed + 3; ++i) {
    auto opened =
        stranger.wait(world, stranger.host.open(a.node->id(), {std::string(kChainProtocol)}));
    REQUIRE(opened);
    Bytes part(1, 20);  // a length, and nothing after it
    (void)stranger.wait(world, (*opened)->write(std::move(part)));
    streams.push_back(std::move(*opened));
  }
  world.run_for(1s);
  const auto closed = std::ranges::count_if(streams, [&](const auto& stream) {
    Bytes more(1, 0);
    return !stranger.wait(world, stream->write(std::move(more)));
  });
  CHECK(closed == 3);
}

TEST_CASE("gossip: who sends an invalid block pays, who sends an orphan or an early one does not") {
  SimWorld world(8);
  TestChain other("node-other");
  other.mine();
  const Block orphan = other.mine();
  const Block early = [&] {
    TestChain ahead("node-ahead");
    return ahead.mine(1, kStart + 3 * 3600);
  }();
  Peer a(world, 1);
  Block greedy = block_on(*a.chain.chain, a.chain.chain->tip(), 4);
  greedy.txs[0].amount += 1;
  greedy = mined(greedy);

  Stranger stranger(world, 9, stay_silent);
  stranger.host.unhandle(std::string(kChainProtocol));
  libp2p::gossipsub::Service gossip(stranger.host, key_of(9));
  const std::string id = a.chain.params.genesis_id().text();
  const std::string topic = "/p2p-utils/chain/" + id.substr(id.size() - 16) + "/blocks";
  gossip.subscribe(topic);
  REQUIRE(stranger.wait(world, stranger.host.connect(a.address())));
  REQUIRE(world.run_until([&] { return !gossip.peers(topic).empty(); }, 10s));
  for (const Block& harmless : {orphan, early}) {
    REQUIRE(gossip.publish(topic, harmless.encode()));
    world.run_for(2s);
    CHECK(a.connected(stranger.host.id()));
  }
  CHECK(a.chain.chain->tree().size() == 1);
  REQUIRE(gossip.publish(topic, greedy.encode()));
  REQUIRE(world.run_until([&] { return a.banned(stranger.host.id()); }, 10s));
  REQUIRE(a.diary.refused.size() == 1);
  CHECK(a.diary.refused[0].outcome.rule == Rule::bad_coinbase);
  CHECK(a.diary.refused[0].from == stranger.host.id());
  CHECK(a.chain.chain->tip().height == 0);
}

TEST_CASE("disconnect keeps a peer away from both sides until connect") {
  SimWorld world(9);
  Peer a(world, 1);
  Peer b(world, 2, std::vector<Multiaddr>(1, a.address()));
  REQUIRE(world.run_until([&] { return a.connected(b.node->id()); }, 10s));
  a.node->disconnect(b.node->id());
  CHECK(a.knows(b.node->id(), PeerView::State::away) == false);  // still leaving
  world.run_for(2min);                                           // b dials again, in vain
  CHECK(a.knows(b.node->id(), PeerView::State::away));
  CHECK_FALSE(a.connected(b.node->id()));
  a.chain.mine(1);
  world.run_for(1min);
  CHECK(b.chain.chain->tip().height == 0);

  std::optional<Result<PeerId>> healed;
  Task<Result<PeerId>> connecting = a.node->connect(b.address());
  REQUIRE(world.run(a.machine, Stranger::keep(healed, std::move(connecting)), 30s));
  REQUIRE(*healed);
  CHECK(world.run_until([&] { return b.chain.chain->tip().height == 1; }, 10s));
}

TEST_CASE("a peer that is lost is dialed again, and one that was discovered is dialed") {
  SimWorld world(10);
  Peer a(world, 1);
  Peer b(world, 2, std::vector<Multiaddr>(1, a.address()));
  Peer c(world, 3);
  REQUIRE(world.run_until([&] { return a.connected(b.node->id()); }, 10s));
  c.node->discovered(std::vector<Multiaddr>(1, a.address()));
  CHECK(world.run_until([&] { return a.connected(c.node->id()); }, 10s));
  world.cut(a.machine, b.machine);
  world.cut(b.machine, a.machine);
  REQUIRE(world.run_until([&] { return !b.connected(a.node->id()); }, 5min));
  world.heal();
  CHECK(world.run_until([&] { return b.connected(a.node->id()); }, 2min));
}

// A mistyped address was dialed every half minute until the node ended.
TEST_CASE("an address that never answers is given up, one that has answered is not") {
  SimWorld world(12);
  const Multiaddr named = Multiaddr::parse("/ip4/10.99.0.1/tcp/4001").value();
  Peer a(world, 1, std::vector<Multiaddr>(1, named));
  Peer b(world, 2);
  const Multiaddr typo = Multiaddr::parse("/ip4/10.99.0.2/tcp/4001").value();
  std::optional<Result<PeerId>> first;
  a.machine.spawn(Stranger::keep(first, a.node->connect(typo)));
  std::optional<Result<PeerId>> second;
  a.machine.spawn(Stranger::keep(second, a.node->connect(b.address())));
  world.run_for(30s);
  REQUIRE(first);
  CHECK_FALSE(*first);
  CHECK(a.connected(b.node->id()));
  CHECK(a.diary.given_up.empty());
  world.cut(a.machine, b.machine);
  world.cut(b.machine, a.machine);
  world.run_for(11min);
  CHECK(a.diary.given_up == std::vector<Multiaddr>(1, typo));
  CHECK_FALSE(a.connected(b.node->id()));
  // Who was met, or named at the start, is still looked for; and the address may be tried again.
  a.machine.spawn(Stranger::keep(first, a.node->connect(typo)));
  world.run_for(2h);
  CHECK(a.diary.given_up == std::vector<Multiaddr>(2, typo));
  world.heal();
  world.run_for(2min);
  CHECK(a.connected(b.node->id()));
}

TEST_CASE("the control socket: numbers, transactions, blocks, peers, and refusals") {
  SimWorld world(11);
  Peer a(world, 1);
  ControlServer server(a.machine.runtime(), *a.node);
  REQUIRE(server.listen("/nowhere-real"));
  const auto wait = [&]<class T>(Task<T> task) {
    std::optional<T> value;
    REQUIRE(world.run(a.machine, Stranger::keep(value, std::move(task)), 5min));
    return std::move(*value);
  };
  auto client = wait(ControlClient::connect(a.machine.runtime(), "/nowhere-real"));
  REQUIRE(client);
  CHECK(wait(client->next_nonce(address_of(5))).value() == 0);
  const auto tx = anchor(a.chain.params, 5, "data", 0);
  CHECK(wait(client->submit(tx)).value());
  CHECK_FALSE(wait(client->submit(tx)).value());
  CHECK(wait(client->next_nonce(address_of(5))).value() == 1);
  const auto poor = transfer(a.chain.params, 6, 5, 10, 0, 0);
  const auto refused = wait(client->submit(poor));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::rejected);
  REQUIRE(wait(client->start_mining(2, address_of(5))));
  const BlockId first = wait(client->mined()).value();
  const BlockId second = wait(client->mined()).value();
  CHECK(a.chain.chain->find(second)->parent->id == first);
  CHECK(a.chain.chain->tip().id == second);
  CHECK(a.chain.chain->store().transaction(tx.id()).value());
  CHECK(wait(client->peers()).value().empty());
  CHECK_FALSE(wait(client->connect_peer("not an address")));
  CHECK_FALSE(wait(client->disconnect_peer("/ip4/10.9.9.9/tcp/1")));
}
