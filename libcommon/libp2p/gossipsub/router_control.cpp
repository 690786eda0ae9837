// The router's answers to control messages: IHAVE, IWANT, GRAFT, PRUNE.
#include <algorithm>

#include "libp2p/gossipsub/router.h"

namespace p2p::libp2p::gossipsub {

std::vector<IWant> Router::on_ihave(const PeerId& from, Peer& peer, const Control& control,
                                    Time now) {
  if (control.ihave.empty() || score(from) < config_.thresholds.gossip) return {};
  const Params& params = config_.params;
  const std::size_t most_ids = params.max_ihave_length * params.max_ihave_messages;
  ++peer.ihaves;
  if (peer.ihaves > params.max_ihave_messages || peer.asked >= params.max_ihave_length) {
    // Once a heartbeat is enough to say so.
    if (peer.ihaves == params.max_ihave_messages + 1) {
      actions_.push_back(Penalty{from, Offence::too_many_ids, 1});
    }
    return {};
  }
  // By our own id, so that one message named in two forms is asked for once; the answer repeats the
  // peer's own bytes.
  std::map<MessageId, const Bytes*> wanted;
  for (const IHave& ihave : control.ihave) {
    if (!topics_.contains(ihave.topic)) continue;
    const std::size_t count = std::min(ihave.ids.size(), params.max_ihave_length);
    for (std::size_t i = 0; i < count && wanted.size() < params.max_ihave_length; ++i) {
      if (++peer.ihave_ids > most_ids) break;
      auto id = read_id(ihave.ids[i]);
      if (!id) continue;
      peer.form = id->form;
      if (!seen_.contains(id->id)) wanted.emplace(std::move(id->id), &ihave.ids[i]);
    }
  }
  if (wanted.empty()) return {};
  std::vector<std::pair<MessageId, const Bytes*>> ask(wanted.begin(), wanted.end());
  random_.shuffle(ask);
  ask.resize(std::min(ask.size(), params.max_ihave_length - peer.asked));
  peer.asked += ask.size();
  // One promise an IWANT is tracked: a peer that breaks many is caught by one of them soon enough.
  promises_[ask.front().first].try_emplace(from, now + params.iwant_followup_time);
  IWant iwant;
  for (const auto& [id, wire] : ask) iwant.ids.push_back(*wire);
  std::vector<IWant> answer;
  answer.push_back(std::move(iwant));
  return answer;
}

std::vector<MessagePtr> Router::on_iwant(const PeerId& from, Peer& peer, const Control& control) {
  if (control.iwant.empty() || score(from) < config_.thresholds.gossip) return {};
  const Params& params = config_.params;
  std::vector<MessagePtr> answer;
  std::set<MessageId> answered;
  for (const IWant& iwant : control.iwant) {
    for (const Bytes& wire : iwant.ids) {
      // As many ids as the IHAVEs of one heartbeat can have named.
      if (++peer.iwant_ids > params.max_ihave_length * params.max_ihave_messages) return answer;
      if (peer.iwant_bytes >= kMaxIWantBytes) return answer;
      auto id = read_id(wire);
      if (!id) continue;
      peer.form = id->form;
      if (!answered.insert(id->id).second) continue;
      MessagePtr message = mcache_.get_for(id->id, from, params.gossip_retransmission);
      if (!message) continue;
      peer.iwant_bytes += encoded_size(*message);
      answer.push_back(std::move(message));
    }
  }
  return answer;
}

std::vector<Prune> Router::on_graft(const PeerId& from, const Control& control, Time now) {
  const Params& params = config_.params;
  std::vector<std::string> refused;
  bool px = params.do_px;
  for (const Graft& graft : control.graft) {
    const auto topic = topics_.find(graft.topic);
    if (topic == topics_.end()) {
      // No PRUNE: answering GRAFTs of unknown topics would let anyone make us send.
      px = false;
      continue;
    }
    PeerSet& mesh = topic->second.mesh;
    if (mesh.contains(from)) continue;
    if (std::find(refused.begin(), refused.end(), graft.topic) != refused.end()) continue;
    if (direct(from)) {
      refused.push_back(graft.topic);
      px = false;
      continue;
    }
    const auto pruned = backoff_.find(graft.topic);
    if (pruned != backoff_.end()) {
      const auto until = pruned->second.find(from);
      if (until != pruned->second.end() && now < until->second) {
        const bool flood =
            now < until->second + params.graft_flood_threshold - params.prune_backoff;
        behaviour(from, Offence::graft_in_backoff, flood ? 2 : 1, now);
        add_backoff(graft.topic, from, params.prune_backoff, now);
        refused.push_back(graft.topic);
        px = false;
        continue;
      }
    }
    if (score(from) < 0) {
      add_backoff(graft.topic, from, params.prune_backoff, now);
      refused.push_back(graft.topic);
      px = false;
      continue;
    }
    if (mesh.size() >= params.D_high && !peers_.at(from).outbound) {
      add_backoff(graft.topic, from, params.prune_backoff, now);
      refused.push_back(graft.topic);
      continue;
    }
    mesh.insert(from);
    if (score_) score_->on_graft(from, graft.topic, now);
  }
  std::vector<Prune> prunes;
  for (const std::string& topic : refused) {
    prunes.push_back(make_prune(from, topic, px, params.prune_backoff));
  }
  return prunes;
}

void Router::on_prune(const PeerId& from, const Control& control, Time now) {
  for (const Prune& prune : control.prune) {
    const auto topic = topics_.find(prune.topic);
    if (topic == topics_.end()) continue;
    const bool linked = topic->second.mesh.erase(from) > 0;
    if (linked && score_) score_->on_prune(from, prune.topic, now);
    Duration backoff = config_.params.prune_backoff;
    if (prune.backoff && *prune.backoff > 0) {
      const auto most = std::chrono::duration_cast<std::chrono::seconds>(kMaxBackoff).count();
      const auto asked = std::min<std::uint64_t>(*prune.backoff, static_cast<std::uint64_t>(most));
      backoff = std::chrono::seconds(asked);
    }
    add_backoff(prune.topic, from, backoff, now);
    // Once a link: reading ids is not free.
    if (!linked || prune.peers.empty() || score(from) < config_.thresholds.accept_px) continue;
    std::vector<PxPeer> offered = prune.peers;
    random_.shuffle(offered);
    if (offered.size() > config_.params.prune_peers) offered.resize(config_.params.prune_peers);
    std::erase_if(offered, [this](const PxPeer& peer) {
      const auto id = PeerId::from_bytes(peer.peer_id);
      return !id || *id == self_ || peers_.contains(*id);
    });
    if (!offered.empty()) actions_.push_back(Exchange{from, prune.topic, std::move(offered)});
  }
}

}  // namespace p2p::libp2p::gossipsub
