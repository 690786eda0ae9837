// A small chain for tests: easy blocks, keys by number, a store on a disk in memory.
#pragma once

#include <doctest/doctest.h>

#include <map>

#include "chain/manager/chain_manager.h"
#include "chain/miner/miner.h"
#include "support/fault_vfs.h"

namespace p2p::testing {

inline constexpr std::int64_t kStart = 1'800'000'000;

inline chain::ChainSpec easy_spec() {
  chain::ChainSpec spec;
  spec.name = "test";
  spec.spacing_s = 1;
  spec.window = 100;
  spec.bits = 0x1f7fffff;  // 512 hashes a block
  spec.reward = 1000;
  spec.halving = 50;
  spec.time = kStart - 1000;
  return spec;
}

inline chain::ChainParams easy_params() {
  return chain::ChainParams::from_spec(easy_spec()).value();
}

inline crypto::SigningKey key_of(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = number;
  return crypto::SigningKey::from_seed(seed);
}

inline chain::Address address_of(std::uint8_t number) {
  return chain::Address::of(key_of(number).public_key()).value();
}

inline chain::Transaction transfer(const chain::ChainParams& params, std::uint8_t from,
                                   std::uint8_t to, std::uint64_t amount, std::uint64_t fee,
                                   std::uint64_t nonce) {
  auto tx = chain::Transaction::transfer(address_of(from), address_of(to), amount, fee, nonce);
  tx.sign(key_of(from), params.genesis_id());
  return tx;
}

inline chain::Transaction anchor(const chain::ChainParams& params, std::uint8_t from,
                                 std::string_view data, std::uint64_t nonce,
                                 std::uint64_t fee = 0) {
  auto tx = chain::Transaction::anchor(address_of(from), to_bytes(data), fee, nonce);
  tx.sign(key_of(from), params.genesis_id());
  return tx;
}

/// Gives the block its proof of work.
inline chain::Block mined(chain::Block block) {
  block.header.merkle_root = chain::merkle_root(block.txs);
  block.header.nonce = 0;
  block.header = chain::search_nonce_now(block.header, UINT32_MAX).value();
  return block;
}

/// A block on `parent`, which may be anywhere in the tree.
inline chain::Block block_on(const chain::ChainManager& chain, const chain::HeaderNode& parent,
                             std::uint8_t miner, std::vector<chain::Transaction> txs = {},
                             std::uint64_t extra = 0) {
  const auto& params = chain.params();
  const std::uint32_t height = parent.height + 1;
  std::uint64_t due = params.subsidy(height);
  for (const auto& tx : txs) due += tx.fee;
  chain::Block block;
  Bytes salt(8);
  for (std::size_t i = 0; i < 8; ++i) salt[i] = static_cast<std::uint8_t>(extra >> (8 * i));
  block.txs.push_back(chain::Transaction::coinbase(height, address_of(miner), due, salt));
  block.txs.insert(block.txs.end(), txs.begin(), txs.end());
  const chain::NodeContext context(parent);
  block.header.version = chain::kBlockVersion;
  block.header.prev = parent.id;
  block.header.time = static_cast<std::uint32_t>(chain::earliest_time(params.headers(), context));
  block.header.bits = chain::next_bits(params.headers(), context, block.header.time);
  return mined(std::move(block));
}

/// The accounts as the store has them.
inline chain::AccountMap accounts_of(const chain::Store& store) {
  chain::AccountMap out;
  REQUIRE(store.each_account(
      [&](const chain::Address& address, const chain::Account& account) -> Result<void> {
        out.set(address, account);
        return {};
      }));
  return out;
}

/// The accounts as they follow from genesis and the active blocks alone.
inline chain::AccountMap replayed(const chain::ChainManager& chain) {
  chain::AccountMap out;
  for (std::uint32_t height = 1; height <= chain.tip().height; ++height) {
    const auto raw = chain.block(chain.tip().ancestor(height)->id).value().value();
    const auto block = chain::Block::decode(raw).value();
    const auto applied = chain::apply_block(chain.params(), block, height, out).value();
    REQUIRE_MESSAGE(applied.outcome.ok(), applied.outcome.message());
    for (const auto& change : applied.change.accounts) out.set(change.address, change.after);
  }
  return out;
}

/// A chain on a disk of its own.
struct TestChain {
  explicit TestChain(const std::string& name, chain::ManagerLimits limits = {})
      : vfs(name), params(easy_params()) {
    REQUIRE(chain::Store::create("/", params, options()));
    open(limits);
  }
  chain::StoreOptions options(bool writable = true) const { return {writable, vfs.name()}; }
  void open(chain::ManagerLimits limits = {}) {
    chain.reset();
    chain = chain::ChainManager::open(chain::Store::open("/", options()).value(), limits).value();
  }
  chain::Outcome accept(const chain::Block& block, std::int64_t now = kStart) {
    auto outcome = chain->accept_block(block.encode(), now);
    REQUIRE_MESSAGE(outcome, outcome.error().message());
    return *outcome;
  }
  /// Mines one block from the template.
  chain::Block mine(std::uint8_t miner = 1, std::int64_t now = kStart) {
    auto made = chain->make_template(address_of(miner), Bytes(), now).value();
    made = mined(std::move(made));
    const auto outcome = accept(made, now);
    REQUIRE_MESSAGE(outcome.ok(), outcome.message());
    return made;
  }

  FaultVfs vfs;
  chain::ChainParams params;
  std::unique_ptr<chain::ChainManager> chain;
};

}  // namespace p2p::testing
