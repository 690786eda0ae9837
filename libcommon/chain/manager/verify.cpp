#include "chain/manager/verify.h"

#include "chain/consensus/rules.h"

namespace p2p::chain {

namespace {

/// Past every time that a header can carry.
constexpr std::int64_t kEndOfTime = std::int64_t{1} << 32;

std::unexpected<Error> broken(Code code, const std::string& subject, std::string why) {
  return fail(code, "verify", subject, std::move(why));
}

/// Every known header against its parent, side branches too.
Result<std::uint64_t> verify_headers(const Store& store, HeaderTree& tree) {
  std::uint64_t count = 0;
  P2P_CHECK(store.each_header([&](const StoredHeader& stored) -> Result<void> {
    const std::string subject = "header " + stored.id.text();
    ++count;
    if (stored.header.id() != stored.id) {
      return broken(Code::corrupt, subject, "its bytes have another id");
    }
    if (count == 1) {
      if (stored.id == tree.genesis().id) return {};
      return broken(Code::corrupt, subject, "it is not the genesis of the chain's parameters");
    }
    const Outcome outcome = tree.check(stored.header, stored.id, kEndOfTime);
    if (!outcome.ok()) {
      return broken(Code::rejected, subject, outcome.message());
    }
    const HeaderNode& node = tree.insert(stored.header, stored.id);
    if (node.height != stored.height || node.chainwork != stored.chainwork) {
      return broken(Code::corrupt, subject, "its stored height or work is wrong");
    }
    return {};
  }));
  return count;
}

/// The active chain has the most work of all whose bodies are stored and not known to be invalid.
Result<void> verify_choice(const Store& store, const HeaderTree& tree, const HeaderNode& tip) {
  std::vector<bool> usable;
  return store.each_header([&](const StoredHeader& stored) -> Result<void> {
    const HeaderNode* node = tree.find(stored.id);
    usable.push_back(stored.has_body && stored.invalid.empty() &&
                     (node->parent == nullptr || usable[node->parent->sequence]));
    if (usable.back() && node->chainwork > tip.chainwork) {
      return broken(Code::corrupt, "block " + stored.id.text(),
                    "it has more work than the active tip");
    }
    return {};
  });
}

Result<void> verify_block(const ChainParams& params, const Store& store, const HeaderNode& node,
                          const HeaderNode* before, AccountMap& accounts, VerifyReport& report) {
  const std::string subject = "block " + std::to_string(node.height) + " " + node.id.text();
  if (node.parent != before) return broken(Code::corrupt, subject, "it does not follow the last");
  P2P_TRY(const auto raw, store.block(node.id));
  if (!raw) return broken(Code::corrupt, subject, "its body is missing");
  const auto block = Block::decode(*raw);
  if (!block) return broken(Code::corrupt, subject, block.error().message());
  if (block->header != node.header) return broken(Code::corrupt, subject, "it has another header");
  ++report.blocks;
  report.transactions += block->txs.size();
  for (std::size_t i = 0; i < block->txs.size(); ++i) {
    P2P_TRY(const auto place, store.transaction(block->txs[i].id()));
    if (!place || place->height != node.height || place->index != i) {
      return broken(Code::corrupt, subject, "transaction " + std::to_string(i) + " is not indexed");
    }
  }
  P2P_TRY(const StateChange stored, store.change(node));
  if (node.height == 0) {
    if (*block == params.genesis() && stored == StateChange()) return {};
    return broken(Code::corrupt, subject, "it is not the genesis of the chain's parameters");
  }
  if (const Outcome outcome = check_block(*block, raw->size()); !outcome.ok()) {
    return broken(Code::rejected, subject, outcome.message());
  }
  P2P_TRY(const Applied applied, apply_block(params, *block, node.height, accounts));
  if (!applied.outcome.ok()) return broken(Code::rejected, subject, applied.outcome.message());
  if (applied.change != stored) {
    return broken(Code::corrupt, subject, "what would undo it is not what it does");
  }
  for (const AccountChange& change : applied.change.accounts) {
    accounts.set(change.address, change.after);
  }
  return {};
}

Result<void> verify_accounts(const Store& store, const AccountMap& accounts) {
  auto expected = accounts.all().begin();
  const auto end = accounts.all().end();
  P2P_CHECK(store.each_account([&](const Address& address, const Account& account) -> Result<void> {
    if (expected == end || expected->first != address || expected->second != account) {
      return broken(Code::corrupt, "account " + address.text(),
                    "its balance or nonce is not what the blocks give");
    }
    ++expected;
    return {};
  }));
  if (expected != end) {
    return broken(Code::corrupt, "account " + expected->first.text(), "it is missing");
  }
  return {};
}

Result<std::uint64_t> verify_waiting(const ChainParams& params, const Store& store) {
  P2P_TRY(const auto waiting, store.waiting());
  for (const StoredTransaction& stored : waiting) {
    const auto tx = Transaction::decode(stored.raw);
    if (!tx) return broken(Code::corrupt, "a waiting transaction", tx.error().message());
    if (!tx->signature_valid(params.genesis_id())) {
      return broken(Code::rejected, "waiting transaction " + tx->id().text(),
                    "its signature is wrong");
    }
  }
  return waiting.size();
}

}  // namespace

Result<VerifyReport> verify_store(Store& store) {
  P2P_TRY(const Store::Batch snapshot, store.snapshot());
  VerifyReport report;
  HeaderTree tree(store.params().headers());
  P2P_TRY(report.headers, verify_headers(store, tree));
  P2P_TRY(const StoredHeader stored_tip, store.tip());
  const HeaderNode* const tip = tree.find(stored_tip.id);
  if (tip == nullptr) return broken(Code::corrupt, "the active tip", "its header is missing");
  P2P_CHECK(verify_choice(store, tree, *tip));
  AccountMap accounts;
  const HeaderNode* before = nullptr;
  for (std::uint32_t height = 0; height <= tip->height; ++height) {
    P2P_TRY(const auto active, store.active_at(height));
    const HeaderNode* node = active ? tree.find(active->id) : nullptr;
    if (node == nullptr) {
      return broken(Code::corrupt, "height " + std::to_string(height), "it has no active block");
    }
    P2P_CHECK(verify_block(store.params(), store, *node, before, accounts, report));
    before = node;
  }
  P2P_CHECK(verify_accounts(store, accounts));
  report.accounts = accounts.all().size();
  P2P_TRY(report.waiting, verify_waiting(store.params(), store));
  return report;
}

}  // namespace p2p::chain
