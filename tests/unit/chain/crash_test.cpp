// Power cuts at every write: what was acknowledged is there afterwards, and the store is whole.
#include "chain/manager/verify.h"
#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using namespace p2p::testing;

namespace {

/// What was said to be done before the power went.
struct Promised {
  std::vector<BlockId> blocks;
  std::vector<TxId> transactions;
  U256 work;
};

/// Blocks on the tip and beside it, and transactions, until the power goes.
void run_until_dark(TestChain& t, crypto::Random& random, Promised& promised) {
  for (std::uint64_t i = 0; t.vfs.powered() && i < 60; ++i) {
    ChainManager& chain = *t.chain;
    if (random.below(3) == 0) {
      const auto from = static_cast<std::uint8_t>(10 + random.below(3));
      const auto nonce = chain.next_nonce(address_of(from));
      if (!nonce) continue;
      const Transaction tx = anchor(t.params, from, std::to_string(random.u64()), *nonce);
      if (chain.submit(tx, Origin::local)) promised.transactions.push_back(tx.id());
      continue;
    }
    const HeaderNode* parent = &chain.tip();
    if (random.below(3) == 0 && parent->parent != nullptr) parent = parent->parent;
    std::vector<Transaction> txs;
    if (parent == &chain.tip()) {
      auto made = chain.make_template(address_of(1), {}, kStart);
      if (!made) continue;
      txs.assign(made->txs.begin() + 1, made->txs.end());
    }
    const Block block = block_on(chain, *parent, 1, txs, random.u64());
    const auto outcome = chain.accept_block(block, kStart);
    if (!outcome) continue;
    CHECK(outcome->ok());
    promised.blocks.push_back(block.id());
    promised.work = chain.tip().chainwork;
  }
}

void check_kept(TestChain& t, const Promised& promised) {
  const ChainManager& chain = *t.chain;
  CHECK(chain.tip().chainwork >= promised.work);
  for (const BlockId& id : promised.blocks) {
    const HeaderNode* node = chain.find(id);
    REQUIRE(node != nullptr);
    CHECK(chain.has_body(*node));
  }
  for (const TxId& id : promised.transactions) {
    const bool confirmed = chain.store().transaction(id).value().has_value();
    CHECK((confirmed || chain.mempool().contains(id)));
  }
}

}  // namespace

TEST_CASE("a power cut at any write loses nothing that was acknowledged") {
  std::uint64_t lost = 0;
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    crypto::SeededRandom random(seed);
    TestChain t("cut" + std::to_string(seed));
    Promised promised;
    // Several lives of one disk.
    for (int life = 0; life < 3; ++life) {
      t.vfs.power_off_at(t.vfs.changes() + random.below(250));
      run_until_dark(t, random, promised);
      cuts += !t.vfs.powered();
      t.chain.reset();
      t.vfs.restart(random);
      lost += t.vfs.lost();
      Store reader = Store::open("/", t.options(false)).value();
      const auto report = verify_store(reader);
      REQUIRE_MESSAGE(report, report.error().message());
      t.open();
      check_kept(t, promised);
    }
  }
  CHECK(cuts > 200);
  CHECK(lost > 200);
}

TEST_CASE("a power cut while a chain is made leaves none or a whole one") {
  int none = 0;
  int whole = 0;
  for (std::uint64_t cut = 0; cut < 60; ++cut) {
    crypto::SeededRandom random(cut);
    FaultVfs vfs("create" + std::to_string(cut));
    vfs.power_off_at(cut);
    const StoreOptions options{true, vfs.name()};
    const bool made = Store::create("/", easy_params(), options).has_value();
    vfs.restart(random);
    const auto opened = Store::open("/", options);
    if (opened) {
      ++whole;
      CHECK(opened->params().genesis_id() == easy_params().genesis_id());
    } else {
      ++none;
      CAPTURE(cut);
      CHECK_FALSE_MESSAGE(made, opened.error().message());
      CHECK(opened.error().code == Code::not_found);
      CHECK(Store::create("/", easy_params(), options));
    }
  }
  CHECK(none > 0);
  CHECK(whole > 0);
}

TEST_CASE("after the disk has failed nothing more is promised") {
  TestChain t("dark");
  t.mine();
  t.vfs.power_off_at(t.vfs.changes());
  const Block block = block_on(*t.chain, t.chain->tip(), 1);
  CHECK_FALSE(t.chain->accept_block(block, kStart));
  crypto::SeededRandom random(1);
  t.vfs.power_off_at(UINT64_MAX);
  // The power is back, but memory and disk may differ: only opening again helps.
  CHECK_FALSE(t.chain->accept_block(block, kStart));
  CHECK_FALSE(t.chain->submit(anchor(t.params, 1, "x", 0), Origin::local));
  CHECK_FALSE(t.chain->make_template(address_of(1), {}, kStart));
  t.open();
  CHECK(t.accept(block).ok());
}

TEST_CASE("a reader sees one moment while a writer goes on") {
  TestChain t("reader");
  t.mine();
  Store reader = Store::open("/", t.options(false)).value();
  {
    const auto snapshot = reader.snapshot().value();
    CHECK(reader.tip().value().height == 1);
    t.mine();
    t.mine();
    CHECK(reader.tip().value().height == 1);
  }
  CHECK(reader.tip().value().height == 3);
  CHECK(verify_store(reader));
}

TEST_CASE("a store that was tampered with does not verify") {
  TestChain t("tampered");
  for (int i = 0; i < 3; ++i) t.mine();
  Store writer = Store::open("/", t.options()).value();
  const HeaderNode& tip = t.chain->tip();
  // Undoing a block whose coins were never made: the accounts no longer follow from the blocks.
  Block other = Block::decode(*writer.block(tip.id).value()).value();
  REQUIRE(writer.disconnect(tip, other));
  StateChange theft;
  theft.accounts = {{address_of(9), {}, {1'000'000, 0}}};
  REQUIRE(writer.connect(tip, other, theft));
  const auto report = verify_store(writer);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Code::corrupt);
}
