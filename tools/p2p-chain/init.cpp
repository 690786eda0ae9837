// init: make a chain.
#include <charconv>
#include <memory>

#include "base/units.h"
#include "chain/store/lock.h"
#include "chain/store/store.h"
#include "commands.h"
#include "records.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;

Result<void> parse_bits(std::string_view text, std::uint32_t& bits) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  if (text.size() != 8 || error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::invalid_argument, "it has eight hex digits, as 1e100000");
  }
  return {};
}

Result<ExitStatus> init(cli::Console& console, const Options& options,
                        const chain::ChainSpec& spec) {
  P2P_TRY(const auto params, chain::ChainParams::from_spec(spec));
  P2P_CHECK(chain::make_directory(options.path()));
  P2P_TRY(const auto lock, chain::DirectoryLock::try_acquire(options.path(), "init"));
  if (!lock) {
    return fail(Code::already_exists, "make a chain in", options.dir,
                "another process uses it: " + chain::DirectoryLock::holder(options.path()));
  }
  P2P_TRY(const auto store, chain::Store::create(options.path(), params));
  P2P_TRY(const auto tip, store.tip());
  console.print(tip_record(params, tip));
  return ExitStatus::yes;
}

}  // namespace

void add_init(cli::Command& tool, const Options& options) {
  auto spec = std::make_shared<chain::ChainSpec>();
  auto& command = tool.subcommand("init", "make a chain");
  command.usage("p2p-chain [--dir DIR] init --name NAME [OPTION]...")
      .describe(
          "Makes a chain that holds its first block alone, and prints that. The first block "
          "follows "
          "from the parameters: the same parameters are the same chain on every machine.")
      .text("--name", "NAME", spec->name, "the chain's name")
      .option(
          "--spacing", "D", format_duration(std::chrono::seconds(spec->spacing_s)),
          [spec](std::string_view text) -> Result<void> {
            P2P_TRY(const Duration d, parse_duration(text));
            if (d.count() % 1'000'000 != 0) {
              return fail(Code::invalid_argument, "whole seconds are needed");
            }
            spec->spacing_s = static_cast<std::uint64_t>(d.count()) / 1'000'000;
            return {};
          },
          "time aimed at between two blocks")
      .number("--window", "N", spec->window, {2, 1'000'000}, "blocks between retargets")
      .option(
          "--bits", "HEX", "1e100000",
          [spec](std::string_view text) { return parse_bits(text, spec->bits); },
          "first and easiest target, in compact form")
      .number("--reward", "N", spec->reward, {}, "coins made by each block, in the smallest unit")
      .number("--halving", "N", spec->halving, {1, UINT32_MAX}, "blocks until the reward halves")
      .option(
          "--time", "S", std::to_string(spec->time),
          [spec](std::string_view text) -> Result<void> {
            P2P_TRY(const auto value, parse_number(text, 0, UINT32_MAX));
            spec->time = static_cast<std::uint32_t>(value);
            return {};
          },
          "the first block's time, in seconds since 1970")
      .example("p2p-chain --dir ci init --name ci --spacing 1s --window 50",
               "a chain with quick blocks, for tests")
      .action([&options, spec](cli::Console& console) -> Result<ExitStatus> {
        if (spec->name.empty()) {
          return fail(Error(Code::invalid_argument, "a chain needs a name")
                          .with_hint("p2p-chain --dir DIR init --name NAME"));
        }
        return init(console, options, *spec);
      });
}

}  // namespace p2p::chaintool
