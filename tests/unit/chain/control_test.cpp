#include "chain/sync/control.h"

#include "runtime/sim/world.h"
#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using namespace p2p::testing;
using runtime::SimHost;
using runtime::SimWorld;

namespace {

template <class T>
Task<void> keep(std::optional<T>& value, Task<T> task) {
  value.emplace(co_await std::move(task));
}

Task<Result<std::vector<ControlClient::PeerLine>>> list_peers(runtime::Runtime world) {
  auto client = co_await ControlClient::connect(world, "chain");
  if (!client) co_return fail(std::move(client).error());
  co_return co_await client->peers();
}

/// Takes connections and never answers, as a process that was stopped does.
Task<void> take_silently(runtime::TcpListener& listener,
                         std::vector<std::unique_ptr<runtime::TcpStream>>& taken) {
  while (true) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    taken.push_back(std::move(*accepted));
  }
}

}  // namespace

TEST_CASE("a node that takes the question and never answers is a timeout, with a hint, in time") {
  SimWorld world(2);
  SimHost& machine = world.host("node");
  auto listener = machine.runtime().net.listen_local(control_socket_in("chain").string());
  REQUIRE(listener);
  std::vector<std::unique_ptr<runtime::TcpStream>> taken;
  machine.spawn(take_silently(**listener, taken));
  std::optional<Result<std::vector<ControlClient::PeerLine>>> listed;
  const Time asked = world.now();
  REQUIRE(world.run(machine, keep(listed, list_peers(machine.runtime()))));
  CHECK(world.now() >= asked + ControlClient::kAnswerTime);
  CHECK(world.now() < asked + ControlClient::kAnswerTime + std::chrono::seconds(1));
  CHECK(taken.size() == 1);
  REQUIRE(listed);
  REQUIRE_FALSE(*listed);
  CHECK(listed->error().code == Code::timeout);
  CHECK(listed->error().hint == "is its process stopped?");
}

// Three peers with agents of several kilobytes, or a thousand bans, made the answer too long.
TEST_CASE("the list of peers has room for all, whatever they call themselves") {
  SimWorld world(1);
  TestChain t("control");
  SimHost& machine = world.host("node");
  Node node(machine.runtime(), *t.chain, libp2p::HostConfig(key_of(200)), NodeConfig());
  const auto at = node.listen(Multiaddr::parse("/ip4/0.0.0.0/tcp/4001").value());
  REQUIRE(at);
  const Multiaddr dialed =
      Multiaddr::parse("/ip4/" + machine.ip().text() + "/tcp/4001").value().with_peer(node.id());
  ControlServer control(machine.runtime(), node);
  REQUIRE(control.listen("chain"));
  std::vector<std::unique_ptr<libp2p::Host>> peers;
  std::vector<std::optional<Result<multiformats::PeerId>>> connected(12);
  for (std::uint8_t i = 0; i < connected.size(); ++i) {
    SimHost& other = world.host("peer" + std::to_string(i));
    libp2p::HostConfig config(key_of(static_cast<std::uint8_t>(100 + i)));
    config.agent = std::string(3500, '\x01');  // six characters each in JSON
    peers.push_back(std::make_unique<libp2p::Host>(other.runtime(), std::move(config)));
    other.spawn(keep(connected[i], peers.back()->connect(dialed)));
  }
  for (int i = 0; i < 900; ++i) {
    std::array<std::uint8_t, 32> seed{};
    seed[0] = static_cast<std::uint8_t>(i);
    seed[1] = static_cast<std::uint8_t>(1 + i / 256);
    node.disconnect(multiformats::PeerId::of(crypto::SigningKey::from_seed(seed).public_key()));
  }
  world.run_for(std::chrono::seconds(5));
  std::optional<Result<std::vector<ControlClient::PeerLine>>> listed;
  REQUIRE(world.run(machine, keep(listed, list_peers(machine.runtime()))));
  REQUIRE(listed);
  REQUIRE(*listed);
  CHECK((*listed)->size() == 912);
  CHECK((*listed)->front().agent.starts_with('\x01'));
}
