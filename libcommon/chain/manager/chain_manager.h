// The one owner of a chain: takes headers, blocks and transactions from anywhere (peers, miners,
// files), keeps the branch with the most work active, and tells observers what changed. Start here
// for chain/.
//
// Everything is synchronous and on the protocol thread; what was accepted is on disk when the call
// returns. Time is handed in, in Unix seconds.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "chain/store/store.h"

namespace p2p::chain {

struct ManagerLimits {
  MempoolLimits mempool;
  /// Blocks whose parent is unknown: enough for a gap that one round of sync closes, small enough
  /// (at most 64 MB, usually kilobytes) that a peer gains nothing by filling it.
  std::size_t orphans = 64;
};

/// The active chain's tip moved from one branch to another.
struct Reorg {
  const HeaderNode* from;
  const HeaderNode* to;
  const HeaderNode* fork;  ///< the last block in common
};

/// Called after the change is on disk, from the loop's own call into the manager; an observer may
/// read from the manager but must not call what changes it. Nodes live as long as the manager.
class ChainObserver {
 public:
  virtual ~ChainObserver() = default;
  /// A block became part of the active chain; in order of height, after a reorg too.
  virtual void on_block(const HeaderNode&, const Block&) {}
  /// Before the on_block calls of the new branch.
  virtual void on_reorg(const Reorg&) {}
  /// A transaction is new in the mempool.
  virtual void on_transaction(const Transaction&, const TxId&) {}
};

class ChainManager {
 public:
  /// The store must be writable.
  static Result<std::unique_ptr<ChainManager>> open(Store store,
                                                    ManagerLimits limits = ManagerLimits());
  ChainManager(const ChainManager&) = delete;
  ChainManager& operator=(const ChainManager&) = delete;

  const ChainParams& params() const { return store_.params(); }
  /// For reading: blocks by id, accounts, transactions.
  const Store& store() const { return store_; }
  const HeaderTree& tree() const { return tree_; }
  const Mempool& mempool() const { return mempool_; }

  /// The last block of the active chain: most work of all whose bodies are here and valid.
  const HeaderNode& tip() const { return *tip_; }
  /// The header with most work that is not known to be invalid; its bodies may be missing.
  const HeaderNode& best_header() const { return *best_header_; }
  const HeaderNode* find(const BlockId& id) const { return tree_.find(id); }
  bool has_body(const HeaderNode& node) const { return state_of(node).body; }
  /// It, or one before it, breaks a rule; bodies are judged once they are connected.
  bool is_invalid(const HeaderNode& node) const { return !state_of(node).invalid.empty(); }
  bool is_active(const HeaderNode& node) const { return tip_->ancestor(node.height) == &node; }

  // Headers first.
  struct HeadersAccepted {
    Outcome outcome;                   ///< of the first one that was not accepted, or ok
    std::size_t fresh = 0;             ///< how many were new
    const HeaderNode* last = nullptr;  ///< the last accepted or known one
  };
  /// Stops at the first header that is not ok. What came before it is kept, in one transaction.
  Result<HeadersAccepted> accept_headers(std::span<const BlockHeader> headers, std::int64_t now_s);
  /// For getheaders: ids from the best header back to genesis.
  std::vector<BlockId> locator() const { return tree_.locator(*best_header_); }
  /// The answer to getheaders: active headers after the first of `locator` that is active, up to
  /// and including `stop` (a zero id: none), at most `max`.
  std::vector<BlockHeader> headers_after(std::span<const BlockId> locator, const BlockId& stop,
                                         std::size_t max) const;
  /// The first `max` headers on the way to best_header whose bodies are missing, in height order.
  std::vector<const HeaderNode*> missing_bodies(std::size_t max) const {
    return missing_bodies(*best_header_, max);
  }
  /// The same on the way to another header.
  std::vector<const HeaderNode*> missing_bodies(const HeaderNode& to, std::size_t max) const;

  /// Headers beside the branch of the best one: what forks, and strangers, have left in memory.
  std::size_t stray_headers() const { return tree_.size() - 1 - best_header_->height; }
  /// The work that these prove, the first of which follows `prev`; nothing where one does not
  /// follow the one before it, or does not meet the target that it names. Stores nothing.
  std::optional<U256> proven_work(const BlockId& prev, std::span<const BlockHeader> headers) const;
  /// Whether these prove more work than the active chain has. Stores nothing.
  bool leads(std::span<const BlockHeader> headers) const;

  // Blocks.
  /// `raw` as gossip, sync or a file brought it. An `orphan` is kept, within bounds, until its
  /// parent comes. Only the store's failures are errors.
  Result<Outcome> accept_block(ByteView raw, std::int64_t now_s);
  Result<Outcome> accept_block(const Block& block, std::int64_t now_s);
  /// Encoded; nothing where its body is not here.
  Result<std::optional<Bytes>> block(const BlockId& id) const { return store_.block(id); }

  /// A block that nobody asked for. With less work than the active chain it is left, wherever it
  /// forks off, with Verdict::invalid and Rule::none: blocks at an old and easy target are cheap to
  /// make, and each would take its place on disk for ever. Should its branch get ahead, sync brings
  /// it.
  Result<Outcome> accept_offered(const Block& block, std::int64_t now_s);

  // Transactions.
  /// When this returns, a local one survives a crash until it confirms. True: it was new.
  Result<bool> submit(const Transaction& tx, Origin origin);
  /// The nonce that the account's next transaction takes, waiting ones counted.
  Result<std::uint64_t> next_nonce(const Address& from) const;

  /// A block on the tip, complete but for its proof of work: transactions from the mempool, the
  /// coinbase to `reward` with `extra` in it, the earliest time that is allowed and not before now.
  Result<Block> make_template(const Address& reward, ByteView extra, std::int64_t now_s) const;

  void add_observer(ChainObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(ChainObserver& observer) { std::erase(observers_, &observer); }

 private:
  struct NodeState {
    bool body = false;    ///< stored
    bool linked = false;  ///< so are all before it
    std::string invalid;  ///< why it, or one before it, is refused
  };
  struct Orphan {
    Bytes raw;
    BlockId id;
  };

  ChainManager(Store store, ManagerLimits limits);
  Result<void> load();
  const NodeState& state_of(const HeaderNode& node) const { return states_[node.sequence]; }
  NodeState& state_of(const HeaderNode& node) { return states_[node.sequence]; }

  Outcome check_header(const BlockHeader& header, const BlockId& id, std::int64_t now_s) const;
  Result<const HeaderNode*> add_header(const BlockHeader& header, const BlockId& id);
  void choose_best_header();
  Result<void> mark_invalid(const HeaderNode& node, const Outcome& why);

  Result<Outcome> accept(const Block& block, ByteView raw, std::int64_t now_s);
  Result<Outcome> accept_one(const Block& block, ByteView raw, std::int64_t now_s);
  /// Marks `node`, whose body came, and what waited for it as linked; best first.
  std::vector<const HeaderNode*> link(const HeaderNode& node);
  Result<void> activate_best(const std::vector<const HeaderNode*>& candidates);
  /// Moves the active chain to `target`, or leaves it and says which block stood in the way.
  Result<const HeaderNode*> try_branch(const HeaderNode& target, Outcome& why);
  Result<Block> load_block(const HeaderNode& node) const;
  Result<void> update_mempool(const std::vector<Released>& released);
  Result<void> notify(const HeaderNode& from);
  /// Calls each observer that has not left meanwhile: one may do so, or end another, in its call.
  template <class Call>
  void tell(const Call& call) {
    const std::vector<ChainObserver*> now = observers_;
    for (ChainObserver* observer : now) {
      if (std::ranges::find(observers_, observer) != observers_.end()) call(*observer);
    }
  }
  void keep_orphan(const Block& block, ByteView raw);

  /// The store failed in the middle of something: memory and disk may differ, so nothing more is
  /// done, and every call says why. Opening again finds what was committed.
  Result<void> usable() const;
  template <class T>
  Result<T> or_stop(Result<T> result);

  Store store_;
  ManagerLimits limits_;
  HeaderTree tree_;
  std::vector<NodeState> states_;  ///< by HeaderNode::sequence
  Mempool mempool_;
  const HeaderNode* tip_;
  const HeaderNode* best_header_;
  /// Stored blocks that wait for a body before them, by parent.
  std::unordered_multimap<const HeaderNode*, const HeaderNode*> unlinked_;
  std::multimap<BlockId, Orphan> orphans_;  ///< by parent
  std::vector<ChainObserver*> observers_;
  std::optional<Error> failed_;
};

}  // namespace p2p::chain
