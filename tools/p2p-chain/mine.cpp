// mine: make blocks.
#include <memory>

#include "base/endian.h"
#include "base/units.h"
#include "chain/miner/miner.h"
#include "records.h"
#include "writer.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;
using runtime::Task;

/// More is a mistake in typing: `node --mine` goes on for ever.
constexpr std::uint64_t kMostBlocks = 1'000'000;

struct MineOptions {
  std::string count;
  std::optional<std::string> reward_key;
  std::optional<std::string> to;
};

/// Where the reward goes: --to, the key in --reward-key, or DIR/reward.key, which is made if need
/// be.
Result<chain::Address> reward_address(cli::Context& context, const Options& options,
                                      const MineOptions& chosen) {
  if (chosen.to) return chain::Address::parse(*chosen.to);
  const std::string file =
      chosen.reward_key ? *chosen.reward_key : (options.path() / "reward.key").string();
  if (chosen.reward_key) {
    P2P_TRY(const auto key, cli::read_key_file(file));
    return chain::Address::of(key.public_key());
  }
  P2P_TRY(const auto key, cli::read_or_create_key_file(file, context.runtime.random));
  return chain::Address::of(key.public_key());
}

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

Task<Result<ExitStatus>> mine(cli::Context& context, const Options& options,
                              const MineOptions& chosen) {
  P2P_CO_TRY(const std::uint64_t count, parse_number(chosen.count, 1, kMostBlocks));
  auto opened = co_await open_writer(context, options.path(), "mine");
  P2P_CO_TRY(auto writer, std::move(opened));
  if (!writer) co_return fail(node_is_running(options.path()));
  chain::ChainManager& chain = *writer->chain;
  P2P_CO_TRY(const auto reward, reward_address(context, options, chosen));
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
      .text("--reward-key", "FILE", chosen->reward_key, "whose key gets the reward",
            cli::Complete::file)
      .text("--to", "ADDR", chosen->to, "the address that gets the reward")
      .operand("N", chosen->count, "how many blocks")
      .action(cli::networked(
          [&options, chosen](cli::Context& context) { return mine(context, options, *chosen); }));
}

}  // namespace p2p::chaintool
