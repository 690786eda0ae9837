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

}  // namespace

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
