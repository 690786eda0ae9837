#include "chain/manager/chain_manager.h"

#include <algorithm>

#include "chain/consensus/compact.h"
#include "chain/consensus/rules.h"

namespace p2p::chain {

namespace {

/// A template leaves room for the header, the coinbase and CBOR's heads.
constexpr std::size_t kTemplateReserve = 512;

bool by_preference(const HeaderNode* a, const HeaderNode* b) { return better(*a, *b); }

}  // namespace

ChainManager::ChainManager(Store store, ManagerLimits limits)
    : store_(std::move(store)),
      limits_(limits),
      tree_(store_.params().headers()),
      states_(1),
      mempool_(store_.params().genesis_id(), limits.mempool),
      tip_(&tree_.genesis()),
      best_header_(&tree_.genesis()) {}

Result<std::unique_ptr<ChainManager>> ChainManager::open(Store store, ManagerLimits limits) {
  std::unique_ptr<ChainManager> out(new ChainManager(std::move(store), limits));
  P2P_CHECK(out->load());
  return out;
}

Result<void> ChainManager::load() {
  states_[0].body = states_[0].linked = true;
  P2P_CHECK(store_.each_header([this](const StoredHeader& stored) -> Result<void> {
    const auto corrupt = [&](std::string why) {
      return fail(Code::corrupt, "load header", stored.id.text(), std::move(why));
    };
    if (stored.id == tree_.genesis().id) return {};
    if (stored.header.id() != stored.id) return corrupt("its bytes have another id");
    const HeaderNode* parent = tree_.find(stored.header.prev);
    if (parent == nullptr) return corrupt("its parent is missing");
    const HeaderNode& node = tree_.insert(stored.header, stored.id);
    if (node.chainwork != stored.chainwork) return corrupt("its stored work is wrong");
    NodeState& state = states_.emplace_back();
    state.body = stored.has_body;
    state.linked = state.body && state_of(*parent).linked;
    state.invalid = stored.invalid;
    if (state.body && !state.linked) unlinked_.emplace(parent, &node);
    return {};
  }));
  P2P_TRY(const StoredHeader stored_tip, store_.tip());
  tip_ = tree_.find(stored_tip.id);
  if (tip_ == nullptr) return fail(Code::corrupt, "the active tip has no header");
  choose_best_header();

  P2P_TRY(const auto waiting, store_.waiting());
  for (const StoredTransaction& stored : waiting) {
    P2P_TRY(const Transaction tx, Transaction::decode(stored.raw));
    mempool_.restore(tx, stored.origin);
  }
  P2P_TRY(Store::Batch batch, store_.begin());
  P2P_TRY(const auto dropped, mempool_.revalidate(store_));
  for (const TxId& id : dropped) P2P_CHECK(store_.remove_waiting(id));
  return batch.commit();
}

Result<void> ChainManager::usable() const {
  if (failed_) return fail(*failed_);
  return {};
}

template <class T>
Result<T> ChainManager::or_stop(Result<T> result) {
  if (!result) failed_ = result.error();
  return result;
}

Outcome ChainManager::check_header(const BlockHeader& header, const BlockId& id,
                                   std::int64_t now_s) const {
  const HeaderNode* known = tree_.find(id);
  if (known != nullptr && !state_of(*known).invalid.empty()) {
    return Outcome::parse_invalid(state_of(*known).invalid);
  }
  if (Outcome outcome = tree_.check(header, id, now_s); !outcome.ok()) return outcome;
  const HeaderNode* parent = known != nullptr ? known->parent : tree_.find(header.prev);
  if (parent != nullptr && !state_of(*parent).invalid.empty()) {
    return Outcome::invalid(Rule::bad_prev,
                            "it builds on " + parent->id.text() + ": " + state_of(*parent).invalid);
  }
  return Outcome::valid();
}

Result<const HeaderNode*> ChainManager::add_header(const BlockHeader& header, const BlockId& id) {
  if (const HeaderNode* known = tree_.find(id)) return known;
  const HeaderNode& node = tree_.insert(header, id);
  states_.emplace_back();
  P2P_CHECK(store_.put_header(node));
  if (better(node, *best_header_)) best_header_ = &node;
  return &node;
}

void ChainManager::choose_best_header() {
  best_header_ = tip_;
  for (const HeaderNode& node : tree_.nodes()) {
    if (state_of(node).invalid.empty() && better(node, *best_header_)) best_header_ = &node;
  }
}

Result<void> ChainManager::mark_invalid(const HeaderNode& node, const Outcome& why) {
  state_of(node).invalid = why.reason();
  P2P_CHECK(store_.set_invalid(node.id, state_of(node).invalid));
  // Parents arrive before their children, so one pass reaches all that build on it.
  const auto& nodes = tree_.nodes();
  for (std::size_t i = node.sequence + 1; i < nodes.size(); ++i) {
    if (state_of(*nodes[i].parent).invalid.empty() || !states_[i].invalid.empty()) continue;
    states_[i].invalid =
        Outcome::invalid(Rule::bad_prev, "it builds on " + node.id.text()).reason();
    P2P_CHECK(store_.set_invalid(nodes[i].id, states_[i].invalid));
  }
  choose_best_header();
  return {};
}

Result<ChainManager::HeadersAccepted> ChainManager::accept_headers(
    std::span<const BlockHeader> headers, std::int64_t now_s) {
  P2P_CHECK(usable());
  const auto accept = [&]() -> Result<HeadersAccepted> {
    HeadersAccepted out;
    P2P_TRY(Store::Batch batch, store_.begin());
    for (const BlockHeader& header : headers) {
      const BlockId id = header.id();
      out.outcome = check_header(header, id, now_s);
      if (!out.outcome.ok()) break;
      const std::size_t before = tree_.size();
      P2P_TRY(out.last, add_header(header, id));
      out.fresh += tree_.size() - before;
    }
    P2P_CHECK(batch.commit());
    return out;
  };
  return or_stop(accept());
}

std::optional<U256> ChainManager::proven_work(const BlockId& prev,
                                              std::span<const BlockHeader> headers) const {
  U256 work;
  BlockId last = prev;
  for (const BlockHeader& header : headers) {
    const BlockId id = header.id();
    if (header.prev != last || !check_work(tree_.params(), header, id).ok()) return std::nullopt;
    work = work + work_of_bits(header.bits);
    last = id;
  }
  return work;
}

bool ChainManager::leads(std::span<const BlockHeader> headers) const {
  if (headers.empty()) return false;
  const HeaderNode* const parent = tree_.find(headers.front().prev);
  if (parent == nullptr) return false;
  const auto work = proven_work(parent->id, headers);
  return work && parent->chainwork + *work > tip_->chainwork;
}

std::vector<BlockHeader> ChainManager::headers_after(std::span<const BlockId> locator,
                                                     const BlockId& stop, std::size_t max) const {
  std::vector<BlockHeader> out;
  const HeaderNode& from = tree_.locate(locator, *tip_);
  for (std::uint32_t height = from.height + 1; height <= tip_->height && out.size() < max;
       ++height) {
    const HeaderNode* node = tip_->ancestor(height);
    out.push_back(node->header);
    if (node->id == stop) break;
  }
  return out;
}

std::vector<const HeaderNode*> ChainManager::missing_bodies(const HeaderNode& to,
                                                            std::size_t max) const {
  // Along one branch `linked` holds up to some height and not after it.
  std::uint32_t low = 0;
  std::uint32_t high = to.height + 1;
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (state_of(*to.ancestor(middle)).linked ? low : high) = middle;
  }
  std::vector<const HeaderNode*> out;
  for (std::uint32_t height = high; height <= to.height && out.size() < max; ++height) {
    const HeaderNode* node = to.ancestor(height);
    if (!state_of(*node).body) out.push_back(node);
  }
  return out;
}

Result<Outcome> ChainManager::accept_block(ByteView raw, std::int64_t now_s) {
  P2P_CHECK(usable());
  const auto block = Block::decode(raw);
  // What is no block says nothing about any header.
  if (!block) return Outcome::of(Verdict::mutated, Rule::bad_encoding, block.error().message());
  return accept(*block, raw, now_s);
}

Result<Outcome> ChainManager::accept_block(const Block& block, std::int64_t now_s) {
  P2P_CHECK(usable());
  return accept(block, block.encode(), now_s);
}

Result<Outcome> ChainManager::accept(const Block& block, ByteView raw, std::int64_t now_s) {
  P2P_TRY(Outcome outcome, or_stop(accept_one(block, raw, now_s)));
  if (outcome.verdict == Verdict::orphan) keep_orphan(block, raw);
  if (!outcome.ok()) return outcome;
  // It may be the parent that others waited for, and those the parents of more.
  std::vector<BlockId> parents{block.id()};
  while (!parents.empty()) {
    const BlockId parent = parents.back();
    parents.pop_back();
    auto [first, last] = orphans_.equal_range(parent);
    std::vector<Orphan> children;
    for (auto it = first; it != last; ++it) children.push_back(std::move(it->second));
    orphans_.erase(first, last);
    for (const Orphan& child : children) {
      P2P_TRY(const Block next, Block::decode(child.raw));
      P2P_TRY(const Outcome later, or_stop(accept_one(next, child.raw, now_s)));
      if (later.ok()) parents.push_back(child.id);
    }
  }
  return outcome;
}

Result<Outcome> ChainManager::accept_offered(const Block& block, std::int64_t now_s) {
  P2P_CHECK(usable());
  const BlockId id = block.header.id();
  const HeaderNode* const parent = tree_.find(block.header.prev);
  const bool fresh = parent != nullptr && tree_.find(id) == nullptr;
  if (fresh && check_header(block.header, id, now_s).ok() &&
      parent->chainwork + work_of_bits(block.header.bits) < tip_->chainwork) {
    return Outcome::invalid(Rule::none, "its branch has less work than ours");
  }
  return accept_block(block, now_s);
}

Result<Outcome> ChainManager::accept_one(const Block& block, ByteView raw, std::int64_t now_s) {
  const BlockId id = block.header.id();
  if (Outcome outcome = check_header(block.header, id, now_s); !outcome.ok()) return outcome;
  const HeaderNode* known = tree_.find(id);
  if (known != nullptr && state_of(*known).body) return Outcome::valid();
  const Outcome body = check_block(block, raw.size());
  if (body.verdict == Verdict::mutated) return body;

  const HeaderNode* const before = tip_;
  P2P_TRY(Store::Batch batch, store_.begin());
  P2P_TRY(const HeaderNode* const node, add_header(block.header, id));
  if (!body.ok()) {
    P2P_CHECK(mark_invalid(*node, body));
    P2P_CHECK(batch.commit());
    return body;
  }
  P2P_CHECK(store_.put_block(id, raw));
  state_of(*node).body = true;
  if (state_of(*node->parent).linked) {
    P2P_CHECK(activate_best(link(*node)));
  } else {
    unlinked_.emplace(node->parent, node);
  }
  P2P_CHECK(batch.commit());
  P2P_CHECK(notify(*before));
  const std::string& invalid = state_of(*node).invalid;
  return invalid.empty() ? Outcome::valid() : Outcome::parse_invalid(invalid);
}

std::vector<const HeaderNode*> ChainManager::link(const HeaderNode& node) {
  std::vector<const HeaderNode*> linked{&node};
  for (std::size_t i = 0; i < linked.size(); ++i) {
    state_of(*linked[i]).linked = true;
    const auto [first, last] = unlinked_.equal_range(linked[i]);
    for (auto it = first; it != last; ++it) linked.push_back(it->second);
    unlinked_.erase(first, last);
  }
  // A strict order on distinct nodes, so the table's own order leaves no trace.
  std::sort(linked.begin(), linked.end(), by_preference);
  return linked;
}

Result<void> ChainManager::activate_best(const std::vector<const HeaderNode*>& candidates) {
  for (const HeaderNode* candidate : candidates) {
    // The first seen stays where the work is equal.
    if (candidate->chainwork <= tip_->chainwork) return {};
    if (!state_of(*candidate).invalid.empty()) continue;
    Outcome why;
    P2P_TRY(const HeaderNode* const obstacle, try_branch(*candidate, why));
    if (obstacle == nullptr) return {};
    P2P_CHECK(mark_invalid(*obstacle, why));
  }
  return {};
}

Result<const HeaderNode*> ChainManager::try_branch(const HeaderNode& target, Outcome& why) {
  const HeaderNode* const fork = fork_point(tip_, &target);
  std::vector<Released> released;
  P2P_CHECK(store_.mark());
  for (const HeaderNode* node = tip_; node != fork; node = node->parent) {
    P2P_TRY(const Block block, load_block(*node));
    P2P_TRY(auto freed, store_.disconnect(*node, block));
    std::move(freed.begin(), freed.end(), std::back_inserter(released));
  }
  const SignatureKnown known = [this](const TxId& id) { return mempool_.contains(id); };
  for (std::uint32_t height = fork->height + 1; height <= target.height; ++height) {
    const HeaderNode* node = target.ancestor(height);
    P2P_TRY(const Block block, load_block(*node));
    P2P_TRY(const Applied applied, apply_block(params(), block, height, store_, known));
    if (!applied.outcome.ok()) {
      P2P_CHECK(store_.back_to_mark());
      why = applied.outcome;
      return node;
    }
    P2P_CHECK(store_.connect(*node, block, applied.change));
  }
  tip_ = &target;
  P2P_CHECK(update_mempool(released));
  return nullptr;
}

Result<Block> ChainManager::load_block(const HeaderNode& node) const {
  P2P_TRY(const auto raw, store_.block(node.id));
  if (!raw) return fail(Code::corrupt, "load block", node.id.text(), "it is not in the store");
  return Block::decode(*raw);
}

Result<void> ChainManager::update_mempool(const std::vector<Released>& released) {
  // The lowest of the undone blocks first: its transactions are the ones that others build on.
  for (auto it = released.rbegin(); it != released.rend(); ++it) {
    mempool_.restore(it->tx, it->origin);
  }
  P2P_TRY(const auto dropped, mempool_.revalidate(store_));
  for (const TxId& id : dropped) P2P_CHECK(store_.remove_waiting(id));
  return {};
}

Result<void> ChainManager::notify(const HeaderNode& from) {
  if (tip_ == &from) return {};
  const HeaderNode* const to = tip_;
  const HeaderNode* const fork = fork_point(&from, to);
  if (fork != &from) {
    const Reorg reorg{&from, to, fork};
    tell([&](ChainObserver& observer) { observer.on_reorg(reorg); });
  }
  if (observers_.empty()) return {};
  for (std::uint32_t height = fork->height + 1; height <= to->height; ++height) {
    const HeaderNode* node = to->ancestor(height);
    P2P_TRY(const Block block, load_block(*node));
    tell([&](ChainObserver& observer) { observer.on_block(*node, block); });
  }
  return {};
}

void ChainManager::keep_orphan(const Block& block, ByteView raw) {
  const BlockId id = block.id();
  const auto [first, last] = orphans_.equal_range(block.header.prev);
  for (auto it = first; it != last; ++it) {
    if (it->second.id == id) return;
  }
  // Which one goes matters little: each cost its sender proof of work, and sync asks again.
  if (orphans_.size() >= limits_.orphans) orphans_.erase(std::prev(orphans_.end()));
  orphans_.emplace(block.header.prev, Orphan{to_bytes(raw), id});
}

Result<bool> ChainManager::submit(const Transaction& tx, Origin origin) {
  P2P_CHECK(usable());
  const TxId id = tx.id();
  if (origin == Origin::local) {
    P2P_TRY(const auto confirmed, store_.transaction(id));
    if (confirmed) return false;
  }
  P2P_TRY(const Mempool::Added added, mempool_.add(tx, origin, store_));
  const auto persist = [&]() -> Result<void> {
    P2P_TRY(Store::Batch batch, store_.begin());
    for (const TxId& gone : added.replaced) P2P_CHECK(store_.remove_waiting(gone));
    const Mempool::Entry* entry = mempool_.find(id);
    if (entry != nullptr && entry->origin == Origin::local) {
      P2P_CHECK(store_.put_waiting(tx, Origin::local));
    }
    return batch.commit();
  };
  if (origin == Origin::local || !added.replaced.empty()) P2P_CHECK(or_stop(persist()));
  if (added.fresh) {
    tell([&](ChainObserver& observer) { observer.on_transaction(tx, id); });
  }
  return added.fresh;
}

Result<std::uint64_t> ChainManager::next_nonce(const Address& from) const {
  P2P_TRY(const Account account, store_.account(from));
  return mempool_.next_nonce(from, account.nonce);
}

Result<Block> ChainManager::make_template(const Address& reward, ByteView extra,
                                          std::int64_t now_s) const {
  P2P_CHECK(usable());
  const HeaderParams& rules = params().headers();
  const NodeContext context(*tip_);
  const std::uint32_t height = tip_->height + 1;
  Block out;
  P2P_TRY(auto txs, mempool_.select(store_, kMaxBlockSize - kTemplateReserve - extra.size(),
                                    kMaxBlockTransactions - 1));
  std::uint64_t due = params().subsidy(height);
  for (const Transaction& tx : txs) due += tx.fee;
  out.txs.reserve(txs.size() + 1);
  out.txs.push_back(Transaction::coinbase(height, reward, due, to_bytes(extra)));
  std::move(txs.begin(), txs.end(), std::back_inserter(out.txs));
  const std::int64_t time = std::max(now_s, earliest_time(rules, context));
  out.header.version = kBlockVersion;
  out.header.prev = tip_->id;
  out.header.merkle_root = merkle_root(out.txs);
  out.header.time = static_cast<std::uint32_t>(time);
  out.header.bits = next_bits(rules, context, out.header.time);
  return out;
}

}  // namespace p2p::chain
