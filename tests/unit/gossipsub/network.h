// Many routers joined by plain queues: virtual time, seeded latency and loss, partitions. What one
// router sends is encoded and decoded on its way, so that the wire format takes part.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/endian.h"
#include "crypto/hash.h"
#include "libp2p/gossipsub/router.h"

namespace p2p::libp2p::gossipsub::test {

inline crypto::SigningKey key_of(std::uint64_t seed) {
  std::array<std::uint8_t, 32> bytes{};
  store_be(bytes.data(), seed + 1);
  return crypto::SigningKey::from_seed(bytes);
}

class Network {
 public:
  struct Node {
    Node(RouterConfig config, crypto::SigningKey key, std::uint64_t seed)
        : random(seed), router(std::move(config), std::move(key), random) {}
    crypto::SeededRandom random;
    Router router;
    std::map<MessageId, std::size_t> delivered;  ///< how often, by id
    std::map<Offence, std::size_t> offences;     ///< charged by this node
    std::size_t half = 0;                        ///< its side of a partition
  };

  Network(std::size_t count, std::uint64_t seed, RouterConfig config = RouterConfig())
      : random_(seed) {
    for (std::size_t i = 0; i < count; ++i) {
      nodes_.push_back(std::make_unique<Node>(config, key_of(i), seed * 1'000'003 + i));
      index_[nodes_[i]->router.self()] = i;
      const Duration phase(static_cast<Duration::rep>(random_.below(1'000'000)));
      at(now_ + phase, [this, i] { beat(i); });
    }
  }

  Node& node(std::size_t i) { return *nodes_[i]; }
  Router& router(std::size_t i) { return nodes_[i]->router; }
  std::size_t size() const { return nodes_.size(); }
  Time now() const { return now_; }
  const PeerId& id(std::size_t i) const { return nodes_[i]->router.self(); }
  std::size_t index(const PeerId& peer) const { return index_.at(peer); }
  crypto::Random& random() { return random_; }
  double loss = 0;  ///< of RPCs, where a test wants some

  void connect(std::size_t a, std::size_t b, PeerProtocol protocol = PeerProtocol::gossipsub_1_1) {
    if (a == b || latency_.contains(std::pair(a, b))) return;
    const Duration latency(static_cast<Duration::rep>(10'000 + random_.below(140'000)));
    latency_[std::pair(a, b)] = latency_[std::pair(b, a)] = latency;
    router(a).add_peer(id(b), protocol, true, IdForm::go, now_);
    router(b).add_peer(id(a), protocol, false, IdForm::go, now_);
    collect(a);
    collect(b);
  }
  /// Each node dials `degree` others.
  void connect_randomly(std::size_t degree) {
    for (std::size_t a = 0; a < size(); ++a) {
      for (std::size_t i = 0; i < degree; ++i) {
        connect(a, static_cast<std::size_t>(random_.below(size())));
      }
    }
  }
  void subscribe(std::size_t i, const std::string& topic) {
    router(i).subscribe(topic, false, now_);
    collect(i);
  }
  MessageId publish(std::size_t i, const std::string& topic, std::string_view text) {
    const WallTime wall(now_.time_since_epoch());
    auto published = router(i).publish(topic, to_bytes(text), wall, now_);
    collect(i);
    return published->id;
  }
  /// RPCs between the halves are lost from now on; the links stay.
  void partition(const std::vector<std::size_t>& halves) {
    for (std::size_t i = 0; i < size(); ++i) node(i).half = halves[i];
  }

  void run_for(Duration time) {
    const Time until = now_ + time;
    while (!events_.empty() && events_.begin()->first.first <= until) {
      auto event = events_.extract(events_.begin());
      now_ = event.key().first;
      event.mapped()();
    }
    now_ = until;
  }

  std::size_t holders(const MessageId& id) const {
    std::size_t count = 0;
    for (const auto& each : nodes_) count += each->delivered.contains(id) ? 1 : 0;
    return count;
  }
  /// A digest of everything that was sent, in order.
  std::string trace() const { return trace_; }

  std::size_t sent_messages = 0;
  std::size_t sent_ihave = 0;
  std::size_t sent_iwant = 0;
  std::size_t sent_graft = 0;

 private:
  void at(Time time, std::move_only_function<void()> what) {
    events_.emplace(std::pair(time, serial_++), std::move(what));
  }
  void beat(std::size_t i) {
    router(i).heartbeat(now_);
    collect(i);
    at(now_ + router(i).params().heartbeat_interval, [this, i] { beat(i); });
  }
  void collect(std::size_t i) {
    for (Action& action : router(i).take_actions()) {
      if (const auto* send = std::get_if<Send>(&action)) {
        transmit(i, index_.at(send->to), send->rpc);
      } else if (const auto* deliver = std::get_if<Deliver>(&action)) {
        ++node(i).delivered[deliver->id];
      } else if (const auto* penalty = std::get_if<Penalty>(&action)) {
        node(i).offences[penalty->offence] += penalty->count;
      }
    }
  }
  void transmit(std::size_t from, std::size_t to, const Rpc& rpc) {
    sent_messages += rpc.publish.size();
    sent_graft += rpc.control.graft.size();
    for (const IHave& part : rpc.control.ihave) sent_ihave += part.ids.size();
    for (const IWant& part : rpc.control.iwant) sent_iwant += part.ids.size();
    Bytes wire = encode(rpc);
    Bytes line = to_bytes(trace_);
    append_be(line, static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    append_be(line, static_cast<std::uint64_t>(from << 32 | to));
    append(line, wire);
    trace_ = to_text(crypto::sha256(line));
    if (node(from).half != node(to).half) return;
    if (loss > 0 && random_.unit() < loss) return;
    at(now_ + latency_.at(std::pair(from, to)), [this, from, to, wire = std::move(wire)] {
      const auto decoded = decode_rpc(wire);
      if (!decoded) return;
      router(to).on_rpc(id(from), *decoded, now_);
      collect(to);
    });
  }

  crypto::SeededRandom random_;
  Time now_{std::chrono::hours(1)};
  std::uint64_t serial_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<PeerId, std::size_t> index_;
  std::map<std::pair<std::size_t, std::size_t>, Duration> latency_;
  std::map<std::pair<Time, std::uint64_t>, std::move_only_function<void()>> events_;
  std::string trace_;
};

}  // namespace p2p::libp2p::gossipsub::test
