// mine: make blocks.
#include <memory>

#include "base/endian.h"
#include "base/units.h"
#include "chain/miner/miner.h"
#include "records.h"
#include "reward.h"
#include "writer.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;
using runtime::Task;

/// More is a mistake in typing: `node --mine` goes on for ever.
constexpr std::uint64_t kMostBlocks = 1'000'000;

struct MineOptions {
  std::string count;
  RewardOptions reward;
};

/// One block on the tip, whatever it takes: where no nonce serves, the coinbase's extra bytes
/// change.
Task<Result<chain::Block>> mine_one(cli::Context& context, const chain::ChainManager& chain,
                                    chain::Address reward) {
  for (std::uint64_t extra = 0;; ++extra) {
    Bytes salt;
    append_le(salt, extra);
    P2P_CO_TRY(chain::Block block, chain.make_template(reward, salt, now_s(context)));
    const auto header = co_await chain::search_nonce(context.runtime.workers, block.header);
    if (!header) continue;
    block.header = *header;
    co_return block;
  }
}

/// The running node mines; we print what it made.
Task<Result<ExitStatus>> mine_through(cli::Context& context, const Options& options,
                                      chain::ControlClient node, chain::Address reward,
                                      std::uint64_t count) {
  P2P_CO_TRY(const chain::Store store, chain::Store::open(options.path()));
  auto started = co_await node.start_mining(count, reward);
  P2P_CO_CHECK(started);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto id = co_await node.mined();
    P2P_CO_CHECK(id);
    P2P_CO_TRY(const auto header, store.header(*id));
    P2P_CO_TRY(const auto raw, store.block(*id));
    if (!header) co_return fail(Code::corrupt, "show", id->text(), "the node's block is missing");
    context.console.print(block_record(*header, raw));
  }
  co_return ExitStatus::yes;
}

Task<Result<ExitStatus>> mine(cli::Context& context, const Options& options,
                              const MineOptions& chosen) {
  auto parsed = parse_number(chosen.count, 1, kMostBlocks);
  if (!parsed) co_return fail(std::move(parsed).error().during("read operand", "N"));
  const std::uint64_t count = *parsed;
  auto opened = co_await open_writer_or_node(context, options.path(), "mine");
  P2P_CO_TRY(auto access, std::move(opened));
  P2P_CO_TRY(const auto reward, reward_address(context, options, chosen.reward));
  if (access.node) {
    co_return co_await mine_through(context, options, std::move(*access.node), reward, count);
  }
  chain::ChainManager& chain = *access.writer->chain;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto mined = co_await mine_one(context, chain, reward);
    P2P_CO_TRY(const chain::Block block, std::move(mined));
    P2P_CO_TRY(const auto outcome, chain.accept_block(block, now_s(context)));
    if (!outcome.ok()) {
      co_return fail(Code::internal, "mine", block.id().text(), outcome.message());
    }
    context.console.print(block_record(chain.tip(), block));
  }
  co_return ExitStatus::yes;
}

}  // namespace

void add_mine(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<MineOptions>();
  auto& command = tool.subcommand("mine", "make blocks");
  command.usage("p2p-chain [--dir DIR] mine [OPTION]... N")
      .describe(
          "Mines N blocks with the transactions that wait and prints each. The reward goes to "
          "DIR/reward.key, which is made where there is none, unless an option names another "
          "receiver.")
      .operand("N", chosen->count, "how many blocks")
      .action(cli::networked(
          [&options, chosen](cli::Context& context) { return mine(context, options, *chosen); }));
  add_reward(command, chosen->reward);
}

}  // namespace p2p::chaintool
