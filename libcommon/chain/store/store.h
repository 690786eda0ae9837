// A chain on disk: one SQLite database, DIR/chain.db, in WAL mode with synchronous=FULL. What was
// committed survives kill -9 and a power cut; other processes read while one writes.
//
// The store keeps what it is given and checks nothing but its own consistency: rules are the chain
// manager's. Everything that belongs together is written in one Batch.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "chain/consensus/header_tree.h"
#include "chain/ledger/mempool.h"

namespace p2p::chain {

/// Grows by one whenever tables change; a store of another version is Code::unsupported.
inline constexpr int kStoreVersion = 1;

struct StoreOptions {
  bool writable = false;
  /// A name registered with SQLite; empty is the default one. The seam where tests lose writes.
  std::string vfs;
};

struct StoredHeader {
  BlockHeader header;
  BlockId id;
  std::uint32_t height = 0;
  U256 chainwork;
  bool has_body = false;
  bool active = false;  ///< on the chain that the accounts follow
  std::string invalid;  ///< why it is refused, or empty
};

struct StoredTransaction {
  Bytes raw;
  Origin origin = Origin::local;
};

/// What a disconnected block gives back.
struct Released {
  Transaction tx;
  Origin origin;
};

struct TransactionPlace {
  BlockId block;
  std::uint32_t height = 0;
  std::uint32_t index = 0;  ///< within the block
};

class Store final : public AccountView {
 public:
  /// The database's path within a chain's directory.
  static std::filesystem::path file_in(const std::filesystem::path& dir);

  /// Makes a store that holds the genesis block alone, in a directory that exists
  /// (make_directory in chain/store/lock.h). An existing store is Code::already_exists.
  static Result<Store> create(const std::filesystem::path& dir, const ChainParams& params,
                              StoreOptions options = StoreOptions());
  /// Code::not_found where there is no chain. Where the directory cannot be written (a read-only
  /// mount, another user's), a chain that nobody writes to is read all the same: writers are kept
  /// out for as long as the store is open. Beside a writer it is Code::permission.
  static Result<Store> open(const std::filesystem::path& dir,
                            StoreOptions options = StoreOptions());
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store() override;

  const ChainParams& params() const;

  /// All writes between begin and commit appear together or not at all. One at a time. Destroyed
  /// without commit, nothing has happened.
  class Batch {
   public:
    Batch(Batch&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
    Batch& operator=(Batch&&) = delete;
    ~Batch();
    Result<void> commit();

   private:
    friend class Store;
    explicit Batch(Store& store) : store_(&store) {}
    Store* store_;
  };
  Result<Batch> begin();
  /// Within a batch: remembers how things stand, and goes back there. For a branch that is tried
  /// and found invalid halfway.
  Result<void> mark();
  Result<void> back_to_mark();
  /// A batch for reads: until it ends they all see one moment, whatever a writer does meanwhile.
  Result<Batch> snapshot();

  // Headers, in the order of their arrival (which decides ties).
  Result<void> put_header(const HeaderNode& node);
  Result<void> set_invalid(const BlockId& id, std::string_view why);
  /// Stops at the visitor's first error and returns it.
  Result<void> each_header(const std::function<Result<void>(const StoredHeader&)>& visit) const;
  Result<std::optional<StoredHeader>> header(const BlockId& id) const;

  // Blocks.
  Result<void> put_block(const BlockId& id, ByteView raw);
  Result<std::optional<Bytes>> block(const BlockId& id) const;
  Result<std::optional<BlockId>> block_by_cid(const Hash32& digest) const;

  // The active chain. connect writes the account changes and indexes the block's transactions,
  // which wait no longer; disconnect takes the tip back with what connect remembered, and those of
  // its transactions that were submitted here wait again.
  Result<void> connect(const HeaderNode& node, const Block& block, const StateChange& change);
  Result<std::vector<Released>> disconnect(const HeaderNode& tip, const Block& block);
  /// What connect remembered of an active block.
  Result<StateChange> change(const HeaderNode& node) const;
  Result<StoredHeader> tip() const;
  Result<std::optional<StoredHeader>> active_at(std::uint32_t height) const;
  Result<std::optional<TransactionPlace>> transaction(const TxId& id) const;

  // Accounts of the active chain's tip.
  Result<Account> account(const Address& address) const override;
  Result<void> each_account(
      const std::function<Result<void>(const Address&, const Account&)>& visit) const;

  // Waiting transactions, in the order they came.
  Result<void> put_waiting(const Transaction& tx, Origin origin);
  Result<void> remove_waiting(const TxId& id);
  Result<std::vector<StoredTransaction>> waiting() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::chain
