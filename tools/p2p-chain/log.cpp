// log: the chain's blocks, tip first.
#include <algorithm>
#include <memory>

#include "chain/store/store.h"
#include "commands.h"
#include "graph.h"
#include "record/writer.h"
#include "records.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;

struct LogOptions {
  bool graph = false;
  std::optional<std::uint64_t> count;
};

Result<void> print_block(cli::Console& console, const chain::Store& store,
                         const chain::StoredHeader& header, const std::string& prefix) {
  P2P_TRY(const auto raw, store.block(header.id));
  const auto record = block_record(header, raw);
  if (console.format() == cli::Format::text) console.out().write(prefix);
  console.print(record);
  return {};
}

Result<void> print_active(cli::Console& console, const chain::Store& store, std::uint64_t count) {
  P2P_TRY(const auto tip, store.tip());
  for (std::uint64_t i = 0; i < count && i <= tip.height; ++i) {
    P2P_TRY(const auto header, store.active_at(tip.height - static_cast<std::uint32_t>(i)));
    if (!header) return fail(Code::corrupt, "a height of the chain has no block");
    P2P_CHECK(print_block(console, store, *header, ""));
  }
  return {};
}

/// Children before parents: by height, and the active branch first.
Result<void> print_graph(cli::Console& console, const chain::Store& store, std::uint64_t count) {
  std::vector<chain::StoredHeader> headers;
  P2P_CHECK(store.each_header([&](const chain::StoredHeader& header) -> Result<void> {
    headers.push_back(header);
    return {};
  }));
  std::ranges::stable_sort(headers, [](const auto& a, const auto& b) {
    return a.height != b.height ? a.height > b.height : a.active && !b.active;
  });
  Graph graph;
  for (std::size_t i = 0; i < headers.size() && i < count; ++i) {
    const chain::StoredHeader& header = headers[i];
    const auto rows = graph.add(header.id, header.height == 0 ? nullptr : &header.header.prev);
    if (console.format() == cli::Format::text) {
      for (const std::string& row : rows.before) console.out().write(row + "\n");
    }
    P2P_CHECK(print_block(console, store, header, rows.prefix));
  }
  return {};
}

Result<ExitStatus> print_log(cli::Console& console, const Options& options,
                             const LogOptions& chosen) {
  P2P_TRY(auto store, chain::Store::open(options.path()));
  P2P_TRY(const auto snapshot, store.snapshot());
  const std::uint64_t count = chosen.count.value_or(UINT64_MAX);
  P2P_CHECK(chosen.graph ? print_graph(console, store, count)
                         : print_active(console, store, count));
  return ExitStatus::yes;
}

}  // namespace

void add_log(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<LogOptions>();
  auto& command = tool.subcommand("log", "print the blocks, tip first");
  command.usage("p2p-chain [--dir DIR] log [--graph] [--count N]")
      .describe(
          "Prints one block a line: id, height, time, transactions, and the address that mined it.")
      .flag("--graph", chosen->graph, "side branches too, drawn like git log --graph")
      .number("--count", "N", chosen->count, {1, UINT64_MAX}, "at most so many blocks")
      .example("p2p-chain log --json | jq -r .height", "the heights")
      .action([&options, chosen](cli::Console& console) {
        return print_log(console, options, *chosen);
      });
}

}  // namespace p2p::chaintool
