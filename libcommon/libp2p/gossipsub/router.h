// The gossipsub router: floodsub and the 1.0/1.1 mesh as a state machine without I/O
// (specs/pubsub/gossipsub, gossipsub-v1.0.md and gossipsub-v1.1.md). Peers, RPCs, time and
// randomness go in; actions come out. service.h drives it over a libp2p host, tests over plain
// queues.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "crypto/random.h"
#include "libp2p/gossipsub/mcache.h"
#include "libp2p/gossipsub/params.h"
#include "libp2p/gossipsub/rpc.h"
#include "libp2p/gossipsub/score.h"
#include "libp2p/gossipsub/seen_cache.h"

namespace p2p::libp2p::gossipsub {

/// What a peer speaks. Floodsub peers get every message of their topics and no control.
enum class PeerProtocol { floodsub, gossipsub_1_0, gossipsub_1_1 };

/// A validator's answer (gossipsub-v1.1.md "Extended Validators").
enum class Verdict {
  accept,  ///< deliver and forward
  reject,  ///< drop, and the sender pays
  ignore,  ///< drop
};

/// What a peer did wrong. The scores follow PeerScore; this is for logs and for who bans peers.
enum class Offence {
  bad_message,       ///< unsigned, bad signature, wrong author
  rejected_message,  ///< the topic's validator said reject
  graft_in_backoff,
  broken_promise,  ///< advertised messages and did not send them
  too_many_topics,
  too_many_ids,  ///< IHAVE flood
};
std::string_view name_of(Offence offence);

/// Deliver `rpc` to the peer, in order.
struct Send {
  PeerId to;
  Rpc rpc;
};
/// A message of a topic that we subscribe to, accepted, once each.
struct Deliver {
  MessagePtr message;
  MessageId id;
  PeerId from;  ///< who handed it to us
};
/// A message of a validated topic: answer with Router::resolve.
struct Validate {
  MessagePtr message;
  MessageId id;
  PeerId from;
};
struct Penalty {
  PeerId peer;
  Offence offence;
  std::size_t count;
};
/// A peer came to or left a topic.
struct TopicPeer {
  PeerId peer;
  std::string topic;
  bool joined;
};
/// A pruning peer named others of the topic; the records are as they came, unverified.
struct Exchange {
  PeerId from;
  std::string topic;
  std::vector<PxPeer> peers;
};
/// A direct peer is not connected: dial it.
struct Connect {
  PeerId peer;
};
using Action = std::variant<Send, Deliver, Validate, Penalty, TopicPeer, Exchange, Connect>;

struct RouterConfig {
  Params params;
  Thresholds thresholds;
  /// Explicit peering agreements: always sent to, never grafted.
  std::set<PeerId> direct;
};

class Router {
 public:
  /// Bytes of topic names (and 64 for each) that one peer may subscribe to: some two thousand real
  /// topics; 256 peers that all use it up cost 64 MiB.
  static constexpr std::size_t kMaxTopicBytesPerPeer = 256 * 1024;
  /// Messages that wait for a validator; more are dropped and forgotten, so that gossip can bring
  /// them again.
  static constexpr std::size_t kMaxPending = 1024;
  static constexpr std::size_t kMaxPendingBytes = 32 << 20;
  /// A peer's own backoff is honoured up to this; the longest in use is the minute of the default.
  static constexpr Duration kMaxBackoff = std::chrono::hours(1);
  /// Peers remembered as pruned, a topic: an attacker with fresh identities ages out of it.
  static constexpr std::size_t kMaxBackoffPeers = 4096;
  /// Messages that do not verify, taken from one peer in a heartbeat; the rest of what it sends is
  /// dropped unseen, for verifying costs us more than sending costs it.
  static constexpr std::size_t kMaxInvalid = 64;
  /// Bytes sent to one peer in answer to its IWANTs in one heartbeat: a whole history window of a
  /// busy topic, and a small message cannot be multiplied into a flood.
  static constexpr std::size_t kMaxIWantBytes = 16 << 20;

  /// `random` and `score` (may be null) outlive the router.
  Router(RouterConfig config, crypto::SigningKey key, crypto::Random& random,
         PeerScore* score = nullptr);

  const PeerId& self() const { return self_; }
  const Params& params() const { return config_.params; }

  /// A peer to whom RPCs can be sent. The first action for it announces our topics. `outbound`: we
  /// dialed it. `form`: how it is thought to write ids, until it shows it.
  void add_peer(const PeerId& peer, PeerProtocol protocol, bool outbound, IdForm form, Time now);
  void remove_peer(const PeerId& peer, Time now);
  /// Our stream to the peer was opened anew: announces our topics again, and leaves its meshes, as
  /// it has left ours.
  void reintroduce(const PeerId& peer, Time now);
  /// The peer's stream to us ended: what it had subscribed to, it no longer does.
  void forget_topics(const PeerId& peer, Time now);
  /// Its signed peer record, to hand out in peer exchange.
  void set_signed_record(const PeerId& peer, Bytes envelope);

  /// Of a peer that was removed, or never added, the messages count and nothing else: it said them
  /// while it was there, and is not to be asked to wait until we have read.
  void on_rpc(const PeerId& from, const Rpc& rpc, Time now);
  /// Every heartbeat_interval.
  void heartbeat(Time now);

  /// `validated`: messages come as Validate first and wait for resolve.
  void subscribe(const std::string& topic, bool validated, Time now);
  void unsubscribe(const std::string& topic, Time now);

  struct Published {
    MessagePtr message;
    MessageId id;
    std::vector<PeerId> to;  ///< whom the Send actions name
  };
  /// Signs and sends a message; own messages are not delivered to ourselves. Code::limit when the
  /// data or the topic is too long.
  Result<Published> publish(const std::string& topic, Bytes data, WallTime wall, Time now);
  /// Sends a message of ours again, to the topic's peers of now except `except`.
  Published republish(MessagePtr message, const std::set<PeerId>& except, Time now);

  /// Answers a Validate. Unknown ids are ignored.
  void resolve(const MessageId& id, Verdict verdict, Time now);

  /// What is to be done, in order.
  std::vector<Action> take_actions() { return std::exchange(actions_, {}); }

  std::vector<std::string> topics() const;
  std::vector<PeerId> peers(const std::string& topic) const;
  std::set<PeerId> mesh(const std::string& topic) const;
  std::set<PeerId> fanout(const std::string& topic) const;
  IdForm form_of(const PeerId& peer) const;
  std::size_t pending() const { return pending_.size(); }

 private:
  using PeerSet = std::set<PeerId>;

  struct Peer {
    PeerProtocol protocol = PeerProtocol::floodsub;
    bool outbound = false;
    IdForm form = IdForm::go;
    std::set<std::string> topics;
    std::size_t topic_bytes = 0;
    Bytes signed_record;
    // Counters of the current heartbeat.
    std::size_t invalid = 0;
    std::size_t ihaves = 0;
    std::size_t ihave_ids = 0;
    std::size_t asked = 0;
    std::size_t iwant_ids = 0;
    std::size_t iwant_bytes = 0;

    bool meshes() const { return protocol != PeerProtocol::floodsub; }
  };
  struct Topic {  ///< one that we subscribe to
    bool validated = false;
    PeerSet mesh;
  };
  struct Fanout {
    PeerSet peers;
    Time last_publish;
  };
  struct Pending {
    MessagePtr message;
    PeerId from;
    std::size_t size = 0;
  };
  /// GRAFTs and PRUNEs of one heartbeat, gathered to one RPC a peer.
  struct MeshChange {
    std::vector<std::string> graft;
    std::vector<std::string> prune;
    bool px = true;
  };
  using Changes = std::map<PeerId, MeshChange>;

  double score(const PeerId& peer) const { return score_ ? score_->score(peer) : 0; }
  bool direct(const PeerId& peer) const { return config_.direct.contains(peer); }
  bool backed_off(const std::string& topic, const PeerId& peer) const;
  void add_backoff(const std::string& topic, const PeerId& peer, Duration time, Time now);
  void behaviour(const PeerId& peer, Offence offence, std::size_t count, Time now);

  void greet(const PeerId& peer);
  void leave_meshes(const PeerId& peer, Time now);
  void leave_topic(const PeerId& peer, const std::string& topic);
  void on_subscription(const PeerId& from, Peer& peer, const SubOpt& option, Time now);
  void on_message(const PeerId& from, Peer& peer, const MessagePtr& message, Time now);
  void invalid(const PeerId& from, const Message& message, Offence offence, Time now);
  void accept(const MessagePtr& message, const MessageId& id, const PeerId& from, Time now);
  std::vector<IWant> on_ihave(const PeerId& from, Peer& peer, const Control& control, Time now);
  std::vector<MessagePtr> on_iwant(const PeerId& from, Peer& peer, const Control& control);
  std::vector<Prune> on_graft(const PeerId& from, const Control& control, Time now);
  void on_prune(const PeerId& from, const Control& control, Time now);

  PeerSet recipients(const std::string& topic, bool own, Time now);
  std::vector<PeerId> send_message(const MessagePtr& message, const PeerId& from,
                                   const PeerSet& except, bool own, Time now);
  void send(const PeerId& to, Rpc rpc) { actions_.push_back(Send{to, std::move(rpc)}); }
  Prune make_prune(const PeerId& to, const std::string& topic, bool px, Duration backoff);

  /// Up to `count` random gossipsub peers of the topic that pass `filter`.
  std::vector<PeerId> pick(const std::string& topic, std::size_t count,
                           const std::function<bool(const PeerId&)>& filter);

  void maintain(const std::string& topic, Topic& state, Changes& changes, Time now);
  void prune_excess(const std::string& topic, Topic& state, Changes& changes, Time now);
  void graft_opportunistically(const std::string& topic, Topic& state, Changes& changes, Time now);
  void maintain_fanout(Time now);
  void graft(const std::string& topic, Topic& state, const PeerId& peer, Changes& changes,
             Time now);
  void prune(const std::string& topic, Topic& state, const PeerId& peer, Changes& changes,
             Time now);
  void emit_gossip(const std::string& topic, const PeerSet& exclude, std::map<PeerId, Rpc>& out);
  void clear_backoff(Time now);
  void collect_broken_promises(Time now);

  RouterConfig config_;
  crypto::SigningKey key_;
  PeerId self_;
  crypto::Random& random_;
  PeerScore* score_;
  SeqnoSource seqnos_;

  std::map<PeerId, Peer> peers_;
  std::map<std::string, PeerSet> topic_peers_;  ///< of every topic that any peer subscribes to
  std::map<std::string, Topic> topics_;
  std::map<std::string, Fanout> fanout_;
  std::map<std::string, std::map<PeerId, Time>> backoff_;
  SeenCache seen_;
  MessageCache mcache_;
  std::map<MessageId, Pending> pending_;
  std::size_t pending_bytes_ = 0;
  std::map<MessageId, std::map<PeerId, Time>> promises_;
  std::size_t ticks_ = 0;
  std::vector<Action> actions_;
};

}  // namespace p2p::libp2p::gossipsub
