#include "chain/store/store.h"

#include <unistd.h>

#include <utility>

#include "chain/store/lock.h"
#include "chain/store/sqlite.h"
#include "crypto/hash.h"

namespace p2p::chain {

namespace {

/// "p2pc": file(1) and SQLite itself tell our databases from others by it.
constexpr int kApplicationId = 0x70327063;

// headers are numbered in the order of their arrival, which decides between branches of equal work;
// work is big-endian. active holds what undoes a block. waiting is the part of the mempool that
// was promised to survive; a transaction that was is local when its block is undone, too.
constexpr const char* kSchema = R"(
CREATE TABLE headers(
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, height INTEGER NOT NULL, work BLOB NOT NULL,
  header BLOB NOT NULL, invalid TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE blocks(id BLOB PRIMARY KEY, digest BLOB NOT NULL, data BLOB NOT NULL) STRICT;
CREATE INDEX blocks_by_digest ON blocks(digest);
CREATE TABLE active(height INTEGER PRIMARY KEY, id BLOB NOT NULL, undo BLOB NOT NULL) STRICT;
CREATE TABLE accounts(
  address BLOB PRIMARY KEY, balance INTEGER NOT NULL, nonce INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE transactions(
  id BLOB PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL,
  local INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE waiting(
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, data BLOB NOT NULL,
  local INTEGER NOT NULL) STRICT;
)";

constexpr std::string_view kSelectHeader =
    "SELECT h.header, h.id, h.height, h.work, b.id IS NOT NULL, a.id IS NOT NULL, h.invalid "
    "FROM headers h LEFT JOIN blocks b ON b.id = h.id "
    "LEFT JOIN active a ON a.height = h.height AND a.id = h.id ";

Result<Hash32> hash_of(ByteView raw) {
  Hash32 out;
  if (raw.size() != out.size()) return fail(Code::corrupt, "a stored id has not 32 bytes");
  std::copy(raw.begin(), raw.end(), out.begin());
  return out;
}

Result<StoredHeader> read_header(const Query& row) {
  StoredHeader out;
  const auto header = BlockHeader::decode(row.bytes(0));
  if (!header) return fail(Code::corrupt, "a stored header has not 80 bytes");
  out.header = *header;
  P2P_TRY(out.id.bytes, hash_of(row.bytes(1)));
  out.height = static_cast<std::uint32_t>(row.number(2));
  P2P_TRY(const Hash32 work, hash_of(row.bytes(3)));
  out.chainwork = U256::from_be(work);
  out.has_body = row.number(4) != 0;
  out.active = row.number(5) != 0;
  out.invalid = row.text(6);
  return out;
}

Result<std::optional<StoredHeader>> one_header(Query& row) {
  P2P_TRY(const bool found, row.step());
  if (!found) return std::nullopt;
  P2P_TRY(StoredHeader out, read_header(row));
  return out;
}

struct Opened {
  std::unique_ptr<Database> db;
  std::optional<DirectoryLock> lock;  ///< where only that keeps writers out
};

Result<std::uint64_t> version_in(Database& db) {
  Query version = db.query("PRAGMA user_version");
  P2P_CHECK(version.step());
  return version.number(0);
}

/// Where nothing can be written, SQLite's way to read beside a writer is closed, since that leaves
/// marks in shared memory: the directory's lock must tell that nobody writes.
Result<Opened> open_unwritable(const std::filesystem::path& dir, const std::string& vfs) {
  auto shared = DirectoryLock::try_share(dir);
  Opened out;
  if (shared) {
    out.lock = std::move(*shared);
    if (!out.lock) {
      return fail(Error(Code::permission, "read", dir.string(),
                        "the directory cannot be written, and beside a writer (" +
                            DirectoryLock::holder(dir) + ") reading takes that")
                      .with_hint("run this as the user who runs the writer, or after it"));
    }
  } else if (shared.error().code != Code::not_found) {
    return fail(Error(Code::permission, "read", dir.string(),
                      "neither the directory can be written nor its lock be read, so that nothing "
                      "tells whether somebody writes to it")
                    .with_hint("run this as the directory's owner, or on a copy"));
  }
  P2P_TRY(out.db, Database::open(Store::file_in(dir), Database::Open::read_alone, vfs));
  return out;
}

Result<Opened> open_database(const std::filesystem::path& dir, const StoreOptions& options) {
  const std::filesystem::path file = Store::file_in(dir);
  const auto how = options.writable ? Database::Open::write : Database::Open::read;
  Opened out;
  auto db = Database::open(file, how, options.vfs);
  if (db) {
    // Only the first use tells whether it can be read.
    const auto version = version_in(**db);
    if (version) {
      out.db = std::move(*db);
      return out;
    }
    db = fail(version.error());
  }
  const Code code = db.error().code;
  const bool shut = code == Code::not_found || code == Code::permission;
  if (shut && !options.writable && ::access(dir.c_str(), W_OK) != 0 &&
      ::access(file.c_str(), R_OK) == 0) {
    return open_unwritable(dir, options.vfs);
  }
  return fail(std::move(db).error());
}

Error no_chain(const std::filesystem::path& dir) {
  return Error(Code::not_found, "open", dir.string(), "there is no chain")
      .with_hint("make one with p2p-chain --dir " + dir.string() + " init --name NAME");
}

}  // namespace

struct Store::Impl {
  std::optional<DirectoryLock> lock;  ///< outlives the database
  std::unique_ptr<Database> db;
  std::optional<ChainParams> params;

  Result<void> set_account(const Address& address, const Account& account);
};

Result<void> Store::Impl::set_account(const Address& address, const Account& account) {
  if (account.empty()) {
    return db->query("DELETE FROM accounts WHERE address = ?").bind(address.key).run();
  }
  return db
      ->query(
          "INSERT INTO accounts VALUES(?, ?, ?) ON CONFLICT(address) DO UPDATE "
          "SET balance = excluded.balance, nonce = excluded.nonce")
      .bind(address.key)
      .bind(account.balance)
      .bind(account.nonce)
      .run();
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

std::filesystem::path Store::file_in(const std::filesystem::path& dir) { return dir / "chain.db"; }

Result<Store> Store::create(const std::filesystem::path& dir, const ChainParams& params,
                            StoreOptions options) {
  P2P_TRY(auto db, Database::open(file_in(dir), Database::Open::create, options.vfs));
  auto impl = std::make_unique<Impl>();
  impl->db = std::move(db);
  P2P_CHECK(impl->db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"));
  Store store(std::move(impl));
  P2P_TRY(Batch batch, store.begin());
  P2P_TRY(const std::uint64_t version, version_in(*store.impl_->db));
  if (version != 0) {
    return fail(Code::already_exists, "make a chain in", dir.string(), "there is one already");
  }
  P2P_CHECK(store.impl_->db->execute(kSchema));
  const std::string pragmas = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                              "; PRAGMA user_version = " + std::to_string(kStoreVersion);
  P2P_CHECK(store.impl_->db->execute(pragmas.c_str()));
  store.impl_->params = params;
  const HeaderTree tree(params.headers());
  P2P_CHECK(store.put_header(tree.genesis()));
  P2P_CHECK(store.put_block(params.genesis_id(), params.genesis().encode()));
  P2P_CHECK(store.connect(tree.genesis(), params.genesis(), StateChange()));
  P2P_CHECK(batch.commit());
  return store;
}

Result<Store> Store::open(const std::filesystem::path& dir, StoreOptions options) {
  auto tried = open_database(dir, options);
  if (!tried && tried.error().code == Code::not_found) {
    std::error_code hidden;
    if (!std::filesystem::exists(file_in(dir), hidden) && !hidden) return fail(no_chain(dir));
    // SQLite has one code for all that it cannot open.
    return fail(Code::permission, "open", file_in(dir).string(),
                hidden ? hidden.message() : tried.error().why);
  }
  P2P_TRY(Opened opened, std::move(tried));
  Database* const db = opened.db.get();
  P2P_CHECK(db->execute("PRAGMA synchronous = FULL"));
  P2P_TRY(const std::uint64_t version, version_in(*db));
  // 0: a crash came before the first commit, so there is no chain yet.
  if (version == 0) return fail(no_chain(dir));
  if (version != kStoreVersion) {
    return fail(Code::unsupported, "open", dir.string(),
                "the store has version " + std::to_string(version) + ", not " +
                    std::to_string(kStoreVersion));
  }
  auto impl = std::make_unique<Impl>();
  {
    Query genesis =
        db->query("SELECT data FROM blocks WHERE id = (SELECT id FROM active WHERE height = 0)");
    P2P_TRY(const bool found, genesis.step());
    if (!found) return fail(Code::corrupt, "open", dir.string(), "it has no genesis block");
    auto params = ChainParams::from_genesis(genesis.bytes(0));
    if (!params) {
      return fail(Code::corrupt, "open", dir.string(), "genesis: " + params.error().message());
    }
    impl->params = std::move(*params);
  }
  impl->lock = std::move(opened.lock);
  impl->db = std::move(opened.db);
  return Store(std::move(impl));
}

const ChainParams& Store::params() const { return *impl_->params; }

Result<Store::Batch> Store::begin() {
  P2P_CHECK(impl_->db->execute("BEGIN IMMEDIATE"));
  return Batch(*this);
}

Result<void> Store::mark() { return impl_->db->execute("SAVEPOINT mark"); }

Result<void> Store::back_to_mark() { return impl_->db->execute("ROLLBACK TO mark; RELEASE mark"); }

Result<Store::Batch> Store::snapshot() {
  P2P_CHECK(impl_->db->execute("BEGIN"));
  return Batch(*this);
}

Result<void> Store::Batch::commit() {
  P2P_CHECK(store_->impl_->db->execute("COMMIT"));
  store_ = nullptr;
  return {};
}

Store::Batch::~Batch() {
  // Fails where SQLite has rolled back by itself already, which is as well.
  if (store_ != nullptr) static_cast<void>(store_->impl_->db->execute("ROLLBACK"));
}

Result<void> Store::put_header(const HeaderNode& node) {
  const auto raw = node.header.encode();
  const auto work = node.chainwork.to_be();
  return impl_->db
      ->query("INSERT INTO headers(seq, id, height, work, header) VALUES(?, ?, ?, ?, ?)")
      .bind(node.sequence)
      .bind(node.id.bytes)
      .bind(node.height)
      .bind(work)
      .bind(raw)
      .run();
}

Result<void> Store::set_invalid(const BlockId& id, std::string_view why) {
  return impl_->db->query("UPDATE headers SET invalid = ? WHERE id = ?")
      .bind(why)
      .bind(id.bytes)
      .run();
}

Result<void> Store::each_header(
    const std::function<Result<void>(const StoredHeader&)>& visit) const {
  Query row = impl_->db->query(std::string(kSelectHeader) + "ORDER BY h.seq");
  while (true) {
    P2P_TRY(const bool more, row.step());
    if (!more) return {};
    P2P_TRY(const StoredHeader header, read_header(row));
    P2P_CHECK(visit(header));
  }
}

Result<std::optional<StoredHeader>> Store::header(const BlockId& id) const {
  Query row = impl_->db->query(std::string(kSelectHeader) + "WHERE h.id = ?");
  return one_header(row.bind(ByteView(id.bytes)));
}

Result<void> Store::put_block(const BlockId& id, ByteView raw) {
  const auto digest = crypto::sha256(raw);
  return impl_->db->query("INSERT INTO blocks(id, digest, data) VALUES(?, ?, ?)")
      .bind(id.bytes)
      .bind(digest)
      .bind(raw)
      .run();
}

Result<std::optional<Bytes>> Store::block(const BlockId& id) const {
  Query row = impl_->db->query("SELECT data FROM blocks WHERE id = ?");
  P2P_TRY(const bool found, row.bind(id.bytes).step());
  if (!found) return std::nullopt;
  return to_bytes(row.bytes(0));
}

Result<std::optional<BlockId>> Store::block_by_cid(const Hash32& digest) const {
  Query row = impl_->db->query("SELECT id FROM blocks WHERE digest = ?");
  P2P_TRY(const bool found, row.bind(digest).step());
  if (!found) return std::nullopt;
  P2P_TRY(const Hash32 id, hash_of(row.bytes(0)));
  return BlockId{id};
}

Result<void> Store::connect(const HeaderNode& node, const Block& block, const StateChange& change) {
  Database& db = *impl_->db;
  const Bytes undo = change.encode();
  P2P_CHECK(db.query("INSERT INTO active(height, id, undo) VALUES(?, ?, ?)")
                .bind(node.height)
                .bind(node.id.bytes)
                .bind(undo)
                .run());
  for (const AccountChange& account : change.accounts) {
    P2P_CHECK(impl_->set_account(account.address, account.after));
  }
  for (std::size_t i = 0; i < block.txs.size(); ++i) {
    const TxId id = block.txs[i].id();
    P2P_CHECK(db.query("INSERT INTO transactions(id, height, position, local) "
                       "VALUES(?1, ?2, ?3, EXISTS(SELECT 1 FROM waiting WHERE id = ?1 AND local))")
                  .bind(id.digest)
                  .bind(node.height)
                  .bind(i)
                  .run());
    if (block.txs[i].is_signed()) P2P_CHECK(remove_waiting(id));
  }
  return {};
}

Result<StateChange> Store::change(const HeaderNode& node) const {
  Query row = impl_->db->query("SELECT undo FROM active WHERE height = ? AND id = ?");
  P2P_TRY(const bool found, row.bind(node.height).bind(node.id.bytes).step());
  if (!found) return fail(Code::corrupt, "undo block", node.id.text(), "it is not active");
  auto change = StateChange::decode(row.bytes(0));
  if (!change) {
    return fail(Code::corrupt, "undo block", node.id.text(), change.error().message());
  }
  return change;
}

Result<std::vector<Released>> Store::disconnect(const HeaderNode& tip, const Block& block) {
  Database& db = *impl_->db;
  P2P_TRY(const StateChange change, this->change(tip));
  P2P_CHECK(db.query("DELETE FROM active WHERE height = ?").bind(tip.height).run());
  for (const AccountChange& account : change.accounts) {
    P2P_CHECK(impl_->set_account(account.address, account.before));
  }
  std::vector<Released> out;
  for (const Transaction& tx : block.txs) {
    const TxId id = tx.id();
    Query removed = db.query("DELETE FROM transactions WHERE id = ? RETURNING local");
    P2P_TRY(const bool found, removed.bind(id.digest).step());
    if (!found) return fail(Code::corrupt, "undo block", tip.id.text(), "it is not indexed");
    const Origin origin = removed.number(0) != 0 ? Origin::local : Origin::remote;
    P2P_CHECK(removed.step());
    if (!tx.is_signed()) continue;
    if (origin == Origin::local) P2P_CHECK(put_waiting(tx, origin));
    out.push_back({tx, origin});
  }
  return out;
}

Result<StoredHeader> Store::tip() const {
  Query row = impl_->db->query(std::string(kSelectHeader) +
                               "WHERE h.id = (SELECT id FROM active ORDER BY height DESC LIMIT 1)");
  P2P_TRY(auto found, one_header(row));
  if (!found) return fail(Code::corrupt, "the store has no active block");
  return std::move(*found);
}

Result<std::optional<StoredHeader>> Store::active_at(std::uint32_t height) const {
  Query row = impl_->db->query(std::string(kSelectHeader) +
                               "WHERE h.id = (SELECT id FROM active WHERE height = ?)");
  return one_header(row.bind(std::uint64_t{height}));
}

Result<std::optional<TransactionPlace>> Store::transaction(const TxId& id) const {
  Query row = impl_->db->query(
      "SELECT a.id, t.height, t.position FROM transactions t JOIN active a ON a.height = t.height "
      "WHERE t.id = ?");
  P2P_TRY(const bool found, row.bind(id.digest).step());
  if (!found) return std::nullopt;
  TransactionPlace out;
  P2P_TRY(out.block.bytes, hash_of(row.bytes(0)));
  out.height = static_cast<std::uint32_t>(row.number(1));
  out.index = static_cast<std::uint32_t>(row.number(2));
  return out;
}

Result<Account> Store::account(const Address& address) const {
  Query row = impl_->db->query("SELECT balance, nonce FROM accounts WHERE address = ?");
  P2P_TRY(const bool found, row.bind(address.key).step());
  if (!found) return Account();
  return Account{row.number(0), row.number(1)};
}

Result<void> Store::each_account(
    const std::function<Result<void>(const Address&, const Account&)>& visit) const {
  Query row = impl_->db->query("SELECT address, balance, nonce FROM accounts ORDER BY address");
  while (true) {
    P2P_TRY(const bool more, row.step());
    if (!more) return {};
    P2P_TRY(const Address address, Address::from_bytes(row.bytes(0)));
    P2P_CHECK(visit(address, Account{row.number(1), row.number(2)}));
  }
}

Result<void> Store::put_waiting(const Transaction& tx, Origin origin) {
  const TxId id = tx.id();
  const Bytes raw = tx.encode();
  return impl_->db
      ->query(
          "INSERT INTO waiting(id, data, local) VALUES(?, ?, ?) ON CONFLICT(id) DO UPDATE "
          "SET local = max(local, excluded.local)")
      .bind(id.digest)
      .bind(raw)
      .bind(std::uint64_t{origin == Origin::local})
      .run();
}

Result<void> Store::remove_waiting(const TxId& id) {
  return impl_->db->query("DELETE FROM waiting WHERE id = ?").bind(id.digest).run();
}

Result<std::vector<StoredTransaction>> Store::waiting() const {
  Query row = impl_->db->query("SELECT data, local FROM waiting ORDER BY seq");
  std::vector<StoredTransaction> out;
  while (true) {
    P2P_TRY(const bool more, row.step());
    if (!more) return out;
    out.push_back({to_bytes(row.bytes(0)), row.number(1) != 0 ? Origin::local : Origin::remote});
  }
}

}  // namespace p2p::chain
