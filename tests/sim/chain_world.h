// Chain nodes in the simulated world: each with a disk of its own that can lose power.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/sync/control.h"
#include "runtime/sim/world.h"
#include "support/chain_fixture.h"

namespace p2p::testing {

using namespace std::chrono_literals;
using runtime::SimHost;
using runtime::SimWorld;
using runtime::Task;

/// A machine with a node on it, which starts again, from its disk, after a crash.
class ChainMachine {
 public:
  /// `number` makes its identity and the address that it mines for.
  ChainMachine(SimWorld& world, std::uint8_t number)
      : number_(number),
        vfs_("sim-" + std::to_string(number)),
        host_(world.host("node" + std::to_string(number), options(number))) {
    chain::StoreOptions store;
    store.writable = true;
    store.vfs = vfs_.name();
    REQUIRE(chain::Store::create("/", easy_params(), store));
  }
  ~ChainMachine() { host_.crash(); }
  ChainMachine(const ChainMachine&) = delete;
  ChainMachine& operator=(const ChainMachine&) = delete;

  multiformats::Multiaddr address() const {
    return multiformats::Multiaddr::parse("/ip4/" + host_.ip().text() + "/tcp/4001")
        .value()
        .with_peer(multiformats::PeerId::of(key_of(number_).public_key()));
  }
  void start(std::vector<multiformats::Multiaddr> peers, bool mine) {
    peers_ = std::move(peers);
    mine_ = mine;
    host_.run([this](runtime::Runtime runtime) { return program(*this, runtime); });
  }
  /// The power goes within the next few writes, in the middle of a commit or between two: what was
  /// not synced may be lost. It comes back with restart.
  void crash(SimWorld& world) {
    vfs_.power_off_at(vfs_.changes() + world.random().below(60));
    world.run_until([this] { return !vfs_.powered(); }, 5s);
    host_.crash();
    vfs_.power_off_at(vfs_.changes());
    vfs_.restart(world.random());
  }
  void restart() { host_.restart(); }

  SimHost& host() { return host_; }
  std::uint8_t number() const { return number_; }
  bool powered() const { return vfs_.powered(); }
  /// Null while it is down.
  chain::Node* node() { return node_; }
  chain::ChainManager* chain() { return node_ == nullptr ? nullptr : &node_->chain(); }
  std::uint64_t reorgs() const { return reorgs_; }
  std::uint64_t lost_writes() const { return vfs_.lost(); }
  const std::vector<chain::Refused>& refused() const { return refused_; }

 private:
  static runtime::SimHostOptions options(std::uint8_t number) {
    runtime::SimHostOptions out;
    // Machines of unequal speed, or all would find their blocks at the same moment.
    out.job_time = 1500ms + number * 370ms;
    out.worker_threads = 1;
    // The world begins in 2026, and the chain later.
    out.wall_offset = std::chrono::seconds(kStart - 1'767'225'600) + number * 2s;
    return out;
  }

  struct Watch final : chain::ChainObserver, chain::NodeObserver {
    explicit Watch(ChainMachine& of, chain::ChainManager& chain) : machine(of), watched(chain) {
      watched.add_observer(*this);
    }
    ~Watch() override {
      watched.remove_observer(*this);
      machine.node_ = nullptr;
    }
    void on_reorg(const chain::Reorg&) override { ++machine.reorgs_; }
    void on_refused(const chain::Refused& refused) override { machine.refused_.push_back(refused); }
    ChainMachine& machine;
    chain::ChainManager& watched;
  };

  static Task<void> program(ChainMachine& self, runtime::Runtime runtime) {
    chain::StoreOptions store;
    store.writable = true;
    store.vfs = self.vfs_.name();
    auto opened = chain::Store::open("/", store);
    REQUIRE_MESSAGE(opened, opened.error().message());
    auto manager = chain::ChainManager::open(std::move(*opened));
    REQUIRE_MESSAGE(manager, manager.error().message());
    Watch watch(self, **manager);
    chain::NodeConfig config;
    config.peers = self.peers_;
    if (self.mine_) config.mine_to = address_of(self.number_);
    libp2p::HostConfig host(key_of(self.number_));
    chain::Node node(runtime, **manager, std::move(host), std::move(config), &watch);
    REQUIRE(node.listen(self.address().without_peer()));
    self.node_ = &node;
    node.start();
    const Error why = co_await node.run();
    if (self.vfs_.powered()) FAIL("the store failed: " << why.message());
  }

  std::uint8_t number_;
  FaultVfs vfs_;
  SimHost& host_;
  std::vector<multiformats::Multiaddr> peers_;
  bool mine_ = false;
  chain::Node* node_ = nullptr;
  std::uint64_t reorgs_ = 0;
  std::vector<chain::Refused> refused_;
};

}  // namespace p2p::testing
