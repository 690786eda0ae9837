// key new, key show: the keys that own coins and sign.
#include <memory>

#include "chain/ledger/address.h"
#include "commands.h"
#include "crypto/random.h"
#include "record/record.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;

Result<ExitStatus> print_key(cli::Console& console, const std::string& file,
                             const crypto::SigningKey& key) {
  P2P_TRY(const auto address, chain::Address::of(key.public_key()));
  record::Record record("key");
  record.set("address", address.text()).set("path", file).set("public_key", key.public_key().data);
  console.print(record);
  return ExitStatus::yes;
}

}  // namespace

void add_key(cli::Command& tool) {
  auto& key = tool.subcommand("key", "make and show keys");
  key.usage("p2p-chain key new FILE").usage("p2p-chain key show FILE");
  key.describe("A key file is libp2p's private key protobuf, as every tool's --key takes it.");

  const auto file = std::make_shared<std::string>();
  auto& fresh = key.subcommand("new", "make a key");
  fresh.usage("p2p-chain key new FILE")
      .describe("Writes a fresh Ed25519 key to FILE, which must not exist, with mode 0600.")
      .operand("FILE", *file, "where to write it", cli::Complete::file)
      .action([file](cli::Console& console) -> Result<ExitStatus> {
        const auto random = crypto::system_random();
        const auto made = crypto::SigningKey::generate(*random);
        P2P_CHECK(cli::create_key_file(*file, made));
        return print_key(console, *file, made);
      });
  auto& show = key.subcommand("show", "print a key's address");
  show.usage("p2p-chain key show FILE")
      .operand("FILE", *file, "the key's file", cli::Complete::file)
      .action([file](cli::Console& console) -> Result<ExitStatus> {
        P2P_TRY(const auto read, cli::read_key_file(*file));
        return print_key(console, *file, read);
      });
}

}  // namespace p2p::chaintool
