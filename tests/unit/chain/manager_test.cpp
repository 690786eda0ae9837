#include "chain/manager/chain_manager.h"

#include "chain/manager/verify.h"
#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using namespace p2p::testing;

namespace {

struct Watcher final : ChainObserver {
  std::vector<std::uint32_t> blocks;
  std::vector<std::string> reorgs;
  int transactions = 0;

  void on_block(const HeaderNode& node, const Block& block) override {
    CHECK(block.id() == node.id);
    blocks.push_back(node.height);
  }
  void on_reorg(const Reorg& reorg) override {
    reorgs.push_back(std::to_string(reorg.fork->height) + ":" + std::to_string(reorg.from->height) +
                     ">" + std::to_string(reorg.to->height));
  }
  void on_transaction(const Transaction&, const TxId&) override { ++transactions; }
};

/// Has another observer leave when a transaction comes.
struct Ender final : ChainObserver {
  Ender(ChainManager& on, Watcher& of) : chain(on), other(of) {}
  void on_transaction(const Transaction&, const TxId&) override { chain.remove_observer(other); }
  ChainManager& chain;
  Watcher& other;
};

}  // namespace

// It was still called, though it might be gone.
TEST_CASE("an observer that another one ended is not told of a transaction") {
  TestChain t("observers");
  t.mine(1);
  Watcher watcher;
  Ender ender(*t.chain, watcher);
  t.chain->add_observer(ender);
  t.chain->add_observer(watcher);
  CHECK(t.chain->submit(transfer(t.params, 1, 2, 300, 7, 0), Origin::local).value());
  CHECK(watcher.transactions == 0);
  t.chain->remove_observer(ender);
}

TEST_CASE("a fresh chain is its genesis") {
  TestChain t("fresh");
  CHECK(t.chain->tip().id == t.params.genesis_id());
  CHECK(t.chain->tip().height == 0);
  CHECK(&t.chain->best_header() == &t.chain->tip());
  CHECK(t.accept(t.params.genesis()).ok());
  CHECK(verify_store(const_cast<Store&>(t.chain->store())));
}

TEST_CASE("mining pays, confirms what waits, and survives reopening") {
  TestChain t("mining");
  t.mine(1);
  CHECK(t.chain->store().account(address_of(1)).value() == Account{1000, 0});
  const Transaction pay = transfer(t.params, 1, 2, 300, 7, 0);
  CHECK(t.chain->submit(pay, Origin::local).value());
  CHECK_FALSE(t.chain->submit(pay, Origin::local).value());
  CHECK(t.chain->next_nonce(address_of(1)).value() == 1);
  t.open();
  CHECK(t.chain->mempool().contains(pay.id()));
  t.mine(3);
  CHECK(t.chain->mempool().size() == 0);
  CHECK_FALSE(t.chain->submit(pay, Origin::local).value());
  const auto place = t.chain->store().transaction(pay.id()).value();
  REQUIRE(place);
  CHECK(place->height == 2);
  CHECK(place->index == 1);
  t.open();
  CHECK(t.chain->tip().height == 2);
  CHECK(t.chain->mempool().size() == 0);
  CHECK(t.chain->store().account(address_of(1)).value() == Account{693, 1});
  CHECK(t.chain->store().account(address_of(2)).value() == Account{300, 0});
  CHECK(t.chain->store().account(address_of(3)).value() == Account{1007, 0});
  CHECK(accounts_of(t.chain->store()) == replayed(*t.chain));
}

TEST_CASE("more work wins, equal work keeps the first seen, and observers hear it in order") {
  TestChain t("reorg");
  Watcher watcher;
  t.chain->add_observer(watcher);
  const HeaderNode& genesis = t.chain->tip();
  const Block a1 = block_on(*t.chain, genesis, 1);
  CHECK(t.accept(a1).ok());
  const Transaction pay = transfer(t.params, 1, 5, 10, 1, 0);
  CHECK(t.chain->submit(pay, Origin::local).value());
  const Block a2 = block_on(*t.chain, *t.chain->find(a1.id()), 1, {pay});
  CHECK(t.accept(a2).ok());
  CHECK(t.chain->mempool().size() == 0);

  const Block b1 = block_on(*t.chain, genesis, 2);
  CHECK(t.accept(b1).ok());
  const Block b2 = block_on(*t.chain, *t.chain->find(b1.id()), 2);
  CHECK(t.accept(b2).ok());
  CHECK(t.chain->tip().id == a2.id());
  CHECK(watcher.reorgs.empty());

  const Block b3 = block_on(*t.chain, *t.chain->find(b2.id()), 2);
  CHECK(t.accept(b3).ok());
  CHECK(t.chain->tip().id == b3.id());
  CHECK(watcher.reorgs == std::vector<std::string>{"0:2>3"});
  CHECK(watcher.blocks == std::vector<std::uint32_t>{1, 2, 1, 2, 3});
  CHECK(watcher.transactions == 1);
  CHECK(accounts_of(t.chain->store()) == replayed(*t.chain));
  // The payment's money was mined on the other branch: it waits, and is not lost.
  CHECK(t.chain->mempool().contains(pay.id()));
  CHECK(t.chain->make_template(address_of(2), {}, kStart).value().txs.size() == 1);
  t.open();
  CHECK(t.chain->tip().id == b3.id());
  CHECK(t.chain->mempool().contains(pay.id()));

  // And back again.
  const Block a3 = block_on(*t.chain, *t.chain->find(a2.id()), 1);
  const Block a4 = block_on(*t.chain, *t.chain->find(a2.id()), 1, {}, 4);
  CHECK(t.accept(a3).ok());
  const Block a5 = block_on(*t.chain, *t.chain->find(a3.id()), 1);
  CHECK(t.accept(a4).ok());
  CHECK(t.accept(a5).ok());
  CHECK(t.chain->tip().id == a5.id());
  CHECK(t.chain->mempool().size() == 0);
  CHECK(t.chain->store().transaction(pay.id()).value()->height == 2);
  CHECK(accounts_of(t.chain->store()) == replayed(*t.chain));
}

TEST_CASE("a reorg puts back what peers sent as theirs, and what was submitted here as ours") {
  TestChain t("origins");
  const HeaderNode& genesis = t.chain->tip();
  const Transaction ours = anchor(t.params, 7, "ours", 0);
  const Transaction theirs = anchor(t.params, 8, "theirs", 0);
  CHECK(t.chain->submit(ours, Origin::local).value());
  CHECK(t.accept(block_on(*t.chain, genesis, 1, {ours, theirs})).ok());
  const Block b1 = block_on(*t.chain, genesis, 2);
  CHECK(t.accept(b1).ok());
  CHECK(t.accept(block_on(*t.chain, *t.chain->find(b1.id()), 2)).ok());
  REQUIRE(t.chain->mempool().size() == 2);
  CHECK(t.chain->mempool().find(ours.id())->origin == Origin::local);
  CHECK(t.chain->mempool().find(theirs.id())->origin == Origin::remote);
  t.open();
  CHECK(t.chain->mempool().contains(ours.id()));
  CHECK_FALSE(t.chain->mempool().contains(theirs.id()));
}

TEST_CASE("an invalid block at a branch's end leaves the chain as it was and is remembered") {
  TestChain t("invalid");
  const HeaderNode& genesis = t.chain->tip();
  const Block a1 = block_on(*t.chain, genesis, 1);
  CHECK(t.accept(a1).ok());
  const auto before = accounts_of(t.chain->store());

  const Block b1 = block_on(*t.chain, genesis, 2);
  CHECK(t.accept(b1).ok());
  Block b2 = block_on(*t.chain, *t.chain->find(b1.id()), 2);
  b2.txs.front().amount += 1;
  b2 = mined(b2);
  CHECK(t.accept(b2).rule == Rule::bad_coinbase);
  CHECK(t.chain->tip().id == a1.id());
  CHECK(accounts_of(t.chain->store()) == before);
  CHECK(t.accept(b2).rule == Rule::bad_coinbase);
  CHECK(t.chain->best_header().id == a1.id());
  const Block b3 = block_on(*t.chain, *t.chain->find(b2.id()), 2);
  CHECK(t.accept(b3).rule == Rule::bad_prev);
  t.open();
  CHECK(t.chain->tip().id == a1.id());
  CHECK(t.accept(b2).rule == Rule::bad_coinbase);
  CHECK(t.accept(b3).rule == Rule::bad_prev);
  CHECK(t.chain->best_header().height == 1);
}

TEST_CASE("when a branch is bad halfway its good part is used if it has the most work") {
  TestChain t("halfway");
  const HeaderNode& genesis = t.chain->tip();
  const Block a1 = block_on(*t.chain, genesis, 1);
  CHECK(t.accept(a1).ok());
  // b1, b2 good, b3 bad, b4 on it: all headers first, then bodies from the back.
  std::vector<Block> b;
  {
    TestChain other("halfway-other");
    const HeaderNode* at = &other.chain->tip();
    for (int i = 0; i < 4; ++i) {
      Block block = block_on(*other.chain, *at, 2);
      if (i == 2) {
        block.txs.front().amount += 1;
        block = mined(block);
      }
      other.accept(block);
      b.push_back(block);
      const BlockHeader header = block.header;
      REQUIRE(other.chain->accept_headers(std::span(&header, 1), kStart));
      at = other.chain->find(block.id());
      if (at == nullptr) break;
      if (i == 2) {
        // The other chain refuses to build on it; make the last one by hand.
        Block last = block_on(*other.chain, *at, 2);
        b.push_back(last);
        break;
      }
    }
  }
  REQUIRE(b.size() == 4);
  std::vector<BlockHeader> headers;
  for (const Block& block : b) headers.push_back(block.header);
  const auto accepted = t.chain->accept_headers(headers, kStart).value();
  CHECK(accepted.fresh == 4);
  CHECK(t.chain->best_header().height == 4);
  CHECK(t.chain->missing_bodies(10).size() == 4);
  CHECK(t.accept(b[3]).ok());
  CHECK(t.accept(b[2]).ok());
  CHECK(t.accept(b[1]).ok());
  CHECK(t.chain->missing_bodies(10).size() == 1);
  CHECK(t.chain->tip().id == a1.id());
  CHECK(t.accept(b[0]).ok());
  CHECK(t.chain->tip().id == b[1].id());
  CHECK(t.chain->best_header().id == b[1].id());
  CHECK(t.chain->missing_bodies(10).empty());
  CHECK(t.accept(b[2]).rule == Rule::bad_coinbase);
  CHECK(t.accept(b[3]).rule == Rule::bad_prev);
  CHECK(accounts_of(t.chain->store()) == replayed(*t.chain));
}

TEST_CASE("a block from the future is not remembered as bad") {
  TestChain t("future");
  Block block = block_on(*t.chain, t.chain->tip(), 1);
  block.header.time = static_cast<std::uint32_t>(kStart + kMaxFutureSeconds + 1);
  block = mined(block);
  CHECK(t.accept(block).verdict == Verdict::future);
  CHECK(t.chain->find(block.id()) == nullptr);
  CHECK(t.accept(block, kStart + 1).ok());
}

TEST_CASE("a mutated body says nothing about its header") {
  TestChain t("mutated");
  const Block block = block_on(*t.chain, t.chain->tip(), 1);
  Block other = block;
  other.txs.front().to = address_of(2);
  CHECK(t.accept(other).verdict == Verdict::mutated);
  const auto garbage = t.chain->accept_block(Bytes{1, 2, 3}, kStart).value();
  CHECK(garbage.verdict == Verdict::mutated);
  CHECK(garbage.rule == Rule::bad_encoding);
  CHECK(t.accept(block).ok());
}

TEST_CASE("bad work is refused before anything is stored") {
  TestChain t("work");
  Block block = block_on(*t.chain, t.chain->tip(), 1);
  do {
    ++block.header.nonce;
  } while (meets_target(block.id(), block.header.bits, t.params.headers().pow_limit));
  CHECK(t.accept(block).rule == Rule::high_hash);
  CHECK(t.chain->tree().size() == 1);
}

TEST_CASE("orphans wait for their parents, within bounds") {
  TestChain source("orphans-source");
  std::vector<Block> blocks;
  for (int i = 0; i < 10; ++i) blocks.push_back(source.mine());
  ManagerLimits limits;
  limits.orphans = 8;
  TestChain t("orphans", limits);
  t.open(limits);
  for (std::size_t i = 9; i >= 2; --i) CHECK(t.accept(blocks[i]).verdict == Verdict::orphan);
  CHECK(t.accept(blocks[5]).verdict == Verdict::orphan);
  CHECK(t.accept(blocks[0]).ok());
  CHECK(t.chain->tip().height == 1);
  CHECK(t.accept(blocks[1]).ok());
  CHECK(t.chain->tip().height == 10);
  CHECK(accounts_of(t.chain->store()) == accounts_of(source.chain->store()));

  TestChain small("orphans-small", limits);
  limits.orphans = 2;
  small.open(limits);
  for (std::size_t i = 9; i >= 1; --i) small.accept(blocks[i]);
  small.accept(blocks[0]);
  CHECK(small.chain->tip().height < 10);
}

TEST_CASE("headers first, then bodies in any order") {
  TestChain source("bodies-source");
  std::vector<Block> blocks;
  for (int i = 0; i < 12; ++i) blocks.push_back(source.mine());
  TestChain t("bodies");
  const auto headers = source.chain->headers_after(t.chain->locator(), BlockId(), 2000);
  REQUIRE(headers.size() == 12);
  auto accepted = t.chain->accept_headers(headers, kStart).value();
  CHECK(accepted.fresh == 12);
  CHECK(accepted.last->height == 12);
  accepted = t.chain->accept_headers(headers, kStart).value();
  CHECK(accepted.fresh == 0);
  CHECK(accepted.last->height == 12);
  CHECK(t.chain->best_header().height == 12);
  CHECK(t.chain->tip().height == 0);
  t.open();
  CHECK(t.chain->best_header().height == 12);
  const auto missing = t.chain->missing_bodies(5);
  REQUIRE(missing.size() == 5);
  CHECK(missing.front()->height == 1);
  for (const std::size_t i : {3u, 0u, 11u, 2u, 1u, 5u, 4u}) CHECK(t.accept(blocks[i]).ok());
  CHECK(t.chain->tip().height == 6);
  t.open();
  CHECK(t.chain->missing_bodies(100).size() == 5);
  for (const std::size_t i : {10u, 9u, 8u, 7u, 6u}) CHECK(t.accept(blocks[i]).ok());
  CHECK(t.chain->tip().height == 12);
  CHECK(accounts_of(t.chain->store()) == accounts_of(source.chain->store()));
  CHECK(source.chain->headers_after({}, blocks[3].id(), 2000).size() == 4);
  CHECK(source.chain->headers_after({}, BlockId(), 3).size() == 3);
}

TEST_CASE("a bad header stops the batch and what came before it is kept") {
  TestChain source("batch-source");
  std::vector<BlockHeader> headers;
  for (int i = 0; i < 4; ++i) headers.push_back(source.mine().header);
  headers[2].version = 1;
  TestChain t("batch");
  const auto accepted = t.chain->accept_headers(headers, kStart).value();
  CHECK_FALSE(accepted.outcome.ok());
  CHECK(accepted.fresh == 2);
  CHECK(t.chain->best_header().height == 2);
}

TEST_CASE("random forks end where a replay from genesis ends") {
  crypto::SeededRandom random(11);
  for (int round = 0; round < 6; ++round) {
    TestChain t("random" + std::to_string(round));
    std::vector<const HeaderNode*> nodes{&t.chain->tip()};
    for (std::uint64_t i = 0; i < 40; ++i) {
      // Build near the top more often, and anywhere at times.
      const std::size_t span =
          random.below(4) == 0 ? nodes.size() : std::min<std::size_t>(nodes.size(), 4);
      const HeaderNode& parent = *nodes[nodes.size() - 1 - random.below(span)];
      std::vector<Transaction> txs;
      if (&parent == &t.chain->tip()) {
        txs = t.chain->make_template(address_of(1), {}, kStart).value().txs;
        txs.erase(txs.begin());
      }
      const Block block =
          block_on(*t.chain, parent, static_cast<std::uint8_t>(1 + random.below(3)), txs, i);
      const Outcome outcome = t.accept(block);
      REQUIRE_MESSAGE(outcome.ok(), outcome.message());
      nodes.push_back(t.chain->find(block.id()));
      // Money moves, so that undoing matters.
      const auto from = static_cast<std::uint8_t>(1 + random.below(3));
      const auto nonce = t.chain->next_nonce(address_of(from)).value();
      static_cast<void>(
          t.chain->submit(transfer(t.params, from, static_cast<std::uint8_t>(4 + random.below(3)),
                                   1 + random.below(700), random.below(20), nonce),
                          Origin::local));
      const HeaderNode* best = nodes.front();
      for (const HeaderNode* node : nodes) {
        if (better(*node, *best)) best = node;
      }
      CHECK(&t.chain->tip() == best);
    }
    CHECK(accounts_of(t.chain->store()) == replayed(*t.chain));
    Store reader = Store::open("/", t.options(false)).value();
    const auto report = verify_store(reader);
    REQUIRE_MESSAGE(report, report.error().message());
    CHECK(report->blocks == t.chain->tip().height + 1);
    CHECK(report->headers == 41);
    t.open();
    CHECK(accounts_of(t.chain->store()) == replayed(*t.chain));
  }
}

TEST_CASE("templates obey the time rules even when the clock stands still or runs back") {
  TestChain t("clock");
  for (int i = 0; i < 210; ++i) t.mine(1, kStart);
  CHECK(t.chain->tip().height == 210);
  CHECK(t.chain->tip().header.time > kStart);
  t.mine(1, kStart - 500);
}
