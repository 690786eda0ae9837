// Three chain nodes, cut into halves that both mine, on a network that loses packets, with machines
// that lose power: they end on one tip and one state, and no acknowledged transaction is lost.
#include <cstdlib>

#include "chain/manager/verify.h"
#include "chain_world.h"

using namespace p2p;
using namespace p2p::testing;

namespace {

struct Ending {
  std::uint64_t trace = 0;
  std::uint32_t height = 0;
  std::uint64_t reorgs = 0;
  std::uint64_t lost_writes = 0;
  std::uint64_t crashes = 0;
};

/// What the world does to three nodes, chosen by the seed.
class Story {
 public:
  explicit Story(std::uint64_t seed) : world_(seed) {
    runtime::SimLink link;
    link.latency = 20ms;
    link.jitter = 30ms;
    link.loss = 0.02 + 0.08 * world_.random().unit();
    link.reset = 0.0005;
    world_.set_link(link);
    for (std::uint8_t i = 1; i <= 3; ++i) {
      machines_.push_back(std::make_unique<ChainMachine>(world_, i));
    }
    // Each knows those before it; the third comes as a follower that does not mine.
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      std::vector<multiformats::Multiaddr> peers;
      for (std::size_t j = 0; j < i; ++j) peers.push_back(machines_[j]->address());
      machines_[i]->start(std::move(peers), i < 2);
    }
  }

  Ending play() {
    world_.run_for(20s);
    submit(0);
    world_.run_for(10s);
    cut();
    submit(0);
    submit(1);
    // Longer than a connection survives, or shorter.
    world_.run_for(std::chrono::seconds(20 + world_.random().below(60)));
    crash_one();
    submit(0);
    world_.run_for(20s);
    submit(1);
    world_.heal();
    if (world_.random().below(2) == 0) crash_one();
    const bool agreed = world_.run_until([this] { return settled(); }, 10min);
    CHECK_MESSAGE(agreed, "tips after ten minutes: " << tips());
    if (agreed) check();
    Ending out;
    out.trace = world_.trace();
    if (auto* chain = machines_[0]->chain()) out.height = chain->tip().height;
    for (const auto& machine : machines_) {
      out.reorgs += machine->reorgs();
      out.lost_writes += machine->lost_writes();
    }
    out.crashes = crashes_;
    return out;
  }

 private:
  void cut() {
    std::vector<SimHost*> one;
    std::vector<SimHost*> other;
    const std::size_t alone = static_cast<std::size_t>(world_.random().below(2));
    for (std::size_t i = 0; i < 3; ++i) {
      (i == alone ? one : other).push_back(&machines_[i]->host());
    }
    world_.partition({one, other});
  }

  void submit(std::size_t at) {
    chain::Node* node = machines_[at]->node();
    if (node == nullptr) return;
    const std::uint8_t from = static_cast<std::uint8_t>(10 + at);
    const auto nonce = node->chain().next_nonce(address_of(from)).value();
    const auto tx = anchor(easy_params(), from, "said " + std::to_string(nonce), nonce);
    const auto accepted = node->submit(tx);
    REQUIRE_MESSAGE(accepted, accepted.error().message());
    acknowledged_.push_back(tx.id());
  }

  void crash_one() {
    ChainMachine& victim = *machines_[static_cast<std::size_t>(world_.random().below(3))];
    victim.crash(world_);
    ++crashes_;
    world_.run_for(std::chrono::milliseconds(world_.random().below(5000)));
    victim.restart();
  }

  /// One tip, and everything acknowledged is in a block.
  bool settled() {
    for (const auto& machine : machines_) {
      if (machine->chain() == nullptr) return false;
      if (machine->chain()->tip().id != machines_[0]->chain()->tip().id) return false;
    }
    for (const chain::TxId& tx : acknowledged_) {
      if (!machines_[2]->chain()->store().transaction(tx).value()) return false;
    }
    return true;
  }

  std::string tips() {
    std::string out;
    for (const auto& machine : machines_) {
      auto* chain = machine->chain();
      if (chain == nullptr) {
        out += "down ";
        continue;
      }
      out += std::to_string(chain->tip().height) + " lacking";
      for (std::size_t i = 0; i < acknowledged_.size(); ++i) {
        if (chain->store().transaction(acknowledged_[i]).value()) continue;
        out += " " + std::to_string(i);
        if (chain->mempool().contains(acknowledged_[i])) out += "(waits)";
      }
      out += "; ";
    }
    return out;
  }

  void check() {
    const auto expected = accounts_of(machines_[0]->chain()->store());
    CHECK(expected == replayed(*machines_[0]->chain()));
    for (const auto& machine : machines_) {
      CHECK(accounts_of(machine->chain()->store()) == expected);
      CHECK(machine->refused().empty());
      for (const chain::TxId& tx : acknowledged_) {
        CHECK(machine->chain()->store().transaction(tx).value());
      }
    }
  }

  SimWorld world_;
  std::vector<std::unique_ptr<ChainMachine>> machines_;
  std::vector<chain::TxId> acknowledged_;
  std::uint64_t crashes_ = 0;
};

/// P2P_SIM_SEED runs one seed alone, P2P_SIM_SEEDS another number of them.
std::pair<std::uint64_t, std::uint64_t> seeds() {
  if (const char* one = std::getenv("P2P_SIM_SEED")) {
    const std::uint64_t seed = std::strtoull(one, nullptr, 10);
    return {seed, seed + 1};
  }
  const char* many = std::getenv("P2P_SIM_SEEDS");
  return {1, 1 + (many == nullptr ? 100 : std::strtoull(many, nullptr, 10))};
}

}  // namespace

TEST_CASE("halves that both mine, with loss and power cuts, end on one tip and one state") {
  const auto [first, end] = seeds();
  std::uint64_t reorgs = 0;
  std::uint64_t lost_writes = 0;
  for (std::uint64_t seed = first; seed < end; ++seed) {
    INFO("to run it alone: P2P_SIM_SEED=" << seed);
    const Ending one = Story(seed).play();
    const Ending again = Story(seed).play();
    CHECK(one.trace == again.trace);
    CHECK(one.height == again.height);
    CHECK(one.height > 10);
    CHECK(one.crashes > 0);
    reorgs += one.reorgs;
    lost_writes += one.lost_writes;
  }
  // A world in which nothing goes wrong would show nothing.
  CHECK(reorgs >= end - first);
  if (end - first >= 10) CHECK(lost_writes > 0);
  MESSAGE((end - first) << " seeds: " << reorgs << " reorganisations, " << lost_writes
                        << " writes lost to power cuts");
}
