#include "chain/sync/sync.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using namespace p2p::testing;

namespace {

PeerId peer(std::uint8_t number) { return PeerId::of(key_of(number).public_key()); }

/// A chain that syncs, with peers whose answers the test gives.
struct Desk {
  explicit Desk(const std::string& name) : local(name), sync(*local.chain) {}

  /// Moves the machine's actions to where the test looks for them.
  void collect() {
    for (SyncAction& action : sync.take_actions()) {
      if (auto* ask = std::get_if<Ask>(&action)) asks.push_back(std::move(*ask));
      if (auto* drop = std::get_if<Drop>(&action)) drops.push_back(std::move(*drop));
      if (auto* refused = std::get_if<Refused>(&action)) refusals.push_back(std::move(*refused));
      if (auto* fresh = std::get_if<FreshTransaction>(&action)) transactions.push_back(fresh->raw);
    }
    for (const Ask& ask : asks) {
      const auto same = [&ask](const Ask& other) {
        return other.peer == ask.peer && other.request.index() == ask.request.index();
      };
      // One request of a kind is in flight for each peer, and no more.
      CHECK(std::ranges::count_if(asks, same) == 1);
    }
  }
  template <class T>
  std::optional<std::pair<Ask, T>> take(const PeerId& from) {
    collect();
    const auto place = std::ranges::find_if(asks, [&](const Ask& ask) {
      return ask.peer == from && std::holds_alternative<T>(ask.request);
    });
    if (place == asks.end()) return std::nullopt;
    Ask ask = std::move(*place);
    asks.erase(place);
    T request = std::get<T>(ask.request);
    return std::pair(std::move(ask), std::move(request));
  }
  template <class T>
  std::pair<Ask, T> need(const PeerId& from) {
    auto found = take<T>(from);
    REQUIRE(found);
    return std::move(*found);
  }
  void meet(const PeerId& id, const Status& status) {
    sync.add_peer(id, now);
    sync.on_status(id, status, now, need<Status>(id).first.number);
  }
  /// Answers the oldest question as `other`, an honest peer, would; false when there is none.
  bool answer(const ChainManager& other) {
    collect();
    if (asks.empty()) return false;
    const Ask ask = std::move(asks.front());
    asks.pop_front();
    if (std::holds_alternative<Status>(ask.request)) {
      sync.on_status(ask.peer, Sync(const_cast<ChainManager&>(other)).status(), now, ask.number);
    } else if (const auto* headers = std::get_if<GetHeaders>(&ask.request)) {
      const auto found = other.headers_after(headers->locator, headers->stop, kMaxHeaders);
      sync.on_headers(ask.peer, ask.number, found, now, kStart);
    } else if (const auto* blocks = std::get_if<GetBlocks>(&ask.request)) {
      CHECK(blocks->ids.size() <= kMaxBlocks);
      for (const BlockId& id : blocks->ids) {
        sync.on_block(ask.peer, ask.number, other.block(id).value().value(), now, kStart);
      }
      sync.on_end(ask.peer, ask.number, now);
    } else {
      for (const auto* entry : other.mempool().entries()) {
        sync.on_transaction(ask.peer, ask.number, entry->tx.encode(), now);
      }
      sync.on_end(ask.peer, ask.number, now);
    }
    return true;
  }
  void settle(const ChainManager& other) {
    for (int i = 0; i < 1000 && answer(other); ++i) {
    }
    collect();
    CHECK(asks.empty());
  }

  TestChain local;
  Sync sync;
  Time now{std::chrono::seconds(1000)};
  std::deque<Ask> asks;
  std::vector<Drop> drops;
  std::vector<Refused> refusals;
  std::vector<Bytes> transactions;
};

Status status_of(TestChain& chain) { return Sync(*chain.chain).status(); }

/// A status that claims a block which nobody knows, on more work than there is.
Status claim(Desk& desk) {
  Status out = desk.sync.status();
  out.tip.bytes.fill(7);
  out.height = 1000;
  out.work += U256(1) << 60;
  return out;
}

}  // namespace

TEST_CASE("who is behind fetches headers, then bodies from several peers at one time") {
  TestChain ahead("sync-ahead");
  for (int i = 0; i < 50; ++i) ahead.mine();
  Desk desk("sync-behind");
  desk.meet(peer(1), status_of(ahead));
  desk.meet(peer(2), status_of(ahead));
  CHECK_FALSE(desk.take<GetBlocks>(peer(1)));
  const auto [ask, headers] = desk.need<GetHeaders>(peer(1));
  CHECK(headers.locator.back() == desk.local.params.genesis_id());
  desk.sync.on_headers(peer(1), ask.number,
                       ahead.chain->headers_after(headers.locator, headers.stop, kMaxHeaders),
                       desk.now, kStart);
  CHECK(desk.local.chain->best_header().height == 50);
  CHECK(desk.local.chain->tip().height == 0);

  // The second peer has its headers asked still; once it has shown them, both are asked for bodies.
  const auto first = desk.need<GetBlocks>(peer(1)).second;
  const auto [again, more] = desk.need<GetHeaders>(peer(2));
  desk.sync.on_headers(peer(2), again.number,
                       ahead.chain->headers_after(more.locator, more.stop, kMaxHeaders), desk.now,
                       kStart);
  const auto second = desk.need<GetBlocks>(peer(2)).second;
  CHECK(first.ids.size() == kMaxBlocks);
  CHECK(second.ids.size() == kMaxBlocks);
  for (const BlockId& id : second.ids) CHECK(std::ranges::find(first.ids, id) == first.ids.end());
}

TEST_CASE("sync ends on the other's tip and accounts, whatever the length") {
  TestChain ahead("sync-long");
  for (int i = 0; i < 40; ++i) ahead.mine(static_cast<std::uint8_t>(1 + i % 3));
  Desk desk("sync-short");
  for (int i = 0; i < 7; ++i) desk.local.mine(9);
  desk.meet(peer(1), status_of(ahead));
  desk.settle(*ahead.chain);
  CHECK(desk.local.chain->tip().id == ahead.chain->tip().id);
  CHECK(accounts_of(desk.local.chain->store()) == accounts_of(ahead.chain->store()));
  CHECK(desk.drops.empty());
}

TEST_CASE("more headers than one answer holds are asked for from where it ended") {
  TestChain ahead("sync-batches");
  for (int i = 0; i < 30; ++i) ahead.mine();
  Desk desk("sync-batched");
  desk.meet(peer(1), status_of(ahead));
  // A peer that answers in full batches is asked again, from its last header on; here the batch is
  // smaller, and its status says that there is more.
  auto [ask, request] = desk.need<GetHeaders>(peer(1));
  auto part = ahead.chain->headers_after(request.locator, request.stop, 12);
  desk.sync.on_headers(peer(1), ask.number, part, desk.now, kStart);
  const auto [next, rest] = desk.need<GetHeaders>(peer(1));
  CHECK(rest.locator.front() == part.back().id());
  desk.asks.push_back(next);
  desk.settle(*ahead.chain);
  CHECK(desk.local.chain->tip().height == 30);
}

TEST_CASE("a peer of another chain is disconnected, with the reason, and not banned") {
  Desk desk("sync-other");
  Status other = desk.sync.status();
  other.genesis.bytes[5] ^= 1;
  desk.meet(peer(1), other);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK_FALSE(desk.drops[0].ban);
  CHECK(desk.drops[0].why.message().find("another chain") != std::string::npos);
  CHECK(desk.asks.empty());
}

TEST_CASE("a header that breaks a rule costs its sender a ban, and names the rule") {
  TestChain ahead("sync-bad-header");
  for (int i = 0; i < 3; ++i) ahead.mine();
  Desk desk("sync-good");
  desk.meet(peer(1), status_of(ahead));
  const auto [ask, request] = desk.need<GetHeaders>(peer(1));
  auto headers = ahead.chain->headers_after(request.locator, request.stop, kMaxHeaders);
  headers[1].bits = 0x1f7ffffe;
  do {
    ++headers[1].nonce;
  } while (!meets_target(headers[1].id(), headers[1].bits, desk.local.params.headers().pow_limit));
  desk.sync.on_headers(peer(1), ask.number, headers, desk.now, kStart);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
  REQUIRE(desk.refusals.size() == 1);
  CHECK(desk.refusals[0].outcome.rule == Rule::bad_bits);
  CHECK(desk.refusals[0].id == headers[1].id());
  CHECK(desk.local.chain->best_header().height == 1);  // what came before it is good
}

TEST_CASE("headers that follow from nothing we have are a breach of the protocol") {
  TestChain ahead("sync-gap");
  for (int i = 0; i < 5; ++i) ahead.mine();
  Desk desk("sync-no-gap");
  desk.meet(peer(1), status_of(ahead));
  const auto [ask, request] = desk.need<GetHeaders>(peer(1));
  auto headers = ahead.chain->headers_after(request.locator, request.stop, kMaxHeaders);
  headers.erase(headers.begin(), headers.begin() + 2);
  desk.sync.on_headers(peer(1), ask.number, headers, desk.now, kStart);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
}

TEST_CASE("a header from the future is nobody's fault and is asked for again") {
  TestChain ahead("sync-future");
  ahead.mine(1, kStart + 3 * 3600);
  Desk desk("sync-present");
  desk.meet(peer(1), status_of(ahead));
  const auto [ask, request] = desk.need<GetHeaders>(peer(1));
  const auto headers = ahead.chain->headers_after(request.locator, request.stop, kMaxHeaders);
  desk.sync.on_headers(peer(1), ask.number, headers, desk.now, kStart);
  desk.collect();
  CHECK(desk.drops.empty());
  CHECK(desk.local.chain->tree().size() == 1);

  desk.now += std::chrono::hours(2);
  desk.sync.on_time(desk.now);
  desk.sync.on_status(peer(1), status_of(ahead), desk.now, desk.need<Status>(peer(1)).first.number);
  const auto later = desk.need<GetHeaders>(peer(1)).first;
  desk.sync.on_headers(peer(1), later.number, headers, desk.now, kStart + 2 * 3600);
  CHECK(desk.local.chain->best_header().height == 1);
}

TEST_CASE("a peer that claims work which it never shows is let go, not banned") {
  Desk desk("sync-boaster");
  desk.meet(peer(1), claim(desk));
  int asked = 0;
  while (desk.drops.empty() && asked < 10) {
    const auto ask = desk.take<GetHeaders>(peer(1));
    if (ask) {
      ++asked;
      desk.sync.on_headers(peer(1), ask->first.number, {}, desk.now, kStart);
    } else {
      REQUIRE(desk.sync.deadline() > desk.now);
      desk.now = desk.sync.deadline();
      desk.sync.on_time(desk.now);
      desk.asks.clear();
    }
    desk.collect();
  }
  REQUIRE(desk.drops.size() == 1);
  CHECK_FALSE(desk.drops[0].ban);
  CHECK(asked == SyncParams().most_barren);
}

TEST_CASE("bodies that one peer holds back come from another") {
  TestChain ahead("sync-withheld");
  for (int i = 0; i < 20; ++i) ahead.mine();
  Desk desk("sync-patient");
  desk.meet(peer(1), status_of(ahead));
  const auto [ask, request] = desk.need<GetHeaders>(peer(1));
  desk.sync.on_headers(peer(1), ask.number,
                       ahead.chain->headers_after(request.locator, request.stop, kMaxHeaders),
                       desk.now, kStart);
  for (int strike = 0; strike < SyncParams().most_barren; ++strike) {
    const auto [blocks, ids] = desk.need<GetBlocks>(peer(1));
    desk.sync.on_block(peer(1), blocks.number, ByteView(), desk.now, kStart);
    desk.sync.on_end(peer(1), blocks.number, desk.now);
    desk.now += SyncParams().retry_delay;
    desk.sync.on_time(desk.now);
  }
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK_FALSE(desk.drops[0].ban);
  desk.sync.remove_peer(peer(1), desk.now);
  std::erase_if(desk.asks, [](const Ask& left) { return left.peer == peer(1); });

  desk.meet(peer(2), status_of(ahead));
  desk.settle(*ahead.chain);
  CHECK(desk.local.chain->tip().id == ahead.chain->tip().id);
}

TEST_CASE("a branch with the most work whose bodies nobody shows keeps us from no other") {
  TestChain most("sync-most");
  for (int i = 0; i < 30; ++i) most.mine(1);
  TestChain less("sync-less");
  for (int i = 0; i < 20; ++i) less.mine(2);
  Desk desk("sync-between");
  desk.meet(peer(1), status_of(most));
  const auto [ask, request] = desk.need<GetHeaders>(peer(1));
  desk.sync.on_headers(peer(1), ask.number,
                       most.chain->headers_after(request.locator, request.stop, kMaxHeaders),
                       desk.now, kStart);
  desk.need<GetBlocks>(peer(1));  // and is never answered
  desk.meet(peer(2), status_of(less));
  for (int i = 0; i < 100; ++i) {
    desk.collect();
    const auto place =
        std::ranges::find_if(desk.asks, [](const Ask& other) { return other.peer == peer(2); });
    if (place == desk.asks.end()) break;
    std::iter_swap(desk.asks.begin(), place);
    desk.answer(*less.chain);
  }
  CHECK(desk.local.chain->tip().id == less.chain->tip().id);
  CHECK(desk.local.chain->best_header().id == most.chain->tip().id);
}

TEST_CASE("silence ends the connection, and what was asked is asked of others") {
  TestChain ahead("sync-silent");
  for (int i = 0; i < 10; ++i) ahead.mine();
  Desk desk("sync-listening");
  desk.meet(peer(1), status_of(ahead));
  desk.meet(peer(2), status_of(ahead));
  for (const auto& id : {peer(1), peer(2)}) {
    const auto [ask, request] = desk.need<GetHeaders>(id);
    desk.sync.on_headers(id, ask.number,
                         ahead.chain->headers_after(request.locator, request.stop, kMaxHeaders),
                         desk.now, kStart);
  }
  const auto asked = desk.need<GetBlocks>(peer(1)).second;
  CHECK_FALSE(desk.take<GetBlocks>(peer(2)));  // all ten are under way
  desk.now += SyncParams().answer_time;
  desk.sync.on_time(desk.now);
  desk.collect();
  const auto dropped =
      std::ranges::find_if(desk.drops, [](const Drop& drop) { return drop.peer == peer(1); });
  REQUIRE(dropped != desk.drops.end());
  CHECK_FALSE(dropped->ban);
  CHECK(dropped->why.code == Code::timeout);
}

TEST_CASE("a mutated body costs its sender a ban, and its header nothing") {
  TestChain ahead("sync-mutant");
  const Block good = ahead.mine();
  Desk desk("sync-discerning");
  desk.meet(peer(1), status_of(ahead));
  const auto [ask, request] = desk.need<GetHeaders>(peer(1));
  desk.sync.on_headers(peer(1), ask.number,
                       ahead.chain->headers_after(request.locator, request.stop, kMaxHeaders),
                       desk.now, kStart);
  Block mutant = good;
  mutant.txs[0].amount += 1;
  const auto blocks = desk.need<GetBlocks>(peer(1)).first;
  desk.sync.on_block(peer(1), blocks.number, mutant.encode(), desk.now, kStart);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
  CHECK(desk.refusals.at(0).outcome.rule == Rule::bad_merkle_root);
  CHECK_FALSE(desk.local.chain->is_invalid(*desk.local.chain->find(good.id())));

  desk.sync.remove_peer(peer(1), desk.now);
  desk.asks.clear();
  desk.meet(peer(2), status_of(ahead));
  desk.settle(*ahead.chain);
  CHECK(desk.local.chain->tip().id == good.id());
}

TEST_CASE("an invalid body costs its sender a ban, and its chain is not followed") {
  TestChain honest("sync-honest");
  honest.mine();
  Desk desk("sync-strict");
  Block greedy = block_on(*desk.local.chain, desk.local.chain->tip(), 4);
  greedy.txs[0].amount += 1;
  greedy = mined(greedy);
  Status status = desk.sync.status();
  status.tip = greedy.id();
  status.height = 1;
  status.work = honest.chain->tip().chainwork;
  desk.meet(peer(1), status);
  const auto ask = desk.need<GetHeaders>(peer(1)).first;
  desk.sync.on_headers(peer(1), ask.number, std::vector<BlockHeader>(1, greedy.header), desk.now,
                       kStart);
  const auto blocks = desk.need<GetBlocks>(peer(1)).first;
  desk.sync.on_block(peer(1), blocks.number, greedy.encode(), desk.now, kStart);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
  CHECK(desk.refusals.at(0).outcome.rule == Rule::bad_coinbase);
  CHECK(desk.local.chain->is_invalid(*desk.local.chain->find(greedy.id())));
  CHECK(desk.local.chain->tip().height == 0);
}

TEST_CASE("blocks that were not asked for, or too many, are a breach of the protocol") {
  TestChain ahead("sync-flood");
  const Block first = ahead.mine();
  const Block second = ahead.mine();
  for (const bool other : {true, false}) {
    Desk desk(other ? "sync-flood-a" : "sync-flood-b");
    desk.meet(peer(1), status_of(ahead));
    const auto [ask, request] = desk.need<GetHeaders>(peer(1));
    desk.sync.on_headers(peer(1), ask.number,
                         ahead.chain->headers_after(request.locator, request.stop, 1), desk.now,
                         kStart);
    const auto blocks = desk.need<GetBlocks>(peer(1)).first;
    if (!other) desk.sync.on_block(peer(1), blocks.number, first.encode(), desk.now, kStart);
    desk.sync.on_block(peer(1), blocks.number, second.encode(), desk.now, kStart);
    desk.collect();
    REQUIRE(desk.drops.size() == 1);
    CHECK(desk.drops[0].ban);
  }
}

TEST_CASE("garbage is a ban, a broken connection is not, and stale answers are nothing") {
  Desk desk("sync-garbage");
  desk.meet(peer(1), claim(desk));
  desk.meet(peer(2), claim(desk));
  const auto first = desk.need<GetHeaders>(peer(1)).first;
  const auto second = desk.need<GetHeaders>(peer(2)).first;
  desk.sync.on_failure(peer(1), first.number + 1000, Error(Code::parse, "stale"), desk.now);
  desk.sync.on_headers(peer(1), first.number + 1000, {}, desk.now, kStart);
  desk.sync.on_block(peer(1), first.number, Bytes(100), desk.now, kStart);
  desk.sync.on_end(peer(1), first.number, desk.now);
  desk.collect();
  CHECK(desk.drops.empty());
  desk.sync.on_failure(peer(1), first.number, Error(Code::parse, "garbage"), desk.now);
  desk.sync.on_failure(peer(2), second.number, Error(Code::reset, "gone"), desk.now);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].peer == peer(1));
  CHECK(desk.drops[0].ban);
}

TEST_CASE("an orphan by gossip makes us ask its sender for headers, and costs it nothing") {
  TestChain ahead("sync-orphan");
  for (int i = 0; i < 3; ++i) ahead.mine();
  const Block last = ahead.mine();
  Desk desk("sync-gossip");
  TestChain fresh("sync-orphan-none");
  desk.meet(peer(1), status_of(fresh));
  CHECK_FALSE(desk.take<GetHeaders>(peer(1)));
  const auto outcome = desk.sync.on_gossip_block(peer(1), last.encode(), desk.now, kStart);
  CHECK(outcome.verdict == Verdict::orphan);
  desk.collect();
  CHECK(desk.drops.empty());
  desk.settle(*ahead.chain);
  CHECK(desk.local.chain->tip().id == last.id());
}

TEST_CASE("gossip is judged: good, from the future, invalid, mutated, no block at all") {
  TestChain source("sync-judge-source");
  const Block good = source.mine();
  Desk desk("sync-judge");
  desk.meet(peer(1), desk.sync.status());
  CHECK(desk.sync.on_gossip_block(peer(1), good.encode(), desk.now, kStart).ok());
  CHECK(desk.local.chain->tip().id == good.id());
  const Block later = source.mine(1, kStart + 3 * 3600);
  CHECK(desk.sync.on_gossip_block(peer(1), later.encode(), desk.now, kStart).verdict ==
        Verdict::future);
  desk.collect();
  CHECK(desk.drops.empty());

  Block mutant = block_on(*desk.local.chain, desk.local.chain->tip(), 1);
  mutant.txs[0].amount -= 1;
  CHECK(desk.sync.on_gossip_block(peer(1), mutant.encode(), desk.now, kStart).verdict ==
        Verdict::mutated);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
  // From a neighbour that we have not met yet, too.
  desk.sync.on_gossip_block(peer(3), Bytes(200), desk.now, kStart);
  desk.collect();
  REQUIRE(desk.drops.size() == 2);
  CHECK(desk.drops[1].peer == peer(3));
}

TEST_CASE("a block beside the active chain is kept and not passed on, since nobody has judged it") {
  Desk desk("sync-beside");
  const Block first = desk.local.mine(1);
  desk.meet(peer(1), desk.sync.status());
  Block rival = block_on(*desk.local.chain, desk.local.chain->tree().genesis(), 2);
  rival.txs[0].amount += 1;  // invalid, which shows only when it is connected
  rival = mined(rival);
  CHECK_FALSE(desk.sync.on_gossip_block(peer(1), rival.encode(), desk.now, kStart).ok());
  desk.collect();
  CHECK(desk.drops.empty());
  CHECK(desk.local.chain->tip().id == first.id());

  // Whoever builds on it shows that it follows it.
  const HeaderNode& node = *desk.local.chain->find(rival.id());
  const Block next = block_on(*desk.local.chain, node, 2);
  CHECK_FALSE(desk.sync.on_gossip_block(peer(1), next.encode(), desk.now, kStart).ok());
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
  CHECK(desk.local.chain->tip().id == first.id());
}

TEST_CASE("transactions: forged ones cost a ban, those that only do not fit now nothing") {
  Desk desk("sync-transactions");
  for (int i = 0; i < 3; ++i) desk.local.mine(1);
  const ChainParams& params = desk.local.params;
  desk.meet(peer(1), desk.sync.status());
  const auto good = transfer(params, 1, 2, 5, 1, 0);
  CHECK(desk.sync.on_gossip_transaction(peer(1), good.encode(), desk.now).ok());
  CHECK_FALSE(desk.sync.on_gossip_transaction(peer(1), good.encode(), desk.now).ok());
  const auto poor = transfer(params, 7, 2, 5, 1, 0);
  CHECK(desk.sync.on_gossip_transaction(peer(1), poor.encode(), desk.now).rule == Rule::none);
  const auto early = transfer(params, 1, 2, 5, 1, 40);
  CHECK(desk.sync.on_gossip_transaction(peer(1), early.encode(), desk.now).rule == Rule::none);
  desk.collect();
  CHECK(desk.drops.empty());

  auto forged = transfer(params, 1, 2, 5, 1, 1);
  forged.amount = 500;
  CHECK(desk.sync.on_gossip_transaction(peer(1), forged.encode(), desk.now).rule ==
        Rule::bad_signature);
  CHECK(desk.sync.on_gossip_transaction(peer(2), Bytes(50), desk.now).rule == Rule::bad_encoding);
  const auto coinbase = Transaction::coinbase(9, address_of(1), 5, Bytes());
  CHECK(desk.sync.on_gossip_transaction(peer(3), coinbase.encode(), desk.now).rule ==
        Rule::bad_transaction);
  desk.collect();
  CHECK(desk.drops.size() == 3);
  CHECK(std::ranges::all_of(desk.drops, [](const Drop& drop) { return drop.ban; }));
}

TEST_CASE("what waits at a peer is asked for once, and what is new of it is passed on") {
  TestChain other("sync-pool");
  for (int i = 0; i < 3; ++i) other.mine(1);
  const auto tx = transfer(other.params, 1, 2, 5, 1, 0);
  REQUIRE(other.chain->submit(tx, Origin::local));
  Desk desk("sync-pool-less");
  desk.meet(peer(1), status_of(other));
  desk.settle(*other.chain);
  CHECK(desk.local.chain->mempool().contains(tx.id()));
  REQUIRE(desk.transactions.size() == 1);
  CHECK(desk.transactions[0] == tx.encode());
}

TEST_CASE("a peer that is behind is told at once when what we fetched moved our tip") {
  TestChain ahead("sync-teller");
  for (int i = 0; i < 5; ++i) ahead.mine();
  Desk desk("sync-middle");
  const Status low = desk.sync.status();
  desk.meet(peer(2), low);
  desk.collect();
  desk.asks.clear();
  desk.meet(peer(1), status_of(ahead));
  for (int i = 0; i < 100 && desk.local.chain->tip().height < 5; ++i) desk.answer(*ahead.chain);
  desk.collect();
  const auto told = desk.take<Status>(peer(2));
  REQUIRE(told);
  CHECK(told->second.height == 5);
}

TEST_CASE("nothing is due twice: the machine's deadline always lies ahead once it was served") {
  Desk desk("sync-deadline");
  CHECK(desk.sync.deadline() == kNever);
  for (std::uint8_t i = 1; i < 5; ++i) {
    desk.sync.add_peer(peer(i), desk.now);
    desk.collect();
  }
  desk.sync.on_status(peer(1), claim(desk), desk.now);
  for (int i = 0; i < 1000; ++i) {
    const Time due = desk.sync.deadline();
    if (due == kNever) break;
    CHECK(due > desk.now);
    desk.now = due;
    desk.sync.on_time(desk.now);
    desk.asks.clear();
    desk.collect();
    for (const Ask& ask : desk.asks) {
      desk.sync.on_failure(ask.peer, ask.number, Error(Code::reset, "gone"), desk.now);
    }
    desk.asks.clear();
  }
  desk.collect();
  CHECK(desk.drops.size() == 4);
}

TEST_CASE("a gossiped block far behind our work is left: it takes no place and costs nobody") {
  Desk desk("sync-low-work-block");
  for (int i = 0; i < 5; ++i) desk.local.mine();
  desk.meet(peer(1), desk.sync.status());
  const ChainManager& chain = *desk.local.chain;
  const std::size_t before = chain.tree().size();
  for (std::uint64_t extra = 0; extra < 20; ++extra) {
    const Block cheap = block_on(chain, chain.tree().genesis(), 9, {}, extra);
    const auto outcome = desk.sync.on_gossip_block(peer(1), cheap.encode(), desk.now, kStart);
    CHECK_FALSE(outcome.ok());
    CHECK(outcome.rule == Rule::none);
  }
  CHECK(chain.tree().size() == before);
  desk.collect();
  CHECK(desk.drops.empty());
  // A rival of our tip is not cheap: it is kept, though not passed on while its branch loses.
  const Block rival = block_on(chain, *chain.tip().parent, 9);
  const auto kept = desk.sync.on_gossip_block(peer(1), rival.encode(), desk.now, kStart);
  CHECK(kept.verdict == Verdict::orphan);
  CHECK(chain.find(rival.id()) != nullptr);
  // And without work it is still its sender's fault.
  Block lazy = block_on(chain, chain.tree().genesis(), 9, {}, 77);
  while (lazy.id().bytes[31] == 0) ++lazy.header.nonce;
  CHECK(desk.sync.on_gossip_block(peer(1), lazy.encode(), desk.now, kStart).rule ==
        Rule::high_hash);
  desk.collect();
  REQUIRE(desk.drops.size() == 1);
  CHECK(desk.drops[0].ban);
}

TEST_CASE("headers of less work than ours stop taking memory, and a longer branch still gets in") {
  Desk desk("sync-low-work-headers");
  for (int i = 0; i < 8; ++i) desk.local.mine();
  const ChainManager& chain = *desk.local.chain;
  SyncParams params;
  params.most_stray = 10;
  Sync sync(*desk.local.chain, params);
  const auto feed = [&](const PeerId& from, const TestChain& source, const Status& status) {
    sync.add_peer(from, desk.now);
    std::optional<std::uint64_t> status_number;
    std::optional<Ask> ask;
    const auto look = [&] {
      for (SyncAction& action : sync.take_actions()) {
        if (const auto* drop = std::get_if<Drop>(&action)) {
          desk.drops.push_back(*drop);
        } else if (auto* asked = std::get_if<Ask>(&action); asked && asked->peer == from) {
          if (std::holds_alternative<Status>(asked->request)) status_number = asked->number;
          if (std::holds_alternative<GetHeaders>(asked->request)) ask = *asked;
        }
      }
    };
    look();
    sync.on_status(from, status, desk.now, status_number);
    look();
    REQUIRE(ask);
    const auto& locator = std::get<GetHeaders>(ask->request).locator;
    sync.on_headers(from, ask->number, source.chain->headers_after(locator, BlockId(), kMaxHeaders),
                    desk.now, kStart);
    look();
  };
  for (std::uint8_t n = 1; n <= 5; ++n) {
    TestChain cheap("sync-low-work-source" + std::to_string(n));
    for (int i = 0; i < 5; ++i) cheap.mine(static_cast<std::uint8_t>(20 + n));
    feed(peer(n), cheap, claim(desk));
  }
  // Two of them filled the room; the rest left nothing.
  CHECK(chain.stray_headers() == 10);
  CHECK(desk.drops.size() == 3);
  CHECK(std::ranges::none_of(desk.drops, [](const Drop& drop) { return drop.ban; }));

  TestChain ahead("sync-low-work-ahead");
  for (int i = 0; i < 12; ++i) ahead.mine(40);
  feed(peer(9), ahead, status_of(ahead));
  CHECK(desk.drops.size() == 3);
  CHECK(chain.best_header().id == ahead.chain->tip().id);
}

namespace {

/// A chain whose room for stray headers is full, and peers that answer in fives. Each peer's
/// answers come from a chain of its own, or from what the test says.
struct Crowded {
  explicit Crowded(const std::string& name) : desk(name), sync(*desk.local.chain, params()) {
    for (int i = 0; i < 30; ++i) desk.local.mine();
    for (std::uint8_t n = 1; n <= 2; ++n) {
      cheap.push_back(std::make_unique<TestChain>(name + "-cheap" + std::to_string(n)));
      for (int i = 0; i < 5; ++i) cheap.back()->mine(static_cast<std::uint8_t>(20 + n));
      talk({peer(n)},
           [&](const PeerId&, const GetHeaders& asked) { return fives(*cheap[n - 1u], asked); });
    }
    REQUIRE(chain().stray_headers() == 10);
    REQUIRE(drops.empty());
  }
  static SyncParams params() {
    SyncParams out;
    out.most_stray = 10;
    out.full_answer = 5;
    return out;
  }
  static std::vector<BlockHeader> fives(const TestChain& from, const GetHeaders& asked) {
    return from.chain->headers_after(asked.locator, asked.stop, 5);
  }
  const ChainManager& chain() const { return *desk.local.chain; }

  /// Meets the peers, who claim more work than there is, and answers what they are asked for
  /// headers, turn by turn, until nothing more is asked.
  using Answer = std::function<std::vector<BlockHeader>(const PeerId&, const GetHeaders&)>;
  void talk(const std::vector<PeerId>& peers, const Answer& answer) {
    std::deque<Ask> asks;
    const auto look = [&] {
      for (SyncAction& action : sync.take_actions()) {
        if (const auto* drop = std::get_if<Drop>(&action)) drops.push_back(*drop);
        auto* ask = std::get_if<Ask>(&action);
        if (ask == nullptr || std::ranges::find(peers, ask->peer) == peers.end()) continue;
        if (std::holds_alternative<Status>(ask->request)) {
          sync.on_status(ask->peer, claim(desk), desk.now, ask->number);
        } else if (std::holds_alternative<GetHeaders>(ask->request)) {
          asks.push_back(std::move(*ask));
        }
      }
    };
    for (const PeerId& each : peers) sync.add_peer(each, desk.now);
    look();
    look();
    for (int i = 0; i < 100 && !asks.empty(); ++i) {
      const Ask ask = std::move(asks.front());
      asks.pop_front();
      const auto headers = answer(ask.peer, std::get<GetHeaders>(ask.request));
      sync.on_headers(ask.peer, ask.number, headers, desk.now, kStart);
      look();
    }
  }

  Desk desk;
  Sync sync;
  std::vector<std::unique_ptr<TestChain>> cheap;
  std::vector<Drop> drops;
};

}  // namespace

TEST_CASE("where strangers have filled the room, a fork longer than an answer still gets in") {
  Crowded crowd("sync-survey");
  TestChain honest("sync-survey-honest");
  for (int i = 0; i < 43; ++i) honest.mine(40);
  TestChain attack("sync-survey-attack");
  for (int i = 0; i < 29; ++i) attack.mine(50);
  // An honest peer, another of the same chain, and one whose branch falls short, at the same time.
  crowd.talk({peer(7), peer(8), peer(9)}, [&](const PeerId& from, const GetHeaders& asked) {
    return Crowded::fives(from == peer(8) ? attack : honest, asked);
  });
  CHECK(crowd.chain().best_header().id == honest.chain->tip().id);
  CHECK(crowd.chain().find(attack.chain->tip().id) == nullptr);
  CHECK(crowd.chain().find(attack.chain->tip().ancestor(1)->id) == nullptr);
  REQUIRE(crowd.drops.size() >= 1);
  CHECK(crowd.drops[0].peer == peer(8));
  CHECK_FALSE(crowd.drops[0].ban);
}

TEST_CASE("who shows one branch and then another has nothing of it kept") {
  Crowded crowd("sync-survey-switch");
  TestChain honest("sync-switch-honest");
  for (int i = 0; i < 40; ++i) honest.mine(40);
  TestChain attack("sync-switch-attack");
  for (int i = 0; i < 29; ++i) attack.mine(50);
  int answers = 0;
  crowd.talk({peer(8)}, [&](const PeerId&, const GetHeaders& asked) {
    // Seven answers of five prove more than thirty blocks.
    return Crowded::fives(++answers <= 7 ? honest : attack, asked);
  });
  CHECK(answers == 8);
  CHECK(crowd.chain().stray_headers() == 10);
  CHECK(crowd.chain().find(attack.chain->tip().ancestor(1)->id) == nullptr);
  REQUIRE(crowd.drops.size() == 1);
  CHECK(crowd.drops[0].peer == peer(8));
}

// The hard headers need not have followed the cheap ones, and counted as often as they were named.
TEST_CASE("work counts once, and only where each header follows the one before it") {
  TestChain t("sync-proven");
  for (int i = 0; i < 4; ++i) t.mine();
  const ChainManager& chain = *t.chain;
  TestChain other("sync-proven-other");
  for (int i = 0; i < 2; ++i) other.mine(50);
  auto headers = other.chain->headers_after(std::vector<BlockId>(), BlockId(), 10);
  REQUIRE(headers.size() == 2);
  const BlockId genesis = chain.tree().genesis().id;
  const auto proven = chain.proven_work(genesis, headers);
  REQUIRE(proven);
  CHECK(*proven == other.chain->tip().chainwork - chain.tree().genesis().chainwork);
  CHECK_FALSE(chain.leads(headers));
  for (int i = 0; i < 5; ++i) headers.push_back(headers.back());
  CHECK_FALSE(chain.proven_work(genesis, headers));
  CHECK_FALSE(chain.leads(headers));
  CHECK_FALSE(chain.proven_work(BlockId(), headers));
}
