// export: the chain's blocks as a CBOR Sequence.
#include "chain/store/store.h"
#include "commands.h"

namespace p2p::chaintool {

namespace {

Result<cli::ExitStatus> write_blocks(cli::Console& console, const Options& options) {
  P2P_TRY(auto store, chain::Store::open(options.path()));
  P2P_TRY(const auto snapshot, store.snapshot());
  P2P_TRY(const auto tip, store.tip());
  for (std::uint64_t height = 0; height <= tip.height; ++height) {
    P2P_TRY(const auto header, store.active_at(static_cast<std::uint32_t>(height)));
    if (!header) return fail(Code::corrupt, "a height of the chain has no block");
    P2P_TRY(const auto raw, store.block(header->id));
    if (!raw) return fail(Code::corrupt, "a block of the chain is missing");
    console.out().write(*raw);
  }
  return cli::ExitStatus::yes;
}

}  // namespace

void add_export(cli::Command& tool, const Options& options) {
  auto& command = tool.subcommand("export", "write the blocks to standard output");
  command.usage("p2p-chain [--dir DIR] export")
      .describe(
          "Writes the chain's blocks, genesis first, as a CBOR Sequence (RFC 8742), which apply "
          "takes.")
      .example("p2p-chain --dir a export | p2p-chain --dir b apply", "copy a chain")
      .action([&options](cli::Console& console) { return write_blocks(console, options); });
}

}  // namespace p2p::chaintool
