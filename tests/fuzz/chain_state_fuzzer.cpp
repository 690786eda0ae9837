// LAYERS: p2p_chain_ledger
// OPTIONS: -max_len=300 -entropic=0
// Blocks of any transactions: what applies can be undone exactly, coins are neither made nor lost,
// and what the mempool selects always applies.
#include "chain/ledger/mempool.h"
#include "fuzz/require.h"

using namespace p2p;
using namespace p2p::chain;

namespace {

constexpr std::uint8_t kAccounts = 4;

Address address_of(std::uint8_t number) {
  Address out;
  out.key[0] = static_cast<std::uint8_t>(number % kAccounts);
  return out;
}

std::uint64_t coins(const AccountMap& accounts) {
  std::uint64_t all = 0;
  for (const auto& [address, account] : accounts.all()) all += account.balance;
  return all;
}

ChainParams params() {
  ChainSpec spec;
  spec.name = "fuzz";
  spec.reward = 100;
  spec.halving = 3;
  return ChainParams::from_spec(spec).value();
}

void set(AccountMap& accounts, const StateChange& change, bool forward) {
  for (const AccountChange& each : change.accounts) {
    accounts.set(each.address, forward ? each.after : each.before);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ChainParams chain = params();
  // Signatures are another matter, and would leave the fuzzer nothing but refusals.
  const SignatureKnown known = [](const TxId&) { return true; };
  AccountMap accounts;
  Mempool pool(chain.genesis_id());
  std::vector<std::pair<AccountMap, StateChange>> history;
  Block block;
  for (std::size_t i = 0; i + 5 <= size && history.size() < 64; i += 5) {
    const std::uint8_t* op = data + i;
    const auto height = static_cast<std::uint32_t>(history.size() + 1);
    const std::uint64_t amount = op[3];
    if (op[0] % 4 == 0) {  // a payment, into the block and into the pool
      const Address from = address_of(op[1]);
      const std::uint64_t nonce = accounts.account(from).value().nonce + (op[4] >> 4);
      const auto tx = Transaction::transfer(from, address_of(op[2]), amount, op[4] & 15, nonce);
      if (check_transaction(tx).ok()) {
        block.txs.push_back(tx);
        pool.restore(tx, Origin::remote);
      }
    } else if (op[0] % 4 == 1) {  // the block, with what was put into it
      std::uint64_t due = chain.subsidy(height);
      for (const Transaction& tx : block.txs) due += tx.fee;
      block.txs.insert(block.txs.begin(),
                       Transaction::coinbase(height, address_of(op[1]), due + (op[2] == 255), {}));
      const AccountMap before = accounts;
      const auto applied = apply_block(chain, block, height, accounts, known).value();
      if (applied.outcome.ok()) {
        require(StateChange::decode(applied.change.encode()).value() == applied.change);
        set(accounts, applied.change, true);
        require(coins(accounts) == coins(before) + chain.subsidy(height));
        history.emplace_back(before, applied.change);
        require(pool.revalidate(accounts).has_value());
      }
      block.txs.clear();
    } else if (op[0] % 4 == 2 && !history.empty()) {  // undo
      set(accounts, history.back().second, false);
      require(accounts == history.back().first);
      history.pop_back();
    } else {  // a block of what the pool offers
      Block made;
      made.txs = pool.select(accounts, 1 + std::size_t{op[1]} * 16, op[2]).value();
      std::uint64_t due = chain.subsidy(height);
      for (const Transaction& tx : made.txs) due += tx.fee;
      made.txs.insert(made.txs.begin(), Transaction::coinbase(height, address_of(op[3]), due, {}));
      require(apply_block(chain, made, height, accounts, known).value().outcome.ok());
    }
  }
  return 0;
}
