// balance: what addresses own.
#include <memory>

#include "chain/store/store.h"
#include "commands.h"
#include "record/record.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;

struct BalanceOptions {
  std::vector<std::string> addresses;
  std::vector<std::string> keys;
};

Result<void> print(cli::Console& console, const chain::Address& address,
                   const chain::Account& account) {
  record::Record record("balance");
  record.set("address", address.text()).set("amount", account.balance).set("nonce", account.nonce);
  console.print(record);
  return {};
}

Result<ExitStatus> balance(cli::Console& console, const Options& options,
                           const BalanceOptions& chosen) {
  std::vector<chain::Address> asked;
  for (const std::string& text : chosen.addresses) {
    P2P_TRY(const auto address, chain::Address::parse(text));
    asked.push_back(address);
  }
  for (const std::string& file : chosen.keys) {
    P2P_TRY(const auto key, cli::read_key_file(file));
    P2P_TRY(const auto address, chain::Address::of(key.public_key()));
    asked.push_back(address);
  }
  P2P_TRY(auto store, chain::Store::open(options.path()));
  P2P_TRY(const auto snapshot, store.snapshot());
  if (asked.empty()) {
    P2P_CHECK(store.each_account([&](const chain::Address& address, const chain::Account& account) {
      return print(console, address, account);
    }));
  }
  for (const chain::Address& address : asked) {
    P2P_TRY(const chain::Account account, store.account(address));
    P2P_CHECK(print(console, address, account));
  }
  return ExitStatus::yes;
}

}  // namespace

void add_balance(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<BalanceOptions>();
  auto& command = tool.subcommand("balance", "print what addresses own");
  command.usage("p2p-chain [--dir DIR] balance [--key FILE]... [ADDR]...")
      .describe(
          "Prints each address with its confirmed coins, in the smallest unit, and the number of "
          "its confirmed transactions; without an address, all that ever had coins or spoke.")
      .list("--key", "FILE", chosen->keys, "the address of this key", cli::Complete::file)
      .operands("ADDR", chosen->addresses, "whose coins")
      .action(
          [&options, chosen](cli::Console& console) { return balance(console, options, *chosen); });
}

}  // namespace p2p::chaintool
