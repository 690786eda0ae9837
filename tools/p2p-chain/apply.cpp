// apply: take the blocks that export wrote.
#include "chain/ledger/block_stream.h"
#include "records.h"
#include "writer.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;
using runtime::Task;

struct Counts {
  std::uint64_t fresh = 0;
  std::uint64_t known = 0;
};

/// Where there is no chain yet, the stream's first block makes it.
Result<void> found_chain(const Options& options, ByteView genesis) {
  const auto there = chain::Store::open(options.path());
  if (there || there.error().code != Code::not_found) return {};
  const auto params = chain::ChainParams::from_genesis(genesis);
  if (!params) return fail(Error(params.error()).during("apply", "-"));
  P2P_CHECK(chain::make_directory(options.path()));
  P2P_TRY(const auto lock, chain::DirectoryLock::try_acquire(options.path(), "apply"));
  if (!lock) return {};
  P2P_CHECK(chain::Store::create(options.path(), *params));
  return {};
}

/// Yes: go on. An error of code rejected says which rule a block breaks.
Result<void> apply_one(cli::Context& context, chain::ChainManager& chain, ByteView raw,
                       Counts& counts) {
  const std::size_t before = chain.tree().size();
  auto decoded = chain::Block::decode(raw);
  if (!decoded) return fail(std::move(decoded).error().during("apply", "-"));
  const chain::Block block = std::move(*decoded);
  const chain::HeaderNode* known = chain.find(block.id());
  const bool had_body = known != nullptr && chain.has_body(*known);
  P2P_TRY(const auto outcome, chain.accept_block(block, now_s(context)));
  if (!outcome.ok()) {
    return fail(Code::rejected, "apply", "block " + block.id().text(), outcome.message());
  }
  (had_body && chain.tree().size() == before ? counts.known : counts.fresh) += 1;
  return {};
}

Task<Result<ExitStatus>> apply(cli::Context& context, const Options& options) {
  chain::BlockStream stream;
  std::optional<Writer> writer;
  Counts counts;
  while (true) {
    auto chunk = co_await context.input.read();
    P2P_CO_TRY(const ByteView data, std::move(chunk));
    if (data.empty()) break;
    stream.feed(data);
    while (true) {
      auto next = stream.next();
      if (!next) co_return fail(std::move(next).error().during("apply", "-"));
      const auto raw = std::move(*next);
      if (!raw) break;
      if (!writer) {
        P2P_CO_CHECK(found_chain(options, *raw));
        auto opened = co_await open_writer(context, options.path(), "apply");
        P2P_CO_TRY(writer, std::move(opened));
        if (!writer) co_return fail(node_is_running(options.path()));
      }
      const auto applied = apply_one(context, *writer->chain, *raw, counts);
      if (!applied && applied.error().code == Code::rejected) {
        context.console.error(applied.error());
        co_return ExitStatus::no;
      }
      P2P_CO_CHECK(applied);
    }
  }
  auto ended = stream.end();
  if (!ended) co_return fail(std::move(ended).error().during("apply", "-"));
  if (!writer) co_return fail(Code::closed, "apply", "-", "standard input has no block");
  context.console.print(tip_record(writer->chain->params(), writer->chain->tip()));
  context.console.note(std::to_string(counts.fresh) +
                       (counts.fresh == 1 ? " new block, " : " new blocks, ") +
                       std::to_string(counts.known) + " known");
  co_return ExitStatus::yes;
}

}  // namespace

void add_apply(cli::Command& tool, const Options& options) {
  auto& command = tool.subcommand("apply", "take blocks from standard input");
  command.usage("p2p-chain [--dir DIR] apply")
      .describe(
          "Reads what export wrote, checks every block and keeps what is new, then prints the tip. "
          "Where there is no chain, the first block makes it. Applying twice changes nothing. Not "
          "beside a running node, which gets its blocks from its peers.")
      .exit_status(ExitStatus::no, "a block breaks a rule; what came before it is kept")
      .action(
          cli::networked([&options](cli::Context& context) { return apply(context, options); }));
}

}  // namespace p2p::chaintool
