#include "libp2p/mdns/service.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/sim/world.h"

using namespace p2p;
using namespace p2p::libp2p::mdns;
using namespace std::chrono_literals;
using runtime::Runtime;
using runtime::SimHost;
using runtime::SimWorld;
using runtime::Task;

namespace {

PeerId peer(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = number;
  return PeerId::of(crypto::SigningKey::from_seed(seed).public_key());
}

struct Seen {
  std::vector<PeerId> peers;
  std::vector<Multiaddr> addrs;
};

/// Announces itself (unless `number` is 0) and notes whom it hears of, for ever.
Task<void> take_part(Runtime rt, std::uint8_t number, std::string ip, Seen& seen) {
  Service service(rt, Config(), Log());
  const auto started = service.start();
  REQUIRE(started);
  if (number != 0) {
    const auto addr = Multiaddr::parse("/ip4/" + ip + "/tcp/4001");
    REQUIRE(addr);
    const std::vector<Multiaddr> addrs(1, *addr);
    service.announce(peer(number), addrs);
  }
  for (;;) {
    auto waiting = service.next();
    const Found found = co_await std::move(waiting);
    seen.peers.push_back(found.peer);
    seen.addrs.insert(seen.addrs.end(), found.addrs.begin(), found.addrs.end());
  }
}

struct Net {
  explicit Net(std::uint64_t seed, double loss = 0) : world(seed) {
    runtime::SimLink link;
    link.latency = 1ms;
    link.jitter = 5ms;
    link.loss = loss;
    world.set_link(link);
    for (std::uint8_t i = 0; i < 4; ++i) {
      hosts[i] = &world.host("n" + std::to_string(i));
      start(i);
    }
  }
  void start(std::uint8_t i) {
    hosts[i]->spawn(take_part(hosts[i]->runtime(), i, hosts[i]->ip().text(), seen[i]));
  }

  Seen seen[4];
  SimWorld world;
  SimHost* hosts[4];
};

}  // namespace

TEST_CASE("mdns service: everybody finds everybody, each once, whatever gets lost") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    std::uint64_t traces[2];
    for (std::uint64_t& trace : traces) {
      Net net(seed, 0.3);
      net.world.run_for(90s);
      for (std::uint8_t i = 0; i < 4; ++i) {
        std::vector<PeerId> expected;
        for (std::uint8_t other = 1; other < 4; ++other) {
          if (other != i) expected.push_back(peer(other));
        }
        std::ranges::sort(expected);
        std::ranges::sort(net.seen[i].peers);
        CHECK(net.seen[i].peers == expected);
      }
      trace = net.world.trace();
    }
    CHECK(traces[0] == traces[1]);
  }
}

TEST_CASE(
    "mdns service: a late comer is answered within seconds, and what it hears can be dialed") {
  Net net(5);
  net.world.run_for(200s);
  Seen late;
  SimHost& machine = net.world.host("late");
  machine.spawn(take_part(machine.runtime(), 0, machine.ip().text(), late));
  net.world.run_for(1500ms);
  REQUIRE(late.peers.size() == 3);
  for (std::uint8_t i = 1; i < 4; ++i) {
    const auto expected = Multiaddr::parse("/ip4/" + net.hosts[i]->ip().text() + "/tcp/4001");
    CHECK(std::ranges::find(late.addrs, expected->with_peer(peer(i))) != late.addrs.end());
  }
}

TEST_CASE("mdns service: a network without multicast says so") {
  SimWorld world(6);
  SimHost& machine = world.host("n", [] {
    runtime::SimHostOptions options;
    options.most_sockets = 0;
    return options;
  }());
  Service service(machine.runtime(), Config(), Log());
  CHECK_FALSE(service.start());
}
