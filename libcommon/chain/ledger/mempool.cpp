#include "chain/ledger/mempool.h"

#include <algorithm>

namespace p2p::chain {

namespace {

std::unexpected<Error> refused(const TxId& id, std::string why) {
  return fail(Code::rejected, "accept transaction", id.text(), std::move(why));
}

/// Whether a pays more a byte than b; fees are below 2^53 and sizes below 2^11, so nothing wraps.
bool pays_more(const Mempool::Entry& a, const Mempool::Entry& b) {
  return a.tx.fee * b.size > b.tx.fee * a.size;
}

/// Accounts as they will be when the transactions chosen so far are confirmed.
class Forecast {
 public:
  explicit Forecast(const AccountView& accounts) : accounts_(accounts) {}

  Result<Account*> at(const Address& address) {
    auto found = ahead_.find(address);
    if (found == ahead_.end()) {
      P2P_TRY(const Account now, accounts_.account(address));
      found = ahead_.emplace(address, now).first;
    }
    return &found->second;
  }

 private:
  const AccountView& accounts_;
  std::map<Address, Account> ahead_;
};

}  // namespace

Result<Mempool::Added> Mempool::add(const Transaction& tx, Origin origin,
                                    const AccountView& accounts) {
  const Bytes raw = tx.encode();
  Entry entry{tx, tx.id(), raw.size(), origin};
  if (const auto known = by_id_.find(entry.id); known != by_id_.end()) {
    // Submitted here after a peer sent it: from now on it is kept.
    Entry& held = accounts_[known->second.first][known->second.second];
    if (origin == Origin::local && held.origin == Origin::remote) {
      if (local_ >= limits_.local) return fail(Code::limit, "too many transactions wait here");
      held.origin = Origin::local;
      ++local_;
    }
    return Added{};
  }
  if (!tx.is_signed()) return refused(entry.id, "only transfers and anchors can be submitted");
  if (const Outcome outcome = check_transaction(tx); !outcome.ok()) {
    return refused(entry.id, outcome.message());
  }
  P2P_TRY(Account sender, accounts.account(tx.from));
  if (tx.nonce < sender.nonce) {
    return refused(entry.id, "nonce " + std::to_string(tx.nonce) + " is used; the next is " +
                                 std::to_string(next_nonce(tx.from, sender.nonce)));
  }
  Queue none;
  const auto waiting = accounts_.find(tx.from);
  const Queue& queue = waiting == accounts_.end() ? none : waiting->second;
  const auto taken = queue.find(tx.nonce);
  if (taken != queue.end() && !pays_more(entry, taken->second)) {
    return refused(entry.id, "another transaction waits with nonce " + std::to_string(tx.nonce) +
                                 " and pays as much");
  }
  const std::uint64_t next = next_nonce(tx.from, sender.nonce);
  if (tx.nonce > next) {
    return refused(entry.id, "nonce " + std::to_string(tx.nonce) + " leaves a gap; the next is " +
                                 std::to_string(next));
  }
  if (taken == queue.end() && queue.size() >= limits_.per_account) {
    return fail(Error(Code::limit, "accept transaction", entry.id.text(),
                      std::to_string(queue.size()) + " transactions of its account wait already")
                    .with_hint("the next block makes room"));
  }
  // What waits before it is paid for first; money that waits to arrive does not count.
  for (const auto& [nonce, before] : queue) {
    if (nonce < sender.nonce || nonce >= tx.nonce) continue;
    const std::uint64_t cost = before.tx.amount + before.tx.fee;
    sender.balance -= std::min(cost, sender.balance);
  }
  sender.nonce = tx.nonce;
  if (const Outcome outcome = spend(tx, sender); !outcome.ok()) {
    return refused(entry.id, outcome.message());
  }
  if (!tx.signature_valid(genesis_)) {
    return refused(entry.id, "its signature is not of its sender for this chain");
  }
  if (origin == Origin::local && local_ >= limits_.local) {
    return fail(Code::limit, "accept transaction", entry.id.text(),
                "too many transactions wait here");
  }
  Added out{true, {}};
  if (taken != queue.end()) {
    out.replaced.push_back(taken->second.id);
    // The owner's own replacement of what was promised to be kept is kept as well.
    if (taken->second.origin == Origin::local) entry.origin = Origin::local;
    erase(TxId(taken->second.id));
  } else if (by_id_.size() >= limits_.transactions && !make_room(entry, out.replaced)) {
    return fail(Code::limit, "accept transaction", entry.id.text(),
                "the mempool is full and it pays too little");
  }
  insert(std::move(entry));
  return out;
}

void Mempool::restore(const Transaction& tx, Origin origin) {
  const TxId id = tx.id();
  if (contains(id)) return;
  if (origin == Origin::remote && by_id_.size() >= limits_.transactions) return;
  const auto waiting = accounts_.find(tx.from);
  if (waiting != accounts_.end()) {
    const auto taken = waiting->second.find(tx.nonce);
    // Two of one nonce: both were valid once, the better paid one is what miners will take.
    if (taken != waiting->second.end()) {
      const Entry candidate{tx, id, tx.encode().size(), origin};
      if (!pays_more(candidate, taken->second)) return;
      erase(TxId(taken->second.id));
    }
  }
  insert(Entry{tx, id, tx.encode().size(), origin});
}

Result<std::vector<TxId>> Mempool::revalidate(const AccountView& accounts) {
  std::vector<TxId> dropped;
  for (const auto& [address, queue] : accounts_) {
    P2P_TRY(Account sender, accounts.account(address));
    for (const auto& [nonce, entry] : queue) {
      if (nonce < sender.nonce) {
        dropped.push_back(entry.id);
      } else if (const Outcome outcome = spend(entry.tx, sender);
                 !outcome.ok() && entry.origin == Origin::remote) {
        dropped.push_back(entry.id);
      }
    }
  }
  // A nonce that is used passes by without a trace in `sender`; the rest was judged in order.
  for (const TxId& id : dropped) erase(id);
  return dropped;
}

Result<std::vector<Transaction>> Mempool::select(const AccountView& accounts, std::size_t max_size,
                                                 std::size_t max_count) const {
  struct Head {
    const Queue* queue;
    Queue::const_iterator at;
  };
  const auto order = [](const Head& a, const Head& b) {
    // A heap's front is its greatest: less pay, or a greater id, is smaller.
    const Entry& x = a.at->second;
    const Entry& y = b.at->second;
    if (pays_more(x, y) || pays_more(y, x)) return pays_more(y, x);
    return y.id < x.id;
  };
  std::vector<Head> heads;
  for (const auto& [address, queue] : accounts_) {
    P2P_TRY(const Account sender, accounts.account(address));
    const auto first = queue.find(sender.nonce);
    if (first != queue.end()) heads.push_back({&queue, first});
  }
  std::make_heap(heads.begin(), heads.end(), order);
  Forecast forecast(accounts);
  std::vector<Transaction> out;
  std::size_t size = 0;
  while (!heads.empty() && out.size() < max_count) {
    std::pop_heap(heads.begin(), heads.end(), order);
    Head head = heads.back();
    heads.pop_back();
    const Entry& entry = head.at->second;
    if (size + entry.size > max_size) continue;
    P2P_TRY(Account* const sender, forecast.at(entry.tx.from));
    // Not affordable now (a reorg took the money): it waits, and all after it.
    if (!spend(entry.tx, *sender).ok()) continue;
    if (entry.tx.type == TxType::transfer) {
      P2P_TRY(Account* const receiver, forecast.at(entry.tx.to));
      receiver->balance += entry.tx.amount;
    }
    size += entry.size;
    out.push_back(entry.tx);
    if (++head.at != head.queue->end()) {
      heads.push_back(head);
      std::push_heap(heads.begin(), heads.end(), order);
    }
  }
  return out;
}

const Mempool::Entry* Mempool::find(const TxId& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  return &accounts_.at(found->second.first).at(found->second.second);
}

std::uint64_t Mempool::next_nonce(const Address& from, std::uint64_t account_nonce) const {
  const auto waiting = accounts_.find(from);
  if (waiting == accounts_.end()) return account_nonce;
  std::uint64_t next = account_nonce;
  while (waiting->second.contains(next)) ++next;
  return next;
}

std::vector<const Mempool::Entry*> Mempool::entries() const {
  std::vector<const Entry*> out;
  for (const auto& [address, queue] : accounts_) {
    for (const auto& [nonce, entry] : queue) out.push_back(&entry);
  }
  return out;
}

void Mempool::erase(const TxId& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto [address, nonce] = found->second;
  Queue& queue = accounts_[address];
  if (queue[nonce].origin == Origin::local) --local_;
  queue.erase(nonce);
  if (queue.empty()) accounts_.erase(address);
  by_id_.erase(found);
}

void Mempool::insert(Entry entry) {
  if (entry.origin == Origin::local) ++local_;
  by_id_.emplace(entry.id, std::pair(entry.tx.from, entry.tx.nonce));
  const std::uint64_t nonce = entry.tx.nonce;
  accounts_[entry.tx.from].emplace(nonce, std::move(entry));
}

bool Mempool::make_room(const Entry& newcomer, std::vector<TxId>& evicted) {
  // Only the last of an account may go, or those after it would hang in the air.
  const Entry* worst = nullptr;
  for (const auto& [address, queue] : accounts_) {
    const Entry& last = queue.rbegin()->second;
    if (last.origin == Origin::local || address == newcomer.tx.from) continue;
    if (worst == nullptr || pays_more(*worst, last)) worst = &last;
  }
  if (worst == nullptr || (newcomer.origin == Origin::remote && !pays_more(newcomer, *worst))) {
    return false;
  }
  evicted.push_back(worst->id);
  erase(TxId(worst->id));
  return true;
}

}  // namespace p2p::chain
