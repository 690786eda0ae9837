// submit: payments and anchors into the chain.
#include <memory>

#include "base/units.h"
#include "multiformats/cid.h"
#include "record/reader.h"
#include "record/schema.h"
#include "records.h"
#include "writer.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;
using runtime::Task;

struct SubmitOptions {
  std::optional<std::string> key;
  std::optional<std::string> to;
  std::optional<std::uint64_t> amount;
  std::uint64_t fee = 0;
  std::optional<std::string> data;
  bool raw = false;
};

/// What to anchor from a line such as `p2p-hash --cid` prints, which has two spaces and a name
/// after the CID, and from everything else its first field.
Bytes anchored(const std::string& datum) {
  const std::string first = datum.substr(0, datum.find(' '));
  return to_bytes(multiformats::Cid::parse(first) ? first : datum);
}

/// Anchors in one go: as many of one account as may wait.
const std::size_t kMostAnchors = chain::MempoolLimits().per_account;

/// One anchor's data a record of standard input.
Task<Result<std::vector<Bytes>>> read_data(cli::Context& context, bool raw) {
  record::Reader reader("cid");
  Bytes whole;
  std::vector<Bytes> out;
  bool more = true;
  while (more) {
    auto chunk = co_await context.input.read();
    P2P_CO_TRY(const ByteView data, std::move(chunk));
    more = !data.empty();
    if (raw) {
      append(whole, data);
      if (whole.size() > chain::kMaxAnchorData) break;
      continue;
    }
    more ? reader.feed(data) : reader.end();
    while (true) {
      P2P_CO_TRY(const auto record, reader.next());
      if (!record) break;
      if (out.size() == kMostAnchors) {
        co_return fail(
            Error(Code::limit, "read data", "-",
                  "more than " + std::to_string(kMostAnchors) + " anchors in one go")
                .with_hint("so many of one account may wait for a block; nothing was submitted"));
      }
      out.push_back(anchored(record::datum(*record)));
    }
  }
  if (raw) out.push_back(std::move(whole));
  if (out.empty()) co_return fail(Code::closed, "read data", "-", "standard input has no record");
  co_return out;
}

Task<Result<std::vector<chain::Transaction>>> make_unsigned(cli::Context& context,
                                                            const SubmitOptions& chosen,
                                                            chain::Address from) {
  std::vector<chain::Transaction> out;
  if (chosen.to) {
    P2P_CO_TRY(const auto to, chain::Address::parse(*chosen.to));
    out.push_back(chain::Transaction::transfer(from, to, *chosen.amount, chosen.fee, 0));
    co_return out;
  }
  std::vector<Bytes> all;
  if (*chosen.data == "-") {
    auto read = co_await read_data(context, chosen.raw);
    P2P_CO_TRY(all, std::move(read));
  } else {
    all.push_back(to_bytes(*chosen.data));
  }
  for (Bytes& data : all) {
    if (data.size() > chain::kMaxAnchorData) {
      co_return fail(
          Error(Code::limit, "anchor", "",
                "the data is longer than " + std::to_string(chain::kMaxAnchorData) + " bytes")
              .with_hint("anchor its CID: p2p-hash --cid"));
    }
    out.push_back(chain::Transaction::anchor(from, std::move(data), chosen.fee, 0));
  }
  co_return out;
}

Result<void> check_options(const SubmitOptions& chosen) {
  const auto usage = [](std::string why) {
    return fail(
        Error(Code::invalid_argument, std::move(why)).with_hint("try 'p2p-chain submit --help'"));
  };
  if (!chosen.key) return usage("submit needs --key FILE, which signs");
  if (chosen.to.has_value() == chosen.data.has_value()) {
    return usage("submit takes either --to ADDR, for a payment, or --data, for an anchor");
  }
  if (chosen.to.has_value() != chosen.amount.has_value()) {
    return usage("--to and --amount go together");
  }
  if (chosen.raw && (!chosen.data || *chosen.data != "-")) return usage("--raw is for --data -");
  return {};
}

/// Gives the transaction its nonce and signature, and hands it over.
Task<Result<void>> submit_one(Access& access, chain::Transaction& tx, const crypto::SigningKey& key,
                              const chain::BlockId& genesis) {
  if (access.writer) {
    chain::ChainManager& chain = *access.writer->chain;
    P2P_CO_TRY(tx.nonce, chain.next_nonce(tx.from));
    tx.sign(key, genesis);
    P2P_CO_CHECK(chain.submit(tx, chain::Origin::local));
    co_return Result<void>();
  }
  std::optional<std::uint64_t> last;
  while (true) {
    const auto nonce = co_await access.node->next_nonce(tx.from);
    P2P_CO_CHECK(nonce);
    tx.nonce = *nonce;
    tx.sign(key, genesis);
    const auto accepted = co_await access.node->submit(tx);
    // Fresh means that the node had not taken the same transaction from a command beside us.
    if (accepted && *accepted) co_return Result<void>();
    if (!accepted && (accepted.error().code != Code::rejected || last == nonce.value())) {
      co_return fail(accepted.error());
    }
    last = *nonce;  // another command was faster with this number: once more with the next
  }
}

Task<Result<ExitStatus>> submit(cli::Context& context, const Options& options,
                                const SubmitOptions& chosen) {
  P2P_CO_CHECK(check_options(chosen));
  P2P_CO_TRY(const auto key, cli::read_key_file(*chosen.key));
  P2P_CO_TRY(const auto from, chain::Address::of(key.public_key()));
  auto made = co_await make_unsigned(context, chosen, from);
  P2P_CO_TRY(auto txs, std::move(made));
  auto opened = co_await open_writer_or_node(context, options.path(), "submit");
  P2P_CO_TRY(auto access, std::move(opened));
  P2P_CO_TRY(const chain::Store store, chain::Store::open(options.path()));
  for (chain::Transaction& tx : txs) {
    const auto accepted = co_await submit_one(access, tx, key, store.params().genesis_id());
    if (!accepted && accepted.error().code == Code::rejected) {
      context.console.error(accepted.error());
      co_return ExitStatus::no;
    }
    if (!accepted) co_return fail(accepted.error());
    context.console.print(tx_record(tx, std::nullopt));
  }
  co_return ExitStatus::yes;
}

}  // namespace

void add_submit(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<SubmitOptions>();
  auto& command = tool.subcommand("submit", "pay, or anchor data");
  command.usage("p2p-chain [--dir DIR] submit --key FILE --to ADDR --amount N [--fee N]")
      .usage("p2p-chain [--dir DIR] submit --key FILE --data TEXT [--fee N]")
      .usage("p2p-chain [--dir DIR] submit --key FILE --data - [--raw] [--fee N]")
      .describe(
          "Signs a transaction and puts it among those that wait for a block. Once its line is "
          "printed it survives a crash until it is confirmed. With --data - every record of "
          "standard input becomes an anchor of its first field: a line's text up to a tab, or the "
          "CID at its front. An anchor has at most 1024 bytes; of one account, at most 1000 "
          "transactions wait for a block at the same time.")
      .text("--key", "FILE", chosen->key, "the key that pays and signs", cli::Complete::file)
      .text("--to", "ADDR", chosen->to, "pay this address")
      .number("--amount", "N", chosen->amount, {1, chain::kMaxCoins},
              "how much, in the smallest unit")
      .text("--data", "TEXT", chosen->data, "anchor this text; - reads standard input")
      .flag("--raw", chosen->raw, "anchor all of standard input as it is")
      .number("--fee", "N", chosen->fee, {0, chain::kMaxCoins}, "what the miner gets")
      .example("p2p-hash --cid photo.jpg | p2p-chain submit --key alice.key --data -",
               "anchor a file's CID")
      .example("p2p-chain submit --key alice.key --to p2p1… --amount 5", "pay")
      .action(cli::networked(
          [&options, chosen](cli::Context& context) { return submit(context, options, *chosen); }));
}

}  // namespace p2p::chaintool
