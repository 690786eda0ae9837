// What strangers can do to a host that listens, and what must not come of it.
#include "libp2p/resolve.h"
#include "unit/libp2p/host_fixture.h"

namespace p2p::libp2p::testing {
namespace {

using Connections = std::vector<std::unique_ptr<runtime::TcpStream>>;

/// Connects, says nothing, and connects again.
Task<void> keep_connecting(runtime::Runtime runtime, runtime::Endpoint to, Connections& held) {
  for (int i = 0; i < 100; ++i) {
    auto tcp = co_await runtime.net.connect(to);
    if (tcp) held.push_back(std::move(*tcp));
  }
}

TEST_CASE("silent connections that never stop coming push each other out, not an honest peer") {
  SimWorld world(1);
  HostLimits limits;
  limits.pending_inbound = 4;
  Node victim(world, 1, limits);
  Node honest(world, 2);
  auto& attacker = world.host("attacker");
  const auto to = endpoint_of(victim.at());
  REQUIRE(to);
  Connections held;
  runtime::TaskGroup attack(attacker.runtime().queue);
  // Two come in each round trip: six and more while the honest peer's handshake goes on.
  for (int i = 0; i < 2; ++i) attack.spawn(keep_connecting(attacker.runtime(), *to, held));
  world.run_for(100ms);
  CHECK(honest.wait(world, honest.host.connect(victim.at())));
  world.run_for(1s);
  CHECK(honest.host.connected(victim.host.id()));
  CHECK(held.size() > 10);
}

TEST_CASE("one network that holds every connection makes room for another network's peer") {
  SimWorld world(1);
  HostLimits limits;
  limits.connections = 3;
  Node victim(world, 1, limits);
  std::vector<std::unique_ptr<Node>> crowd;
  for (std::uint8_t n = 2; n < 5; ++n) {
    crowd.push_back(std::make_unique<Node>(world, n));
    REQUIRE(crowd.back()->wait(world, crowd.back()->host.connect(victim.at())));
  }
  world.run_for(1s);
  CHECK(victim.host.peers().size() == 3);

  runtime::SimHostOptions elsewhere;
  elsewhere.addresses.push_back(runtime::IpAddress::v4(192, 168, 7, 1));
  auto& machine = world.host("elsewhere", elsewhere);
  Host newcomer(machine.runtime(), config_of(9));
  Node& first = *crowd.front();
  std::optional<Result<PeerId>> connected;
  REQUIRE(world.run(machine, Node::keep(connected, newcomer.connect(victim.at()))));
  CHECK(*connected);
  world.run_for(1s);
  CHECK(victim.host.connected(newcomer.id()));
  CHECK(victim.host.peers().size() == 3);
  // The youngest of the crowd went; who was there longest stays.
  CHECK(victim.host.connected(first.host.id()));
  CHECK_FALSE(victim.host.connected(crowd.back()->host.id()));
  // Another one of the crowd does not get in by the same door.
  CHECK_FALSE(crowd.back()->wait(world, crowd.back()->host.connect(victim.at())));
  CHECK(victim.host.connected(newcomer.id()));
}

/// Holds its stream and reads nothing of it.
Task<void> ignore(runtime::Clock& clock, std::unique_ptr<Stream> stream) {
  co_await runtime::sleep_for(clock, std::chrono::hours(1));
  stream->reset();
}

Task<void> pour(Host& host, PeerId to, std::vector<std::unique_ptr<Stream>>& streams) {
  for (int i = 0; i < 12; ++i) {
    std::vector<std::string> protocols(1, "/ignore");
    auto stream = co_await host.open(to, std::move(protocols));
    if (!stream) co_return;
    streams.push_back(std::move(*stream));
    Bytes data(200'000);
    auto written = co_await streams.back()->write(std::move(data));
    if (!written) co_return;
  }
}

TEST_CASE("unread data of many streams is bounded over all connections, and who sent most goes") {
  SimWorld world(1);
  HostLimits limits;
  limits.held = 1 << 20;
  Node victim(world, 1, limits);
  Node honest(world, 2);
  Node attacker(world, 3);
  runtime::Clock& clock = victim.machine.runtime().clock;
  victim.host.handle("/ignore", [&clock](std::unique_ptr<Stream> stream) {
    return ignore(clock, std::move(stream));
  });
  REQUIRE(honest.wait(world, honest.host.connect(victim.at())));
  REQUIRE(attacker.wait(world, attacker.host.connect(victim.at())));
  world.run_for(1s);
  std::vector<std::unique_ptr<Stream>> streams;
  world.run(attacker.machine, pour(attacker.host, victim.host.id(), streams), 1min);
  world.run_for(1s);
  CHECK_FALSE(victim.host.connected(attacker.host.id()));
  CHECK(victim.diary.has("disconnected " + std::string(p2p::name_of(Code::limit))));
  CHECK(victim.host.connected(honest.host.id()));
  CHECK(honest.wait(world, ping(honest.host, victim.host.id())));
}

}  // namespace
}  // namespace p2p::libp2p::testing
