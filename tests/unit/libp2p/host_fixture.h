// Hosts in a simulated network, for the tests of the host and what stands on it.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "libp2p/host.h"
#include "libp2p/ping.h"
#include "runtime/deadline.h"
#include "runtime/sim/world.h"

namespace p2p::libp2p::testing {

using namespace std::chrono_literals;
using runtime::SimHost;
using runtime::SimWorld;

inline Multiaddr addr(std::string_view text) {
  auto parsed = Multiaddr::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

inline crypto::SigningKey key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return crypto::SigningKey::from_seed(seed);
}

/// What an observer saw, one line each.
struct Diary final : HostObserver {
  std::vector<std::string> lines;
  std::vector<std::string> protocols;  // of the last identify

  void on_connected(const PeerId&, const Multiaddr&, bool outbound) override {
    lines.push_back(outbound ? "connected out" : "connected in");
  }
  void on_identified(const Identity& identity) override {
    lines.push_back("identified");
    protocols = identity.protocols;
  }
  void on_disconnected(const PeerId&, const Error& why) override {
    lines.push_back("disconnected " + std::string(p2p::name_of(why.code)));
  }
  void on_inbound_failed(const Multiaddr&, Phase phase, const Error& why) override {
    lines.push_back("failed in " + std::string(name_of(phase)) + ": " +
                    std::string(p2p::name_of(why.code)));
  }
  bool has(const std::string& line) const {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
};

inline HostConfig config_of(std::uint8_t n, HostLimits limits = HostLimits()) {
  HostConfig config(key_of(n));
  config.agent = "test/" + std::to_string(n);
  config.limits = limits;
  return config;
}

/// One simulated machine with one libp2p host that listens.
struct Node {
  Node(SimWorld& world, std::uint8_t n, HostLimits limits = HostLimits())
      : machine(world.host("n" + std::to_string(n))),
        host(machine.runtime(), config_of(n, limits)) {
    host.add_observer(diary);
    REQUIRE(host.listen(addr("/ip4/0.0.0.0/tcp/4001")));
  }
  Multiaddr at() const {
    return addr("/ip4/" + machine.ip().text() + "/tcp/4001").with_peer(host.id());
  }
  /// Waits for `task` in the world and returns its value.
  template <class T>
  T wait(SimWorld& world, Task<T> task, Duration limit = std::chrono::minutes(5)) {
    std::optional<T> value;
    REQUIRE(world.run(machine, keep(value, std::move(task)), limit));
    REQUIRE(value);
    return std::move(*value);
  }
  template <class T>
  static Task<void> keep(std::optional<T>& value, Task<T> task) {
    value.emplace(co_await std::move(task));
  }

  SimHost& machine;
  Diary diary;  // before the host, which calls it to its end
  Host host;
};

}  // namespace p2p::libp2p::testing
