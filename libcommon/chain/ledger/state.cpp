#include "chain/ledger/state.h"

#include "chain/ledger/fields.h"

namespace p2p::chain {

namespace {

/// A block changes at most two accounts a transaction.
constexpr std::uint64_t kMaxChanges = 2 * kMaxBlockTransactions;

/// The accounts that a block touches, as they were and as they are now.
class Overlay {
 public:
  explicit Overlay(const AccountView& below) : below_(below) {}

  Result<Account*> at(const Address& address) {
    auto found = changes_.find(address);
    if (found == changes_.end()) {
      P2P_TRY(const Account before, below_.account(address));
      found = changes_.emplace(address, AccountChange{address, before, before}).first;
    }
    return &found->second.after;
  }
  StateChange take() const {
    StateChange out;
    for (const auto& [address, change] : changes_) {
      if (change.before != change.after) out.accounts.push_back(change);
    }
    return out;
  }

 private:
  const AccountView& below_;
  std::map<Address, AccountChange> changes_;
};

Applied refuse(Outcome outcome) { return Applied{std::move(outcome), {}}; }

}  // namespace

Result<Account> AccountMap::account(const Address& address) const {
  const auto found = accounts_.find(address);
  return found == accounts_.end() ? Account() : found->second;
}

void AccountMap::set(const Address& address, const Account& account) {
  if (account.empty()) {
    accounts_.erase(address);
  } else {
    accounts_[address] = account;
  }
}

Bytes StateChange::encode() const {
  Bytes out;
  codec::CborWriter writer(out);
  writer.array(accounts.size());
  for (const AccountChange& change : accounts) {
    writer.array(5).bytes(change.address.key);
    writer.integer(change.before.balance).integer(change.before.nonce);
    writer.integer(change.after.balance).integer(change.after.nonce);
  }
  return out;
}

Result<StateChange> StateChange::decode(ByteView raw) {
  FieldReader in(raw);
  P2P_TRY(const std::uint64_t count, in.array(kMaxChanges));
  StateChange out;
  for (std::uint64_t i = 0; i < count; ++i) {
    AccountChange change;
    P2P_TRY(const std::uint64_t fields, in.array(5));
    if (fields != 5) return fail(Code::parse, "an account change has five fields");
    P2P_CHECK(in.bytes_into(change.address.key));
    P2P_TRY(change.before.balance, in.integer());
    P2P_TRY(change.before.nonce, in.integer());
    P2P_TRY(change.after.balance, in.integer());
    P2P_TRY(change.after.nonce, in.integer());
    out.accounts.push_back(change);
  }
  P2P_CHECK(in.end());
  return out;
}

Outcome spend(const Transaction& tx, Account& sender) {
  if (tx.nonce != sender.nonce) {
    return Outcome::invalid(Rule::bad_nonce, tx.id().text() + " has nonce " +
                                                 std::to_string(tx.nonce) + ", its account's is " +
                                                 std::to_string(sender.nonce));
  }
  // Both are at most 2^53 - 1, so the sum does not wrap.
  const std::uint64_t cost = tx.amount + tx.fee;
  if (cost > sender.balance) {
    return Outcome::invalid(Rule::low_balance, tx.id().text() + " spends " + std::to_string(cost) +
                                                   ", its account has " +
                                                   std::to_string(sender.balance));
  }
  sender.balance -= cost;
  ++sender.nonce;
  return Outcome::valid();
}

Result<Applied> apply_block(const ChainParams& params, const Block& block, std::uint32_t height,
                            const AccountView& accounts, const SignatureKnown& known) {
  Overlay overlay(accounts);
  const Transaction& coinbase = block.txs.front();
  if (coinbase.height != height) {
    return refuse(Outcome::invalid(
        Rule::bad_coinbase,
        "coinbase of height " + std::to_string(coinbase.height) + " at " + std::to_string(height)));
  }
  std::uint64_t fees = 0;
  for (std::size_t i = 1; i < block.txs.size(); ++i) {
    const Transaction& tx = block.txs[i];
    const TxId id = tx.id();
    if (!(known && known(id)) && !tx.signature_valid(params.genesis_id())) {
      return refuse(Outcome::invalid(Rule::bad_signature, id.text()));
    }
    P2P_TRY(Account* const sender, overlay.at(tx.from));
    if (Outcome outcome = spend(tx, *sender); !outcome.ok()) return refuse(std::move(outcome));
    fees += tx.fee;
    if (tx.type != TxType::transfer) continue;
    P2P_TRY(Account* const receiver, overlay.at(tx.to));
    receiver->balance += tx.amount;
  }
  const std::uint64_t due = params.subsidy(height) + fees;
  if (coinbase.amount != due) {
    return refuse(Outcome::invalid(
        Rule::bad_coinbase,
        "coinbase of " + std::to_string(coinbase.amount) + ", due are " + std::to_string(due)));
  }
  P2P_TRY(Account* const miner, overlay.at(coinbase.to));
  miner->balance += due;
  return Applied{Outcome::valid(), overlay.take()};
}

}  // namespace p2p::chain
