#include "chain/sync/sync.h"

#include <algorithm>

namespace p2p::chain {

namespace {

/// What ends a connection that is not the peer's fault for ever.
Error unhelpful(std::string why) { return Error(Code::protocol, std::move(why)); }

/// Where the first header stands that was not accepted; `last` is the one before it.
std::size_t index_after(std::span<const BlockHeader> headers, const HeaderNode* last) {
  if (last == nullptr) return 0;
  std::size_t at = 0;
  while (headers[at].id() != last->id) ++at;
  return at + 1;
}

/// Marks of one survey, 32 bytes each: 130 million headers at full answers.
constexpr std::size_t kMostMarks = 65536;

bool malformed(const Error& why) { return why.code == Code::parse || why.code == Code::limit; }

}  // namespace

Sync::Sync(ChainManager& chain, SyncParams params) : chain_(chain), params_(params) {}

Status Sync::status() const {
  Status out;
  out.genesis = chain_.params().genesis_id();
  out.tip = chain_.tip().id;
  out.height = chain_.tip().height;
  out.work = chain_.tip().chainwork;
  return out;
}

void Sync::add_peer(const PeerId& peer, Time now) {
  const auto [place, fresh] = peers_.try_emplace(peer);
  if (!fresh) return;
  place->second.next_status = now;
  place->second.next_transactions = now;
  place->second.not_before = now;
  plan(now);
}

void Sync::remove_peer(const PeerId& peer, Time now) {
  const auto place = peers_.find(peer);
  if (place == peers_.end()) return;
  release(place->second);
  peers_.erase(place);
  plan(now);  // others may have what it was asked for
}

std::optional<Status> Sync::status_of(const PeerId& peer) const {
  const auto place = peers_.find(peer);
  if (place == peers_.end()) return std::nullopt;
  return place->second.status;
}

Sync::Peer* Sync::find(const PeerId& peer) {
  const auto place = peers_.find(peer);
  return place == peers_.end() || place->second.doomed ? nullptr : &place->second;
}

bool Sync::take(std::optional<Pending>& slot, std::uint64_t number) {
  if (!slot || slot->number != number) return false;
  slot.reset();
  return true;
}

template <class T>
const T* Sync::or_fail(const Result<T>& result) {
  if (result) return &*result;
  failed_ = result.error();
  return nullptr;
}

void Sync::know(Peer& peer, const HeaderNode& node) {
  if (peer.has == nullptr || peer.has->chainwork < node.chainwork) peer.has = &node;
}

void Sync::barren(const PeerId& id, Peer& peer, Time now, const std::string& why) {
  peer.not_before = now + params_.retry_delay;
  if (++peer.barren >= params_.most_barren) drop(id, peer, unhelpful(why), false);
}

void Sync::drop(const PeerId& id, Peer& peer, Error why, bool ban) {
  if (peer.doomed) return;
  peer.doomed = true;
  release(peer);
  actions_.emplace_back(Drop{id, std::move(why), ban});
}

void Sync::refuse(const PeerId& id, Peer* peer, const BlockId& block, const Outcome& outcome) {
  actions_.emplace_back(Refused{id, block, outcome});
  Error why(Code::rejected, "it sent block " + block.text() + ", which is " + outcome.message());
  if (peer != nullptr) {
    drop(id, *peer, std::move(why), true);
  } else {
    actions_.emplace_back(Drop{id, std::move(why), true});
  }
}

void Sync::release(Peer& peer) {
  for (const BlockId& id : peer.asked) in_flight_.erase(id);
  peer.asked.clear();
}

bool Sync::seems_ahead(const Peer& peer) const {
  return peer.status && peer.status->work > chain_.tip().chainwork &&
         chain_.find(peer.status->tip) == nullptr;
}

void Sync::announce(Time now) {
  const U256& work = chain_.tip().chainwork;
  for (auto& [id, peer] : peers_) {
    const bool has_it = (peer.status && peer.status->work >= work) ||
                        (peer.has != nullptr && peer.has->chainwork >= work);
    if (!has_it) peer.to_tell = true;
  }
  plan(now);
}

// What peers say.

void Sync::on_status(const PeerId& id, const Status& status, Time now,
                     std::optional<std::uint64_t> number) {
  Peer* peer = find(id);
  if (peer == nullptr) return;
  if (number && !take(peer->status_ask, *number)) return;
  if (status.genesis != chain_.params().genesis_id()) {
    drop(id, *peer,
         Error(Code::mismatch, "it is on another chain, of genesis " + status.genesis.text() +
                                   "; ours is " + chain_.params().genesis_id().text()),
         false);
    return;
  }
  peer->status = status;
  if (const HeaderNode* node = chain_.find(status.tip)) know(*peer, *node);
  if (seems_ahead(*peer)) peer->wants_headers = true;
  plan(now);
}

void Sync::on_headers(const PeerId& id, std::uint64_t number, std::span<const BlockHeader> headers,
                      Time now, std::int64_t wall_s) {
  Peer* peer = find(id);
  if (peer == nullptr || !take(peer->headers_ask, number)) return;
  const bool strange = !headers.empty() && chain_.find(headers.back().id()) == nullptr;
  if (!peer->survey && strange && chain_.stray_headers() >= params_.most_stray &&
      !chain_.leads(headers)) {
    const HeaderNode* const from = chain_.find(headers.front().prev);
    if (from != nullptr) peer->survey.emplace(Survey{from, from->chainwork, {}, std::nullopt});
  }
  if (peer->survey && !peer->survey->taken) {
    weigh(id, *peer, headers);
    return plan(now);
  }
  if (peer->survey) {
    headers = committed(*peer, headers);
    if (headers.empty()) {
      return drop(id, *peer, unhelpful("its headers are not those that it showed before"), false);
    }
  }
  take_headers(id, *peer, headers, now, wall_s);
}

void Sync::weigh(const PeerId& id, Peer& peer, std::span<const BlockHeader> headers) {
  Survey& survey = *peer.survey;
  const BlockId& last = survey.marks.empty() ? survey.from->id : survey.marks.back();
  const auto work = chain_.proven_work(last, headers);
  if (work && !headers.empty()) {
    survey.work += *work;
    survey.marks.push_back(headers.back().id());
  }
  if (survey.work > chain_.tip().chainwork) {
    survey.taken = 0;
  } else if (!work || headers.size() < params_.full_answer || survey.marks.size() == kMostMarks) {
    drop(id, peer, unhelpful("its headers show less work than our chain has"), false);
  }
}

/// The part of an answer that the next mark commits to; empty where it is not there. Forgets the
/// survey with its last mark.
std::span<const BlockHeader> Sync::committed(Peer& peer,
                                             std::span<const BlockHeader> headers) const {
  Survey& survey = *peer.survey;
  const BlockId& mark = survey.marks[*survey.taken];
  const auto last = std::ranges::find(headers, mark, &BlockHeader::id);
  if (last == headers.end()) return {};
  if (++*survey.taken == survey.marks.size()) peer.survey.reset();
  return headers.first(static_cast<std::size_t>(last - headers.begin()) + 1);
}

void Sync::take_headers(const PeerId& id, Peer& peer, std::span<const BlockHeader> headers,
                        Time now, std::int64_t wall_s) {
  const HeaderNode* const before = peer.has;
  const auto result = chain_.accept_headers(headers, wall_s);
  const auto* accepted = or_fail(result);
  if (accepted == nullptr) return;
  if (accepted->last != nullptr) know(peer, *accepted->last);
  switch (accepted->outcome.verdict) {
    case Verdict::ok:
      peer.more_follows = headers.size() >= params_.full_answer;
      // Of a branch that was surveyed, another peer may have shown the same.
      if (accepted->fresh > 0 || peer.has != before || peer.survey) {
        peer.barren = 0;
      } else if (seems_ahead(peer) || peer.more_follows) {
        barren(id, peer, now, "it claims more work than its headers show");
      }
      if (seems_ahead(peer)) peer.wants_headers = true;
      break;
    case Verdict::future:
      peer.survey.reset();
      peer.not_before = now + params_.status_interval;
      break;
    case Verdict::orphan:
      return drop(id, peer, Error(Code::protocol, "its headers do not follow from ours"), true);
    case Verdict::invalid:
    case Verdict::mutated:
      return refuse(id, &peer, headers[index_after(headers, accepted->last)].id(),
                    accepted->outcome);
  }
  plan(now);
}

void Sync::on_block(const PeerId& id, std::uint64_t number, ByteView raw, Time now,
                    std::int64_t wall_s) {
  Peer* peer = find(id);
  if (peer == nullptr || !peer->blocks_ask || peer->blocks_ask->number != number) return;
  if (peer->asked.empty()) {
    return drop(id, *peer, Error(Code::protocol, "it sent more blocks than were asked for"), true);
  }
  peer->blocks_ask->deadline = now + params_.answer_time;
  const BlockId due = peer->asked.front();
  peer->asked.erase(peer->asked.begin());
  in_flight_.erase(due);
  if (raw.empty()) {
    peer->withheld = true;
    return;
  }
  const auto block = Block::decode(raw);
  if (!block || block->id() != due) {
    return drop(id, *peer, Error(Code::protocol, "it sent another block than " + due.text()), true);
  }
  const HeaderNode* const before = &chain_.tip();
  const auto result = chain_.accept_block(*block, wall_s);
  const Outcome* outcome = or_fail(result);
  if (outcome == nullptr) return;
  if (outcome->verdict == Verdict::invalid || outcome->verdict == Verdict::mutated) {
    return refuse(id, peer, due, *outcome);
  }
  peer->barren = 0;
  if (&chain_.tip() != before && in_flight_.empty()) announce(now);
  plan(now);
}

void Sync::on_transaction(const PeerId& id, std::uint64_t number, ByteView raw, Time now) {
  Peer* peer = find(id);
  if (peer == nullptr || !peer->transactions_ask || peer->transactions_ask->number != number) {
    return;
  }
  if (++peer->told > kMaxTransactions) {
    return drop(id, *peer, Error(Code::protocol, "it told too many transactions"), true);
  }
  peer->transactions_ask->deadline = now + params_.answer_time;
  const Outcome outcome = on_gossip_transaction(id, raw, now);
  if (outcome.ok()) actions_.emplace_back(FreshTransaction{to_bytes(raw)});
}

void Sync::on_end(const PeerId& id, std::uint64_t number, Time now) {
  Peer* peer = find(id);
  if (peer == nullptr) return;
  if (take(peer->blocks_ask, number)) {
    const bool withheld = peer->withheld || !peer->asked.empty();
    release(*peer);
    if (withheld) barren(id, *peer, now, "it holds back blocks whose headers it has announced");
  } else {
    take(peer->transactions_ask, number);
  }
  plan(now);
}

void Sync::on_failure(const PeerId& id, std::uint64_t number, const Error& why, Time now) {
  Peer* peer = find(id);
  if (peer == nullptr) return;
  if (take(peer->blocks_ask, number)) {
    release(*peer);
  } else if (take(peer->headers_ask, number)) {
    peer->wants_headers = true;
  } else if (take(peer->transactions_ask, number)) {
    peer->next_transactions = now + params_.retry_delay;
  } else if (!take(peer->status_ask, number)) {
    return;
  }
  if (malformed(why)) {
    return drop(id, *peer, Error(Code::protocol, "its answer is malformed: " + why.message()),
                true);
  }
  peer->next_status = std::max(peer->next_status, now + params_.retry_delay);
  barren(id, *peer, now, "it does not answer: " + why.message());
  plan(now);
}

Outcome Sync::on_gossip_block(const PeerId& from, ByteView raw, Time now, std::int64_t wall_s) {
  const auto block = Block::decode(raw);
  Peer* peer = find(from);
  if (!block) {
    const auto outcome = Outcome::of(Verdict::mutated, Rule::bad_encoding, block.error().message());
    refuse(from, peer, BlockId(), outcome);
    return outcome;
  }
  const BlockId id = block->id();
  const auto result = chain_.accept_offered(*block, wall_s);
  const Outcome* outcome = or_fail(result);
  if (outcome == nullptr) return Outcome::of(Verdict::future, Rule::none, failed_->message());
  switch (outcome->verdict) {
    case Verdict::ok: {
      const HeaderNode& node = *chain_.find(id);
      if (peer != nullptr) know(*peer, node);
      plan(now);
      if (chain_.is_active(node)) return *outcome;
      return Outcome::of(Verdict::orphan, Rule::none, "its branch is not the active one");
    }
    case Verdict::orphan:
      if (peer != nullptr) peer->wants_headers = true;
      break;
    case Verdict::future:
      break;
    case Verdict::invalid:
    case Verdict::mutated:
      if (outcome->rule != Rule::none) refuse(from, peer, id, *outcome);
      break;
  }
  plan(now);
  return *outcome;
}

Outcome Sync::on_gossip_transaction(const PeerId& from, ByteView raw, Time now) {
  const auto blame = [&](Rule rule, const std::string& detail) {
    const auto outcome = Outcome::invalid(rule, detail);
    Error why(Code::rejected, "it sent a transaction that is " + outcome.message());
    if (Peer* peer = find(from)) {
      drop(from, *peer, std::move(why), true);
    } else {
      actions_.emplace_back(Drop{from, std::move(why), true});
    }
    plan(now);
    return outcome;
  };
  const auto tx = Transaction::decode(raw);
  if (!tx) return blame(Rule::bad_encoding, tx.error().message());
  if (!tx->is_signed()) return blame(Rule::bad_transaction, "only blocks may carry it");
  const auto added = chain_.submit(*tx, Origin::remote);
  if (added) return *added ? Outcome::valid() : Outcome::invalid(Rule::none, "it is known");
  const Outcome form = check_transaction(*tx);
  if (!form.ok()) return blame(form.rule, form.detail);
  if (!tx->signature_valid(chain_.params().genesis_id())) {
    return blame(Rule::bad_signature, "its signature does not verify");
  }
  return Outcome::invalid(Rule::none, added.error().message());
}

// What to ask.

Time Sync::deadline() const {
  Time at = kNever;
  for (const auto& [id, peer] : peers_) {
    if (peer.doomed) continue;
    for (const auto* slot :
         {&peer.status_ask, &peer.headers_ask, &peer.blocks_ask, &peer.transactions_ask}) {
      if (*slot) at = std::min(at, (*slot)->deadline);
    }
    if (!peer.status_ask) at = std::min(at, peer.next_status);
    if (peer.not_before > planned_) at = std::min(at, peer.not_before);
    if (peer.next_transactions > planned_) at = std::min(at, peer.next_transactions);
  }
  return at;
}

void Sync::on_time(Time now) {
  for (auto& [id, peer] : peers_) {
    if (peer.doomed) continue;
    const auto late = [&](const std::optional<Pending>& slot, const char* what) {
      if (!slot || slot->deadline > now) return;
      drop(id, peer, Error(Code::timeout, std::string("it did not answer in time for ") + what),
           false);
    };
    late(peer.status_ask, "its status");
    late(peer.headers_ask, "headers");
    late(peer.blocks_ask, "blocks");
    late(peer.transactions_ask, "transactions");
  }
  plan(now);
}

std::vector<SyncAction> Sync::take_actions() { return std::exchange(actions_, {}); }

Sync::Pending Sync::ask(const PeerId& id, Request request, Time now) {
  const std::uint64_t number = next_number_++;
  actions_.emplace_back(Ask{id, number, std::move(request)});
  return Pending{number, now + params_.answer_time};
}

void Sync::plan(Time now) {
  if (failed_) return;
  planned_ = now;
  for (auto& [id, peer] : peers_) {
    if (!peer.doomed) plan_peer(id, peer, now);
  }
}

void Sync::plan_peer(const PeerId& id, Peer& peer, Time now) {
  if (!peer.status_ask && (peer.to_tell || now >= peer.next_status)) {
    peer.to_tell = false;
    peer.next_status = now + params_.status_interval;
    peer.status_ask = ask(id, status(), now);
  }
  if (!peer.status || now < peer.not_before) return;
  if ((peer.wants_headers || peer.more_follows || peer.survey) && !peer.headers_ask) {
    GetHeaders request;
    request.locator = locator_for(peer);
    peer.wants_headers = peer.more_follows = false;
    peer.headers_ask = ask(id, std::move(request), now);
  }
  if (!peer.blocks_ask) plan_bodies(id, peer, now);
  const bool caught_up = !peer.headers_ask && !peer.blocks_ask;
  if (caught_up && now >= peer.next_transactions && !peer.transactions_ask) {
    peer.next_transactions = now + params_.transactions_interval;
    peer.told = 0;
    peer.transactions_ask = ask(id, GetTransactions(), now);
  }
}

std::vector<BlockId> Sync::locator_for(const Peer& peer) const {
  if (const auto& survey = peer.survey) {
    const std::size_t seen = survey->taken.value_or(survey->marks.size());
    if (seen > 0) return std::vector<BlockId>(1, survey->marks[seen - 1]);
    return chain_.tree().locator(*survey->from);
  }
  const bool on = peer.more_follows && peer.has != nullptr;
  return chain_.tree().locator(on ? *peer.has : chain_.best_header());
}

void Sync::plan_bodies(const PeerId& id, Peer& peer, Time now) {
  if (peer.has == nullptr) return;
  if (chain_.is_invalid(*peer.has)) {
    // Peers announce only what they follow, so it follows a block that breaks a rule.
    drop(id, peer, Error(Code::rejected, "its chain holds a block that is refused"), true);
    return;
  }
  if (peer.has->chainwork <= chain_.tip().chainwork) return;
  GetBlocks request;
  for (const HeaderNode* node : chain_.missing_bodies(*peer.has, params_.window)) {
    if (request.ids.size() == kMaxBlocks) break;
    if (in_flight_.insert(node->id).second) request.ids.push_back(node->id);
  }
  if (request.ids.empty()) return;
  peer.asked = request.ids;
  peer.withheld = false;
  peer.blocks_ask = ask(id, std::move(request), now);
}

}  // namespace p2p::chain
