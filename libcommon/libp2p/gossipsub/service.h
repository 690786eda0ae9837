// Gossip over a libp2p host: the router (router.h) joined to the host's streams. Start here.
//
//     gossipsub::Service gossip(host, key);
//     gossip.subscribe("news");
//     const auto received = co_await gossip.next("news");
//
// One outbound stream to each peer carries what we say, and the peer's own stream to us what it
// says; nothing is ever written to, or closed on, the inbound one while the peer speaks. A second
// inbound stream replaces the first.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libp2p/gossipsub/router.h"
#include "libp2p/gossipsub/send_queue.h"
#include "libp2p/host.h"

namespace p2p::libp2p::gossipsub {

/// A message as a subscriber or validator gets it.
struct Received {
  MessagePtr message;
  MessageId id;
  PeerId from;  ///< the neighbour that handed it on; the author is message->from
};

/// Answers when it is done, at once or after other work; the message is forwarded only then.
using Validator = std::function<Task<Verdict>(Received)>;

/// How far apart a publisher's messages must be so that a peer of this agent takes them all.
Duration publish_gap(std::string_view agent);

struct ServiceConfig {
  Params params;
  Thresholds thresholds;
  /// Explicit peering agreements, with /p2p: kept connected, always sent to.
  std::vector<Multiaddr> direct;
  /// Dial the peers that pruning peers name. Off: whoever is in a mesh could make us dial.
  bool dial_exchanged = false;
  /// Called when a peer broke a rule; who wants to, bans it.
  std::function<void(const Penalty&)> on_penalty;
  /// Unsigned or forged messages over one connection until the host bans its peer: each costs us a
  /// verification, and no honest peer passes one on.
  std::size_t most_bad_messages = 16;
  PeerScore* score = nullptr;  ///< outlives the service
  /// Bytes of RPCs that have not come whole, of all peers together; past it a peer that holds more
  /// than its even share is cut off. One peer's RPC may have 4 MiB, which 256 peers could leave
  /// unfinished for ever.
  std::size_t most_incomplete = 64 << 20;
  Log log;
};

class Service final : HostObserver {
 public:
  /// Messages that wait for one topic's subscriber; a slow one stops the reading of every peer, as
  /// TCP would, so that nothing is lost.
  static constexpr std::size_t kMaxWaiting = 4096;
  static constexpr std::size_t kMaxWaitingBytes = 32 << 20;
  /// Streams that are read: those of as many peers as a host has connections, and while a slow
  /// subscriber keeps them waiting, of some that have left. A stream holds 256 KiB before it is
  /// first read.
  static constexpr std::size_t kMaxInbound = 256 + 64;
  /// A write that the peer does not take in this time ends its stream, as go-libp2p-pubsub does.
  static constexpr Duration kWriteTime = std::chrono::seconds(30);
  /// A stream that ends while the connection stands is opened again, with growing delay, this often
  /// (go-libp2p-pubsub's number).
  static constexpr int kMaxReopen = 4;
  /// How long a peer may take to show that it has read everything, when we leave.
  static constexpr Duration kFarewell = std::chrono::seconds(2);

  /// Takes up the host's peers, present and future. `host` outlives the service; `key` is its
  /// identity's.
  Service(Host& host, crypto::SigningKey key, ServiceConfig config = ServiceConfig());
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Joins a topic. Without a validator every signed message is accepted. With `deliver` false,
  /// next() has nothing: the validator does it all.
  void subscribe(const std::string& topic, Validator validator = nullptr, bool deliver = true);
  void unsubscribe(const std::string& topic);
  /// The next message of a subscribed topic, in the order of arrival; our own are not among them.
  /// One task waits at a time. Code::closed once the topic is left.
  Task<Result<Received>> next(std::string topic);

  /// Signs a message and puts it into the queues of the topic's peers, without waiting: a peer
  /// whose queue is full does not get it. `publication->queued` may be 0.
  Result<PublicationPtr> publish(const std::string& topic, Bytes data);
  /// Sends it again, to the topic's peers of now that it was not written to.
  void republish(const PublicationPtr& publication);
  /// Returns when the message was written to some peer, or failed for all that it was queued for.
  Task<void> written(PublicationPtr publication);
  /// Returns when the message was written to, or failed for, every peer that it was queued for.
  Task<void> settled(PublicationPtr publication);
  /// Returns when the topic's peers can take another message: every queue to them has room, and the
  /// last message is `gap` ago. Without a gap, as long ago as their implementations need: some drop
  /// messages that come in a flood (see publish_gap). A publisher awaits it before each message.
  Task<void> room(std::string topic, std::optional<Duration> gap = std::nullopt);
  /// Woken when some topic's peers change.
  runtime::WaitList::Awaiter topics_changed() { return topic_changed_.wait(); }
  /// Returns when the topic has a peer; the caller sets the deadline.
  Task<void> topic_peer(std::string topic);

  std::vector<PeerId> peers(const std::string& topic) const { return router_.peers(topic); }
  const Router& router() const { return router_; }

  /// Takes leave: writes what is queued, ends our streams, and waits, for kFarewell at most, until
  /// the peers have shown that they read it all. Afterwards nothing more is sent.
  Task<void> close();

 private:
  struct Peer {
    std::string protocol;
    SendQueue queue;
    runtime::WaitList queued;     ///< something was queued, or the peer or the service ends
    std::shared_ptr<Stream> out;  ///< null while it is being opened
    bool removed = false;         ///< its tasks end
    bool broken = false;          ///< the stream was reset
    bool said_all = false;        ///< everything is written and our side ended
    bool heard_all = false;       ///< the peer has ended its side
    bool answers_end = true;      ///< it will end its side after ours

    bool has_said_all() const { return said_all; }
    bool has_heard_all() const { return heard_all || !answers_end; }
  };
  using PeerPtr = std::shared_ptr<Peer>;
  struct Subscription {
    Validator validator;
    bool deliver = true;
    bool left = false;
    std::deque<Received> waiting;
    std::size_t waiting_bytes = 0;
    runtime::WaitList arrived;
  };

  void on_connected(const PeerId& peer, const Multiaddr& remote, bool outbound) override;
  void on_identified(const Identity& identity) override;
  void on_disconnected(const PeerId& peer, const Error& why) override;

  void take_up(const PeerId& id, const std::string& protocol);
  void drop(const PeerId& id);
  static void fail_items(std::vector<SendQueue::Item> items);
  void punish(const Penalty& penalty);
  void dispatch(const PublicationPtr& publication = nullptr);
  void queue(const PeerId& to, Rpc rpc, const PublicationPtr& publication);
  void deliver(Deliver delivery);
  bool full() const;
  bool crowded(const std::string& topic) const;
  Duration gap_of(const std::string& topic) const;
  void take_exchange(const Exchange& exchange);
  Time now() const { return host_.runtime().clock.now(); }

  static Task<void> heartbeat(Service& self);
  static Task<void> write_to(Service& self, PeerId id, PeerPtr peer);
  static Task<Result<void>> write_queue(Service& self, PeerId id, PeerPtr peer,
                                        std::shared_ptr<Stream> stream);
  static Task<void> watch(Service& self, PeerPtr peer, std::shared_ptr<Stream> stream);
  static Task<void> read_from(Service& self, std::shared_ptr<Stream> stream);
  static Task<Result<void>> read_rpcs(Service& self, PeerId id, std::shared_ptr<Stream> stream);
  static Task<void> validate(Service& self, std::shared_ptr<Subscription> subscription,
                             Received received);
  static Task<void> until(Service& self, bool (Peer::*reached)() const);
  static Task<void> dial(Service& self, std::vector<Multiaddr> addresses);

  Host& host_;
  ServiceConfig config_;
  std::map<PeerId, Multiaddr> direct_;
  Router router_;
  std::map<PeerId, PeerPtr> peers_;
  std::map<PeerId, bool> outbound_;                    ///< who dialed, of connected peers
  std::map<PeerId, std::shared_ptr<Stream>> inbound_;  ///< the stream that is read
  std::map<std::string, std::shared_ptr<Subscription>> subscriptions_;
  Time last_publish_{};
  std::map<PeerId, std::size_t> bad_messages_;  ///< of peers that are connected or read
  std::size_t incomplete_ = 0;                  ///< bytes of RPCs that have not come whole
  bool closing_ = false;
  runtime::WaitList topic_changed_;  ///< a peer joined or left some topic
  runtime::WaitList drained_;        ///< some queue shrank or ended
  runtime::WaitList delivered_;      ///< some subscriber took a message
  runtime::TaskGroup dials_;
  runtime::TaskGroup tasks_;
};

}  // namespace p2p::libp2p::gossipsub
