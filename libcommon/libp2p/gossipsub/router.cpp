#include "libp2p/gossipsub/router.h"

#include <algorithm>

namespace p2p::libp2p::gossipsub {

std::string_view name_of(Offence offence) {
  switch (offence) {
    case Offence::bad_message:
      return "bad message";
    case Offence::rejected_message:
      return "rejected message";
    case Offence::graft_in_backoff:
      return "graft within backoff";
    case Offence::broken_promise:
      return "broken promise";
    case Offence::too_many_topics:
      return "too many topics";
    case Offence::too_many_ids:
      return "too many message ids";
  }
  return "offence";
}

Router::Router(RouterConfig config, crypto::SigningKey key, crypto::Random& random,
               PeerScore* score)
    : config_(std::move(config)),
      key_(std::move(key)),
      self_(PeerId::of(key_.public_key())),
      random_(random),
      score_(score),
      seen_(config_.params.seen_ttl),
      mcache_(config_.params.mcache_len, config_.params.mcache_gossip) {}

void Router::add_peer(const PeerId& peer, PeerProtocol protocol, bool outbound, IdForm form,
                      Time now) {
  if (peer == self_) return;
  Peer& state = peers_[peer];
  state.protocol = protocol;
  state.outbound = outbound;
  state.form = form;
  if (score_) score_->on_peer(peer, now);
  greet(peer);
}

void Router::greet(const PeerId& peer) {
  Rpc hello;
  for (const auto& [topic, ignored] : topics_) hello.subscriptions.push_back(SubOpt{true, topic});
  if (!hello.empty()) send(peer, std::move(hello));
}

void Router::leave_meshes(const PeerId& peer, Time now) {
  for (auto& [topic, state] : topics_) {
    if (state.mesh.erase(peer) > 0 && score_) score_->on_prune(peer, topic, now);
  }
  for (auto& [topic, state] : fanout_) state.peers.erase(peer);
}

void Router::leave_topic(const PeerId& peer, const std::string& topic) {
  const auto members = topic_peers_.find(topic);
  members->second.erase(peer);
  if (members->second.empty()) topic_peers_.erase(members);
  actions_.push_back(TopicPeer{peer, topic, false});
}

void Router::remove_peer(const PeerId& peer, Time now) {
  if (!peers_.contains(peer)) return;
  forget_topics(peer, now);
  peers_.erase(peer);
  if (score_) score_->on_peer_gone(peer, now);
}

void Router::reintroduce(const PeerId& peer, Time now) {
  if (!peers_.contains(peer)) return;
  leave_meshes(peer, now);
  greet(peer);
}

void Router::forget_topics(const PeerId& peer, Time now) {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return;
  leave_meshes(peer, now);
  for (const std::string& topic : known->second.topics) leave_topic(peer, topic);
  known->second.topics.clear();
  known->second.topic_bytes = 0;
}

void Router::set_signed_record(const PeerId& peer, Bytes envelope) {
  const auto known = peers_.find(peer);
  if (known != peers_.end()) known->second.signed_record = std::move(envelope);
}

void Router::on_rpc(const PeerId& from, const Rpc& rpc, Time now) {
  const auto known = peers_.find(from);
  const bool here = known != peers_.end();
  Peer gone;
  Peer& peer = here ? known->second : gone;
  if (here) {
    for (const SubOpt& option : rpc.subscriptions) on_subscription(from, peer, option, now);
  }
  if (!direct(from) && score(from) < config_.thresholds.graylist) return;
  for (const MessagePtr& message : rpc.publish) on_message(from, peer, message, now);
  if (!here || rpc.control.empty() || !peer.meshes()) return;

  Rpc reply;
  reply.control.iwant = on_ihave(from, peer, rpc.control, now);
  reply.publish = on_iwant(from, peer, rpc.control);
  reply.control.prune = on_graft(from, rpc.control, now);
  on_prune(from, rpc.control, now);
  if (!reply.empty()) send(from, std::move(reply));
}

void Router::on_subscription(const PeerId& from, Peer& peer, const SubOpt& option, Time now) {
  const std::size_t cost = option.topic.size() + 64;
  if (!option.subscribe) {
    if (peer.topics.erase(option.topic) == 0) return;
    peer.topic_bytes -= cost;
    leave_topic(from, option.topic);
    // Its PRUNE may never come; a peer outside the topic is no link.
    const auto ours = topics_.find(option.topic);
    if (ours != topics_.end() && ours->second.mesh.erase(from) > 0 && score_) {
      score_->on_prune(from, option.topic, now);
    }
    const auto fan = fanout_.find(option.topic);
    if (fan != fanout_.end()) fan->second.peers.erase(from);
    return;
  }
  if (peer.topics.contains(option.topic)) return;
  if (peer.topic_bytes + cost > kMaxTopicBytesPerPeer) {
    actions_.push_back(Penalty{from, Offence::too_many_topics, 1});
    return;
  }
  peer.topics.insert(option.topic);
  peer.topic_bytes += cost;
  topic_peers_[option.topic].insert(from);
  actions_.push_back(TopicPeer{from, option.topic, true});
  // A starving mesh takes a newcomer at once; the heartbeat would find it up to a second later.
  const auto ours = topics_.find(option.topic);
  if (ours == topics_.end() || !peer.meshes() || direct(from)) return;
  if (ours->second.mesh.size() >= config_.params.D_low) return;
  if (backed_off(option.topic, from) || score(from) < 0) return;
  if (!ours->second.mesh.insert(from).second) return;
  if (score_) score_->on_graft(from, option.topic, now);
  Rpc rpc;
  rpc.control.graft.push_back(Graft{option.topic});
  send(from, std::move(rpc));
}

void Router::on_message(const PeerId& from, Peer& peer, const MessagePtr& message, Time now) {
  if (peer.invalid >= kMaxInvalid) return;
  const auto topic = topics_.find(message->topic);
  if (topic == topics_.end()) return;
  if (message->from.empty() || message->seqno.size() != 8 || message->signature.empty()) {
    ++peer.invalid;
    invalid(from, *message, Offence::bad_message, now);
    return;
  }
  MessageId id = message_id(*message);
  if (seen_.contains(id)) {
    if (score_) score_->on_duplicate(from, *message, now);
    return;
  }
  // In our name, but not one of ours: a forgery, or an echo of an earlier run with the same key.
  if (equal(message->from, self_.bytes())) return;
  if (!verify(*message)) {
    ++peer.invalid;
    invalid(from, *message, Offence::bad_message, now);
    return;
  }
  promises_.erase(id);
  if (!topic->second.validated) {
    seen_.add(id, now);
    accept(message, id, from, now);
    return;
  }
  const std::size_t size = encoded_size(*message);
  if (pending_.size() >= kMaxPending || pending_bytes_ + size > kMaxPendingBytes) return;
  seen_.add(id, now);
  pending_bytes_ += size;
  pending_.emplace(id, Pending{message, from, size});
  actions_.push_back(Validate{message, std::move(id), from});
}

void Router::invalid(const PeerId& from, const Message& message, Offence offence, Time now) {
  if (score_) score_->on_invalid(from, message, now);
  actions_.push_back(Penalty{from, offence, 1});
}

void Router::resolve(const MessageId& id, Verdict verdict, Time now) {
  const auto waiting = pending_.find(id);
  if (waiting == pending_.end()) return;
  const Pending pending = std::move(waiting->second);
  pending_.erase(waiting);
  pending_bytes_ -= pending.size;
  if (verdict == Verdict::reject) {
    invalid(pending.from, *pending.message, Offence::rejected_message, now);
  } else if (verdict == Verdict::accept && topics_.contains(pending.message->topic)) {
    accept(pending.message, id, pending.from, now);
  }
}

void Router::accept(const MessagePtr& message, const MessageId& id, const PeerId& from, Time now) {
  if (score_) score_->on_first_delivery(from, *message, now);
  mcache_.put(id, message);
  actions_.push_back(Deliver{message, id, from});
  send_message(message, from, PeerSet(), false, now);
}

Result<Router::Published> Router::publish(const std::string& topic, Bytes data, WallTime wall,
                                          Time now) {
  if (topic.empty() || topic.size() > kMaxTopicSize) {
    return fail(Code::limit, "publish to", topic.substr(0, 64),
                "a topic has 1 to " + std::to_string(kMaxTopicSize) + " bytes");
  }
  if (data.size() > kMaxDataSize) {
    return fail(Code::limit, "publish to", topic,
                "a message has at most " + std::to_string(kMaxDataSize) + " bytes, this one " +
                    std::to_string(data.size()));
  }
  Published published;
  published.message = make_message(key_, topic, std::move(data), seqnos_.next(wall));
  published.id = message_id(*published.message);
  seen_.add(published.id, now);
  mcache_.put(published.id, published.message);
  published.to = send_message(published.message, self_, PeerSet(), true, now);
  return published;
}

Router::Published Router::republish(MessagePtr message, const std::set<PeerId>& except, Time now) {
  Published published;
  published.id = message_id(*message);
  published.message = std::move(message);
  seen_.add(published.id, now);
  mcache_.put(published.id, published.message);
  published.to = send_message(published.message, self_, except, true, now);
  return published;
}

Router::PeerSet Router::recipients(const std::string& topic, bool own, Time now) {
  PeerSet to;
  const auto members = topic_peers_.find(topic);
  if (members == topic_peers_.end()) return to;
  const bool flood = own && config_.params.flood_publish;
  for (const PeerId& peer : members->second) {
    if (direct(peer)) {
      to.insert(peer);
    } else if ((flood || !peers_.at(peer).meshes()) && score(peer) >= config_.thresholds.publish) {
      to.insert(peer);
    }
  }
  if (flood) return to;
  const auto ours = topics_.find(topic);
  if (ours != topics_.end()) {
    to.insert(ours->second.mesh.begin(), ours->second.mesh.end());
    return to;
  }
  Fanout& fan = fanout_[topic];
  fan.last_publish = now;
  if (fan.peers.empty()) {
    for (const PeerId& peer : pick(topic, config_.params.D, [this](const PeerId& candidate) {
           return !direct(candidate) && score(candidate) >= config_.thresholds.publish;
         })) {
      fan.peers.insert(peer);
    }
  }
  to.insert(fan.peers.begin(), fan.peers.end());
  return to;
}

std::vector<PeerId> Router::send_message(const MessagePtr& message, const PeerId& from,
                                         const PeerSet& except, bool own, Time now) {
  std::vector<PeerId> sent;
  for (const PeerId& peer : recipients(message->topic, own, now)) {
    if (peer == from || equal(peer.bytes(), message->from) || except.contains(peer)) continue;
    Rpc rpc;
    rpc.publish.push_back(message);
    send(peer, std::move(rpc));
    sent.push_back(peer);
  }
  return sent;
}

void Router::subscribe(const std::string& topic, bool validated, Time now) {
  const auto [place, fresh] = topics_.try_emplace(topic);
  Topic& state = place->second;
  state.validated = validated;
  if (!fresh) return;
  for (const auto& [peer, ignored] : peers_) {
    Rpc rpc;
    rpc.subscriptions.push_back(SubOpt{true, topic});
    send(peer, std::move(rpc));
  }
  // JOIN: the fanout's peers first, then others, up to D.
  const auto eligible = [&](const PeerId& peer) {
    return !direct(peer) && !backed_off(topic, peer) && score(peer) >= 0;
  };
  const auto fan = fanout_.find(topic);
  if (fan != fanout_.end()) {
    for (const PeerId& peer : fan->second.peers) {
      if (eligible(peer)) state.mesh.insert(peer);
    }
    fanout_.erase(fan);
  }
  if (state.mesh.size() < config_.params.D) {
    for (const PeerId& peer :
         pick(topic, config_.params.D - state.mesh.size(), [&](const PeerId& candidate) {
           return eligible(candidate) && !state.mesh.contains(candidate);
         })) {
      state.mesh.insert(peer);
    }
  }
  for (const PeerId& peer : state.mesh) {
    if (score_) score_->on_graft(peer, topic, now);
    Rpc rpc;
    rpc.control.graft.push_back(Graft{topic});
    send(peer, std::move(rpc));
  }
}

void Router::unsubscribe(const std::string& topic, Time now) {
  const auto place = topics_.find(topic);
  if (place == topics_.end()) return;
  const PeerSet mesh = std::move(place->second.mesh);
  topics_.erase(place);
  for (const auto& [peer, ignored] : peers_) {
    Rpc rpc;
    rpc.subscriptions.push_back(SubOpt{false, topic});
    send(peer, std::move(rpc));
  }
  for (const PeerId& peer : mesh) {
    if (score_) score_->on_prune(peer, topic, now);
    Rpc rpc;
    rpc.control.prune.push_back(
        make_prune(peer, topic, config_.params.do_px, config_.params.unsubscribe_backoff));
    send(peer, std::move(rpc));
    add_backoff(topic, peer, config_.params.unsubscribe_backoff, now);
  }
}

Prune Router::make_prune(const PeerId& to, const std::string& topic, bool px, Duration backoff) {
  Prune prune;
  prune.topic = topic;
  if (peers_.at(to).protocol != PeerProtocol::gossipsub_1_1) return prune;
  prune.backoff =
      static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(backoff).count());
  if (!px) return prune;
  for (const PeerId& peer : pick(topic, config_.params.prune_peers, [&](const PeerId& candidate) {
         return candidate != to && score(candidate) >= 0;
       })) {
    prune.peers.push_back(PxPeer{peer.bytes(), peers_.at(peer).signed_record});
  }
  return prune;
}

bool Router::backed_off(const std::string& topic, const PeerId& peer) const {
  // Present is enough: an entry outlives its backoff by the slack that clear_backoff leaves.
  const auto peers = backoff_.find(topic);
  return peers != backoff_.end() && peers->second.contains(peer);
}

void Router::add_backoff(const std::string& topic, const PeerId& peer, Duration time, Time now) {
  auto& peers = backoff_[topic];
  const auto known = peers.find(peer);
  if (known == peers.end() && peers.size() >= kMaxBackoffPeers) return;
  Time& until = known == peers.end() ? peers[peer] : known->second;
  until = std::max(until, now + time);
}

void Router::behaviour(const PeerId& peer, Offence offence, std::size_t count, Time now) {
  if (score_) score_->on_behaviour(peer, count, now);
  actions_.push_back(Penalty{peer, offence, count});
}

std::vector<std::string> Router::topics() const {
  std::vector<std::string> names;
  for (const auto& [topic, ignored] : topics_) names.push_back(topic);
  return names;
}

std::vector<PeerId> Router::peers(const std::string& topic) const {
  const auto members = topic_peers_.find(topic);
  if (members == topic_peers_.end()) return {};
  return std::vector<PeerId>(members->second.begin(), members->second.end());
}

std::set<PeerId> Router::mesh(const std::string& topic) const {
  const auto state = topics_.find(topic);
  return state == topics_.end() ? PeerSet() : state->second.mesh;
}

std::set<PeerId> Router::fanout(const std::string& topic) const {
  const auto state = fanout_.find(topic);
  return state == fanout_.end() ? PeerSet() : state->second.peers;
}

IdForm Router::form_of(const PeerId& peer) const {
  const auto known = peers_.find(peer);
  return known == peers_.end() ? IdForm::go : known->second.form;
}

}  // namespace p2p::libp2p::gossipsub
