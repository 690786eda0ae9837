// Account balances: what a block changes, and how to take it back. Pure: a view of the accounts in,
// the changes out; whoever owns the accounts writes them.
#pragma once

#include <functional>
#include <map>

#include "chain/ledger/chain_params.h"

namespace p2p::chain {

/// An account that was never used is all zero and is not stored.
struct Account {
  std::uint64_t balance = 0;
  std::uint64_t nonce = 0;  ///< transactions of it that are confirmed; the next one's nonce

  bool empty() const { return balance == 0 && nonce == 0; }
  friend bool operator==(const Account&, const Account&) = default;
};

class AccountView {
 public:
  virtual ~AccountView() = default;
  virtual Result<Account> account(const Address& address) const = 0;
};

/// Accounts in memory: verification and tests.
class AccountMap final : public AccountView {
 public:
  Result<Account> account(const Address& address) const override;
  void set(const Address& address, const Account& account);
  const std::map<Address, Account>& all() const { return accounts_; }

  friend bool operator==(const AccountMap& a, const AccountMap& b) {
    return a.accounts_ == b.accounts_;
  }

 private:
  std::map<Address, Account> accounts_;
};

struct AccountChange {
  Address address;
  Account before;
  Account after;

  friend bool operator==(const AccountChange&, const AccountChange&) = default;
};

/// What a block does to the accounts, ordered by address. Applying writes every `after`, undoing
/// every `before`.
struct StateChange {
  std::vector<AccountChange> accounts;

  Bytes encode() const;
  static Result<StateChange> decode(ByteView raw);
  friend bool operator==(const StateChange&, const StateChange&) = default;
};

/// Tells whether a transaction's signature was verified before (in the mempool), so that connecting
/// its block need not do it again.
using SignatureKnown = std::function<bool(const TxId&)>;

struct Applied {
  Outcome outcome;
  StateChange change;  ///< where the outcome is ok
};

/// Applies a block that check_block found right to the accounts before it: signatures, nonces,
/// balances, the coinbase's amount. An error is the view's (the store failed), never the block's.
Result<Applied> apply_block(const ChainParams& params, const Block& block, std::uint32_t height,
                            const AccountView& accounts, const SignatureKnown& known = {});

/// Applies one signed transaction to its sender alone, as the mempool needs it.
Outcome spend(const Transaction& tx, Account& sender);

}  // namespace p2p::chain
