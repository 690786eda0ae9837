// Transactions that wait for a block. Bounded; in nonce order per account, by fee between accounts.
// Pure: the accounts are handed in.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "chain/ledger/state.h"

namespace p2p::chain {

struct MempoolLimits {
  /// Ten full blocks of the smallest transactions would be 70,000; memory is the bound: a
  /// transaction takes at most 2 KiB here, so 20 MiB.
  std::size_t transactions = 10'000;
  /// Transactions submitted here are kept until they confirm, so they have their own bound.
  std::size_t local = 5'000;
  /// Waiting ones of one account: a tenth of the pool, so that nobody fills it from one key, and
  /// enough for a script that anchors a file a second through a slow hour.
  std::size_t per_account = 1'000;
};

enum class Origin {
  local,   ///< submitted here, and acknowledged: kept until confirmed or its nonce is used
  remote,  ///< heard from peers: the first to go
};

class Mempool {
 public:
  struct Entry {
    Transaction tx;
    TxId id;
    std::size_t size = 0;  ///< of its encoding
    Origin origin = Origin::remote;
  };
  struct Added {
    bool fresh = false;          ///< false: it was here already
    std::vector<TxId> replaced;  ///< gave way: same nonce and smaller fee, or the pool was full
  };

  explicit Mempool(BlockId genesis, MempoolLimits limits = MempoolLimits())
      : genesis_(genesis), limits_(limits) {}

  /// Checks fields, signature, nonce (the account's next, or after its waiting ones) and that the
  /// account can pay for all of its waiting transactions. One with a nonce that is taken replaces
  /// it if its fee is higher. Code::rejected says why not; Code::limit that the pool is full.
  Result<Added> add(const Transaction& tx, Origin origin, const AccountView& accounts);
  /// Puts back what a reorg disconnected or a store remembered, without asking whether it is
  /// affordable now: it may be again. Its signature was checked. Remote ones only while there is
  /// room; local ones were promised to be kept.
  void restore(const Transaction& tx, Origin origin);

  /// After the tip changed: drops what is confirmed or can never be any more (used nonces), and
  /// remote ones that are not affordable or leave a gap. Returns what was dropped.
  Result<std::vector<TxId>> revalidate(const AccountView& accounts);

  /// For a block: valid in this order on these accounts, highest fee per byte first, at most
  /// `max_size` bytes and `max_count` transactions.
  Result<std::vector<Transaction>> select(const AccountView& accounts, std::size_t max_size,
                                          std::size_t max_count) const;

  const Entry* find(const TxId& id) const;
  bool contains(const TxId& id) const { return find(id) != nullptr; }
  std::size_t size() const { return by_id_.size(); }
  /// The nonce that the account's next transaction should have, given that of its account.
  std::uint64_t next_nonce(const Address& from, std::uint64_t account_nonce) const;
  /// In order of account and nonce.
  std::vector<const Entry*> entries() const;

 private:
  using Queue = std::map<std::uint64_t, Entry>;  // by nonce

  void erase(const TxId& id);
  void insert(Entry entry);
  bool make_room(const Entry& newcomer, std::vector<TxId>& evicted);

  BlockId genesis_;
  MempoolLimits limits_;
  std::map<Address, Queue> accounts_;
  std::map<TxId, std::pair<Address, std::uint64_t>> by_id_;
  std::size_t local_ = 0;
};

}  // namespace p2p::chain
