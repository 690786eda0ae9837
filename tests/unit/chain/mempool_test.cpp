#include "chain/ledger/mempool.h"

#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using p2p::testing::address_of;
using p2p::testing::anchor;
using p2p::testing::easy_params;
using p2p::testing::transfer;

namespace {

struct Pool {
  ChainParams params = easy_params();
  AccountMap accounts;
  Mempool pool;

  explicit Pool(MempoolLimits limits = {}) : pool(easy_params().genesis_id(), limits) {
    for (std::uint8_t i = 1; i <= 5; ++i) accounts.set(address_of(i), {1000, 0});
  }
  bool add(const Transaction& tx, Origin origin = Origin::remote) {
    const auto added = pool.add(tx, origin, accounts);
    return added && added->fresh;
  }
  std::vector<Transaction> select(std::size_t max_size = 100'000, std::size_t max_count = 1000) {
    return pool.select(accounts, max_size, max_count).value();
  }
};

}  // namespace

TEST_CASE("the mempool takes an account's transactions in order and pays attention to its money") {
  Pool p;
  CHECK_FALSE(p.add(transfer(p.params, 1, 2, 1, 0, 1)));  // a gap
  CHECK(p.add(transfer(p.params, 1, 2, 600, 0, 0)));
  CHECK_FALSE(p.add(transfer(p.params, 1, 2, 600, 0, 1)));  // both together are too much
  CHECK(p.add(transfer(p.params, 1, 2, 390, 10, 1)));
  CHECK_FALSE(p.add(transfer(p.params, 1, 2, 390, 10, 1)));  // known
  CHECK(p.pool.next_nonce(address_of(1), 0) == 2);
  CHECK(p.pool.size() == 2);
  Transaction forged = anchor(p.params, 2, "x", 0);
  forged.signature[5] ^= 4;
  CHECK_FALSE(p.add(forged));
  CHECK_FALSE(p.add(Transaction::coinbase(1, address_of(1), 1, {})));
  CHECK_FALSE(p.add(p.params.genesis().txs.front()));
}

TEST_CASE("a waiting transaction gives way only to a higher fee") {
  Pool p;
  CHECK(p.add(anchor(p.params, 1, "a", 0, 5)));
  CHECK(p.add(anchor(p.params, 1, "second", 1, 5)));
  CHECK_FALSE(p.add(anchor(p.params, 1, "b", 0, 5)));
  CHECK(p.add(anchor(p.params, 1, "c", 0, 6)));
  CHECK(p.pool.size() == 2);
  CHECK(p.select().front().data == to_bytes("c"));
}

TEST_CASE("a replacement must leave enough for nothing that waits before it") {
  Pool p;
  CHECK(p.add(transfer(p.params, 1, 2, 900, 0, 0)));
  CHECK_FALSE(p.add(transfer(p.params, 1, 2, 1000, 1, 0)));
  CHECK(p.add(transfer(p.params, 1, 2, 999, 1, 0)));
}

TEST_CASE("blocks are filled by fee, in nonce order per account, within bounds") {
  Pool p;
  CHECK(p.add(anchor(p.params, 1, "1a", 0, 1)));
  CHECK(p.add(anchor(p.params, 1, "1b", 1, 100)));
  CHECK(p.add(anchor(p.params, 2, "2a", 0, 50)));
  CHECK(p.add(anchor(p.params, 3, "3a", 0, 0)));
  const auto names = [](const std::vector<Transaction>& txs) {
    std::string out;
    for (const Transaction& tx : txs) out += to_text(tx.data) + " ";
    return out;
  };
  CHECK(names(p.select()) == "2a 1a 1b 3a ");
  CHECK(names(p.select(100'000, 2)) == "2a 1a ");
  const std::size_t size = anchor(p.params, 1, "1a", 0, 1).encode().size();
  CHECK(p.select(3 * size).size() <= 3);
  CHECK(p.select(size - 10).empty());
}

TEST_CASE("the mempool is bounded in all and by account, and the best paid stay") {
  MempoolLimits limits;
  limits.transactions = 4;
  limits.per_account = 3;
  Pool p(limits);
  CHECK(p.add(anchor(p.params, 1, "a", 0, 10)));
  CHECK(p.add(anchor(p.params, 1, "b", 1, 2)));
  CHECK(p.add(anchor(p.params, 1, "c", 2, 10)));
  CHECK_FALSE(p.add(anchor(p.params, 1, "d", 3, 99)));
  CHECK(p.add(anchor(p.params, 2, "e", 0, 5)));
  CHECK_FALSE(p.add(anchor(p.params, 3, "f", 0, 5)));
  CHECK(p.add(anchor(p.params, 3, "g", 0, 6)));
  CHECK(p.pool.size() == 4);
  CHECK_FALSE(p.pool.contains(anchor(p.params, 2, "e", 0, 5).id()));
  // The cheap one in the middle of account 1 holds up what comes after it: it cannot go.
  CHECK(p.pool.contains(anchor(p.params, 1, "b", 1, 2).id()));
}

TEST_CASE("what was submitted here is not pushed out, and has its own bound") {
  MempoolLimits limits;
  limits.transactions = 2;
  limits.local = 2;
  Pool p(limits);
  CHECK(p.add(anchor(p.params, 1, "a", 0), Origin::local));
  CHECK(p.add(anchor(p.params, 2, "b", 0), Origin::remote));
  CHECK(p.add(anchor(p.params, 3, "c", 0), Origin::local));  // takes the place of b
  CHECK_FALSE(p.add(anchor(p.params, 4, "d", 0, 100), Origin::remote));
  CHECK_FALSE(p.add(anchor(p.params, 4, "d", 0, 100), Origin::local));
  CHECK(p.pool.size() == 2);
}

TEST_CASE("a tip's change drops what is used, and keeps local ones that may become affordable") {
  Pool p;
  CHECK(p.add(transfer(p.params, 1, 2, 900, 0, 0), Origin::local));
  CHECK(p.add(anchor(p.params, 1, "after", 1), Origin::remote));
  CHECK(p.add(transfer(p.params, 2, 3, 900, 0, 0), Origin::remote));
  CHECK(p.add(anchor(p.params, 3, "used", 0), Origin::local));
  p.accounts.set(address_of(1), {10, 0});
  p.accounts.set(address_of(2), {10, 0});
  p.accounts.set(address_of(3), {10, 1});
  CHECK(p.pool.revalidate(p.accounts).value().size() == 3);
  CHECK(p.pool.size() == 1);
  CHECK(p.select().empty());
  p.accounts.set(address_of(1), {1000, 0});
  CHECK(p.select().size() == 1);
}

TEST_CASE("restored transactions of one nonce leave the better paid") {
  Pool p;
  p.pool.restore(anchor(p.params, 1, "cheap", 0, 1), Origin::local);
  p.pool.restore(anchor(p.params, 1, "dear", 0, 9), Origin::local);
  p.pool.restore(anchor(p.params, 1, "cheap", 0, 1), Origin::local);
  CHECK(p.pool.size() == 1);
  CHECK(p.select().front().data == to_bytes("dear"));
}

TEST_CASE("a selection is always valid on the accounts, whatever waits") {
  crypto::SeededRandom random(5);
  for (int round = 0; round < 20; ++round) {
    Pool p;
    for (int i = 0; i < 60; ++i) {
      const auto from = static_cast<std::uint8_t>(1 + random.below(5));
      const auto to = static_cast<std::uint8_t>(1 + random.below(7));
      const auto nonce = p.pool.next_nonce(address_of(from), 0) - (random.below(4) == 0 ? 1 : 0);
      if (nonce > 1000) continue;
      p.add(transfer(p.params, from, to, 1 + random.below(300), random.below(50), nonce));
    }
    Block block;
    block.txs = p.select();
    std::uint64_t due = p.params.subsidy(1);
    for (const Transaction& tx : block.txs) due += tx.fee;
    block.txs.insert(block.txs.begin(), Transaction::coinbase(1, address_of(9), due, {}));
    CHECK(apply_block(p.params, block, 1, p.accounts).value().outcome.ok());
  }
}
