// The router's heartbeat: mesh and fanout maintenance, gossip, ageing.
#include <algorithm>

#include "libp2p/gossipsub/router.h"

namespace p2p::libp2p::gossipsub {

void Router::heartbeat(Time now) {
  ++ticks_;
  if (score_) score_->on_heartbeat(now);
  clear_backoff(now);
  for (auto& [id, peer] : peers_) {
    peer.invalid = peer.ihaves = peer.ihave_ids = peer.asked = 0;
    peer.iwant_ids = peer.iwant_bytes = 0;
  }
  collect_broken_promises(now);
  if (ticks_ % config_.params.direct_connect_ticks == 1) {
    for (const PeerId& peer : config_.direct) {
      if (!peers_.contains(peer)) actions_.push_back(Connect{peer});
    }
  }

  std::map<PeerId, MeshChange> changes;
  std::map<PeerId, Rpc> out;
  for (auto& [topic, state] : topics_) {
    maintain(topic, state, changes, now);
    emit_gossip(topic, state.mesh, out);
  }
  maintain_fanout(now);
  for (const auto& [topic, state] : fanout_) emit_gossip(topic, state.peers, out);

  for (auto& [peer, change] : changes) {
    Control& control = out[peer].control;
    for (std::string& topic : change.graft) control.graft.push_back(Graft{std::move(topic)});
    for (const std::string& topic : change.prune) {
      control.prune.push_back(
          make_prune(peer, topic, config_.params.do_px && change.px, config_.params.prune_backoff));
    }
  }
  for (auto& [peer, rpc] : out) send(peer, std::move(rpc));
  mcache_.shift();
  seen_.expire(now);
}

std::vector<PeerId> Router::pick(const std::string& topic, std::size_t count,
                                 const std::function<bool(const PeerId&)>& filter) {
  std::vector<PeerId> found;
  const auto members = topic_peers_.find(topic);
  if (members == topic_peers_.end()) return found;
  for (const PeerId& peer : members->second) {
    if (peers_.at(peer).meshes() && filter(peer)) found.push_back(peer);
  }
  random_.shuffle(found);
  if (found.size() > count) found.resize(count);
  return found;
}

void Router::graft(const std::string& topic, Topic& state, const PeerId& peer, Changes& changes,
                   Time now) {
  state.mesh.insert(peer);
  changes[peer].graft.push_back(topic);
  if (score_) score_->on_graft(peer, topic, now);
}

void Router::prune(const std::string& topic, Topic& state, const PeerId& peer, Changes& changes,
                   Time now) {
  state.mesh.erase(peer);
  add_backoff(topic, peer, config_.params.prune_backoff, now);
  changes[peer].prune.push_back(topic);
  if (score_) score_->on_prune(peer, topic, now);
}

void Router::maintain(const std::string& topic, Topic& state, Changes& changes, Time now) {
  const Params& params = config_.params;
  const auto eligible = [&](const PeerId& peer) {
    return !state.mesh.contains(peer) && !backed_off(topic, peer) && !direct(peer) &&
           score(peer) >= 0;
  };
  const auto outbound_links = [&] {
    return static_cast<std::size_t>(
        std::count_if(state.mesh.begin(), state.mesh.end(),
                      [this](const PeerId& peer) { return peers_.at(peer).outbound; }));
  };

  const PeerSet before = state.mesh;
  for (const PeerId& peer : before) {
    if (score(peer) >= 0) continue;
    prune(topic, state, peer, changes, now);
    changes[peer].px = false;
  }
  if (state.mesh.size() < params.D_low) {
    for (const PeerId& peer : pick(topic, params.D - state.mesh.size(), eligible)) {
      graft(topic, state, peer, changes, now);
    }
  }
  // go-libp2p-pubsub prunes from D_high on, not only above it: GRAFTs are refused there too.
  if (state.mesh.size() >= params.D_high && state.mesh.size() > params.D) {
    prune_excess(topic, state, changes, now);
  }
  if (state.mesh.size() >= params.D_low && outbound_links() < params.D_out) {
    const std::size_t need = params.D_out - outbound_links();
    for (const PeerId& peer : pick(topic, need, [&](const PeerId& candidate) {
           return eligible(candidate) && peers_.at(candidate).outbound;
         })) {
      graft(topic, state, peer, changes, now);
    }
  }
  if (ticks_ % params.opportunistic_graft_ticks == 0 && state.mesh.size() > 1) {
    graft_opportunistically(topic, state, changes, now);
  }
}

void Router::prune_excess(const std::string& topic, Topic& state, Changes& changes, Time now) {
  const Params& params = config_.params;
  std::vector<PeerId> links(state.mesh.begin(), state.mesh.end());
  random_.shuffle(links);
  std::map<PeerId, double> scores;
  for (const PeerId& peer : links) scores[peer] = score(peer);
  std::stable_sort(links.begin(), links.end(),
                   [&](const PeerId& a, const PeerId& b) { return scores.at(a) > scores.at(b); });
  // The best D_score stay, the others compete by chance.
  const std::size_t best = std::min(params.D_score, links.size());
  std::vector<PeerId> others(links.begin() + static_cast<std::ptrdiff_t>(best), links.end());
  random_.shuffle(others);
  std::copy(others.begin(), others.end(), links.begin() + static_cast<std::ptrdiff_t>(best));

  // D_out of the survivors must be outbound: bring outbound links forward from behind D, in place
  // of the last inbound ones before it.
  const auto outbound = [this](const PeerId& peer) { return peers_.at(peer).outbound; };
  const auto kept_end = links.begin() + static_cast<std::ptrdiff_t>(params.D);
  std::size_t have = static_cast<std::size_t>(std::count_if(links.begin(), kept_end, outbound));
  auto place = kept_end;
  for (auto spare = kept_end; spare != links.end() && have < params.D_out; ++spare) {
    if (!outbound(*spare)) continue;
    do {
      --place;
    } while (place != links.begin() && outbound(*place));
    std::iter_swap(place, spare);
    ++have;
  }
  for (auto peer = kept_end; peer != links.end(); ++peer) {
    prune(topic, state, *peer, changes, now);
  }
}

void Router::graft_opportunistically(const std::string& topic, Topic& state, Changes& changes,
                                     Time now) {
  std::vector<double> scores;
  for (const PeerId& peer : state.mesh) scores.push_back(score(peer));
  std::sort(scores.begin(), scores.end());
  const double median = scores[scores.size() / 2];
  if (median >= config_.thresholds.opportunistic_graft) return;
  for (const PeerId& peer :
       pick(topic, config_.params.opportunistic_graft_peers, [&](const PeerId& candidate) {
         return !state.mesh.contains(candidate) && !backed_off(topic, candidate) &&
                !direct(candidate) && score(candidate) > median;
       })) {
    graft(topic, state, peer, changes, now);
  }
}

void Router::maintain_fanout(Time now) {
  const Params& params = config_.params;
  std::erase_if(fanout_, [&](const auto& entry) {
    return entry.second.last_publish + params.fanout_ttl < now;
  });
  for (auto& [topic, state] : fanout_) {
    std::erase_if(state.peers,
                  [this](const PeerId& peer) { return score(peer) < config_.thresholds.publish; });
    if (state.peers.size() >= params.D) continue;
    for (const PeerId& peer :
         pick(topic, params.D - state.peers.size(), [&](const PeerId& candidate) {
           return !state.peers.contains(candidate) && !direct(candidate) &&
                  score(candidate) >= config_.thresholds.publish;
         })) {
      state.peers.insert(peer);
    }
  }
}

void Router::emit_gossip(const std::string& topic, const PeerSet& exclude,
                         std::map<PeerId, Rpc>& out) {
  const Params& params = config_.params;
  std::vector<MessagePtr> messages = mcache_.gossip(topic);
  if (messages.empty()) return;
  std::vector<PeerId> to = pick(topic, peers_.size(), [&](const PeerId& peer) {
    return !exclude.contains(peer) && !direct(peer) && score(peer) >= config_.thresholds.gossip;
  });
  const auto factor =
      static_cast<std::size_t>(params.gossip_factor * static_cast<double>(to.size()));
  to.resize(std::min(to.size(), std::max(params.D_lazy, factor)));
  for (const PeerId& peer : to) {
    // Each peer gets its own selection where there are too many.
    random_.shuffle(messages);
    IHave ihave;
    ihave.topic = topic;
    const std::size_t count = std::min(messages.size(), params.max_ihave_length);
    const IdForm form = peers_.at(peer).form;
    for (std::size_t i = 0; i < count; ++i) ihave.ids.push_back(wire_id(*messages[i], form));
    out[peer].control.ihave.push_back(std::move(ihave));
  }
}

void Router::clear_backoff(Time now) {
  if (ticks_ % 15 != 0) return;
  // Two heartbeats of slack, so that the other side's clock has run out too before we graft again.
  const Duration slack = 2 * config_.params.heartbeat_interval;
  for (auto& [topic, peers] : backoff_) {
    std::erase_if(peers, [&](const auto& entry) { return entry.second + slack < now; });
  }
  std::erase_if(backoff_, [](const auto& entry) { return entry.second.empty(); });
}

void Router::collect_broken_promises(Time now) {
  std::map<PeerId, std::size_t> broken;
  for (auto& [id, peers] : promises_) {
    std::erase_if(peers, [&](const auto& entry) {
      if (entry.second > now) return false;
      ++broken[entry.first];
      return true;
    });
  }
  std::erase_if(promises_, [](const auto& entry) { return entry.second.empty(); });
  for (const auto& [peer, count] : broken) behaviour(peer, Offence::broken_promise, count, now);
}

}  // namespace p2p::libp2p::gossipsub
