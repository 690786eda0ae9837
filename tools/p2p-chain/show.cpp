// show: one block or transaction, whole.
#include <algorithm>
#include <memory>

#include "base/units.h"
#include "chain/store/store.h"
#include "commands.h"
#include "multiformats/cid.h"
#include "records.h"

namespace p2p::chaintool {

namespace {

using chain::Hash32;
using cli::ExitStatus;
using multiformats::Codec;
using multiformats::HashCode;

struct ShowOptions {
  std::string what;
  bool raw = false;
};

struct FoundTransaction {
  chain::Transaction tx;
  std::optional<chain::TransactionPlace> place;
};

/// What the operand names; the bytes that --raw writes are those that its CID is of.
struct Found {
  std::optional<chain::StoredHeader> header;  ///< a block
  bool whole = false;                         ///< named by the CID of all of it, not of its header
  std::optional<FoundTransaction> tx;
};

std::unexpected<Error> not_found(const std::string& what) {
  return fail(Code::not_found, "show", what, "the chain has no such block or transaction");
}

Result<std::optional<FoundTransaction>> find_transaction(const chain::Store& store,
                                                         const Hash32& digest) {
  const chain::TxId id{digest};
  P2P_TRY(const auto place, store.transaction(id));
  if (place) {
    P2P_TRY(const auto raw, store.block(place->block));
    if (!raw) return fail(Code::corrupt, "a block of the chain is missing");
    P2P_TRY(const chain::Block block, chain::Block::decode(*raw));
    return FoundTransaction{block.txs.at(place->index), place};
  }
  P2P_TRY(const auto waiting, store.waiting());
  for (const auto& stored : waiting) {
    P2P_TRY(const auto tx, chain::Transaction::decode(stored.raw));
    if (tx.id() == id) return FoundTransaction{tx, std::nullopt};
  }
  return std::nullopt;
}

Result<Found> find_cid(const chain::Store& store, const std::string& what) {
  const auto cid = multiformats::Cid::parse(what);
  Hash32 digest;
  if (!cid || cid->hash().digest().size() != digest.size()) return not_found(what);
  std::ranges::copy(cid->hash().digest(), digest.begin());
  Found out;
  if (cid->codec() == Codec::bitcoin_block && cid->hash().code() == HashCode::dbl_sha2_256) {
    P2P_TRY(out.header, store.header(chain::BlockId{digest}));
  }
  if (cid->codec() == Codec::dag_cbor && cid->hash().code() == HashCode::sha2_256) {
    P2P_TRY(const auto id, store.block_by_cid(digest));
    if (id) {
      out.whole = true;
      P2P_TRY(out.header, store.header(*id));
    } else {
      P2P_TRY(out.tx, find_transaction(store, digest));
    }
  }
  return out;
}

Result<Found> find(const chain::Store& store, const std::string& what) {
  Found out;
  if (what == "tip") {
    P2P_TRY(out.header, store.tip());
    return out;
  }
  if (const auto height = parse_number(what, 0, UINT32_MAX)) {
    P2P_TRY(out.header, store.active_at(static_cast<std::uint32_t>(*height)));
    return out;
  }
  if (const auto id = chain::BlockId::parse(what)) {
    P2P_TRY(out.header, store.header(*id));
    return out;
  }
  return find_cid(store, what);
}

Result<void> write_raw(cli::Console& console, const chain::Store& store, const Found& found) {
  if (found.tx) {
    console.out().write(found.tx->tx.encode());
  } else if (found.whole) {
    P2P_TRY(const auto raw, store.block(found.header->id));
    if (!raw) return fail(Code::corrupt, "a block of the chain is missing");
    console.out().write(*raw);
  } else {
    console.out().write(found.header->header.encode());
  }
  return {};
}

Result<void> print(cli::Console& console, const chain::Store& store, const Found& found) {
  if (found.tx) {
    console.print(tx_record(found.tx->tx, found.tx->place));
    return {};
  }
  P2P_TRY(const auto raw, store.block(found.header->id));
  console.print(block_record(*found.header, raw));
  if (!raw) return {};
  P2P_TRY(const chain::Block block, chain::Block::decode(*raw));
  chain::TransactionPlace place{found.header->id, found.header->height, 0};
  for (const chain::Transaction& tx : block.txs) console.print(tx_record(tx, place));
  return {};
}

Result<ExitStatus> show(cli::Console& console, const Options& options, const ShowOptions& chosen) {
  P2P_TRY(auto store, chain::Store::open(options.path()));
  P2P_TRY(const auto snapshot, store.snapshot());
  auto found = find(store, chosen.what);
  if (found && !found->header && !found->tx) found = not_found(chosen.what);
  if (!found && found.error().code == Code::not_found) {
    console.error(found.error());
    return ExitStatus::no;
  }
  if (!found) return fail(found.error());
  P2P_CHECK(chosen.raw ? write_raw(console, store, *found) : print(console, store, *found));
  return ExitStatus::yes;
}

}  // namespace

void add_show(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<ShowOptions>();
  auto& command = tool.subcommand("show", "print one block or transaction");
  command.usage("p2p-chain [--dir DIR] show ID|HEIGHT|tip [--raw]")
      .describe(
          "Prints a block and then its transactions, or one transaction. ID is a block's id or a "
          "CID: of a header, of a whole block, or of a transaction. With --raw it writes the bytes "
          "that the CID is of: for a block's id, its height or tip, the 80 bytes of its header.")
      .operand("ID", chosen->what, "a block's id or height, tip, or a CID")
      .flag("--raw", chosen->raw, "write the exact bytes")
      .example("p2p-chain show tip --raw | p2p-hash --cid --codec bitcoin-block",
               "the CID that the header's record has")
      .example("p2p-chain show \"$CID\" --raw | p2p-hash --cid --codec dag-cbor",
               "for a transaction or a whole block")
      .action(
          [&options, chosen](cli::Console& console) { return show(console, options, *chosen); });
}

}  // namespace p2p::chaintool
