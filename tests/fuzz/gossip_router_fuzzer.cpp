// LAYERS: p2p_gossipsub
// OPTIONS: -max_len=160 -entropic=0
// A router between hostile peers: arbitrary RPCs, joins, leaves and time. It never crashes, keeps
// its invariants, holds no more than its bounds, and does the same again for the same input.
#include <algorithm>

#include "base/endian.h"
#include "crypto/hash.h"
#include "fuzz/require.h"
#include "libp2p/gossipsub/router.h"

using namespace p2p;
using namespace p2p::libp2p::gossipsub;

namespace {

constexpr std::size_t kPeers = 20;
constexpr std::size_t kMaxSteps = 400;
/// Signing and verifying are slow, and not what is looked for.
constexpr int kMaxPublished = 2;
constexpr std::uint8_t kMessages = 6;
const std::string kTopics[] = {"a", "b"};

crypto::SigningKey key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed;
  seed.fill(n);
  return crypto::SigningKey::from_seed(seed);
}

/// The peers' keys and ids, made once: keys are slow.
struct Cast {
  Cast() {
    for (std::uint8_t i = 0; i <= kPeers; ++i) {
      keys.push_back(key_of(i));
      ids.push_back(PeerId::of(keys.back().public_key()));
    }
    // A few real messages, so that the input need not forge signatures.
    for (std::uint8_t i = 0; i < kMessages; ++i) {
      messages.push_back(make_message(keys[i % kPeers], kTopics[i % 2], Bytes(i, i), i));
    }
  }
  std::vector<crypto::SigningKey> keys;
  std::vector<PeerId> ids;
  std::vector<MessagePtr> messages;
};

class Run {
 public:
  /// `traced`: what it did is kept, to be compared; writing that down takes half the time.
  Run(const Cast& cast, ByteView input, bool traced)
      : cast_(cast),
        input_(input),
        traced_(traced),
        router_(config(cast), cast.keys[kPeers], random_) {}

  /// What it did, or nothing worth comparing where that was not traced.
  crypto::Digest32 play() {
    for (std::size_t step = 0; step < kMaxSteps && !input_.empty(); ++step) {
      one_step();
      take_actions();
      if (step % 16 == 15) check();
    }
    check();
    return crypto::sha256(trace_);
  }

 private:
  static RouterConfig config(const Cast& cast) {
    RouterConfig config;
    config.direct = {cast.ids[0]};
    config.params.do_px = true;
    config.params.max_ihave_length = 20;
    return config;
  }

  std::uint8_t byte() {
    if (input_.empty()) return 0;
    const std::uint8_t value = input_[0];
    input_ = input_.subspan(1);
    return value;
  }
  const PeerId& peer() { return cast_.ids[byte() % kPeers]; }
  const std::string& topic() { return kTopics[byte() % 2]; }
  Bytes id() {
    return wire_id(*cast_.messages[byte() % cast_.messages.size()],
                   static_cast<IdForm>(byte() % 3));
  }

  void one_step() {
    switch (byte() % 14) {
      case 0: {
        const PeerId& added = peer();
        const auto protocol = static_cast<PeerProtocol>(byte() % 3);
        const bool outbound = byte() % 2 == 0;
        const auto form = static_cast<IdForm>(byte() % 3);
        router_.add_peer(added, protocol, outbound, form, now_);
        break;
      }
      case 1:
        router_.remove_peer(peer(), now_);
        break;
      case 2:
        router_.subscribe(topic(), byte() % 2 == 0, now_);
        break;
      case 3:
        router_.unsubscribe(topic(), now_);
        break;
      case 4:
        now_ += Duration(std::chrono::milliseconds(100)) * byte();
        router_.heartbeat(now_);
        break;
      case 5: {
        const std::string& to = topic();
        if (++published_ > kMaxPublished) break;
        require(router_.publish(to, Bytes(byte()), WallTime(now_.time_since_epoch()), now_)
                    .has_value());
        break;
      }
      case 6: {
        // On its own: compilers differ in which argument of a call comes first.
        const std::size_t wanted = byte();
        const std::size_t size = std::min(wanted, input_.size());
        const auto rpc = decode_rpc(input_.first(size));
        input_ = input_.subspan(size);
        const PeerId& from = peer();
        if (rpc) router_.on_rpc(from, *rpc, now_);
        break;
      }
      case 7:
        rpc([&](Rpc& r) { r.subscriptions.push_back(SubOpt{byte() % 4 != 0, topic()}); });
        break;
      case 8:
        rpc([&](Rpc& r) { r.publish.push_back(cast_.messages[byte() % cast_.messages.size()]); });
        break;
      case 9:
        rpc([&](Rpc& r) { r.control.graft.push_back(Graft{topic()}); });
        break;
      case 10:
        rpc([&](Rpc& r) {
          r.control.prune.push_back(
              Prune{topic(), {PxPeer{peer().bytes(), Bytes(byte())}}, load_backoff()});
        });
        break;
      case 11:
        rpc([&](Rpc& r) { r.control.ihave.push_back(IHave{topic(), {id(), id(), id()}}); });
        break;
      case 12:
        rpc([&](Rpc& r) { r.control.iwant.push_back(IWant{{id(), id(), id()}}); });
        break;
      default:
        if (!pending_.empty()) {
          const std::size_t which = byte() % pending_.size();
          router_.resolve(pending_[which], static_cast<Verdict>(byte() % 3), now_);
          pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(which));
        }
    }
  }
  template <class Fill>
  void rpc(Fill fill) {
    Rpc made;
    fill(made);
    router_.on_rpc(peer(), made, now_);
  }
  std::optional<std::uint64_t> load_backoff() {
    const std::uint8_t exponent = byte() % 65;
    if (exponent == 64) return std::nullopt;
    return std::uint64_t(1) << exponent;
  }

  void take_actions() {
    for (const Action& action : router_.take_actions()) {
      if (traced_) append_be(trace_, static_cast<std::uint64_t>(action.index()));
      if (const auto* send = std::get_if<Send>(&action)) {
        require(!send->rpc.empty() && send->to != router_.self());
        if (!traced_) continue;
        append(trace_, send->to.bytes());
        append(trace_, encode(send->rpc));
      } else if (const auto* validate = std::get_if<Validate>(&action)) {
        pending_.push_back(validate->id);
      } else if (const auto* deliver = std::get_if<Deliver>(&action)) {
        require(deliver->message->signature.size() == 64 && deliver->from != router_.self());
      }
    }
    // So that the run's memory is the router's.
    if (trace_.size() > 65536) trace_ = to_bytes(ByteView(crypto::sha256(trace_)));
  }

  void check() {
    require(router_.pending() <= Router::kMaxPending);
    for (const std::string& topic : kTopics) {
      const auto members = router_.peers(topic);
      for (const PeerId& link : router_.mesh(topic)) require(link != cast_.ids[0]);
      for (const PeerId& link : router_.fanout(topic)) {
        require(std::ranges::find(members, link) != members.end());
      }
    }
  }

  const Cast& cast_;
  ByteView input_;
  bool traced_;
  crypto::SeededRandom random_{1};
  Time now_{std::chrono::hours(1)};
  Router router_;
  std::vector<MessageId> pending_;
  Bytes trace_;
  int published_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Cast cast;
  const ByteView input(data, size);
  const bool twice = one_in(4, input);
  const auto trace = Run(cast, input, twice).play();
  if (twice) require(Run(cast, input, true).play() == trace);
  return 0;
}
