// tip: where the chain stands.
#include "chain/store/store.h"
#include "commands.h"
#include "records.h"

namespace p2p::chaintool {

void add_tip(cli::Command& tool, const Options& options) {
  auto& command = tool.subcommand("tip", "print where the chain stands");
  command.usage("p2p-chain [--dir DIR] tip")
      .describe("Prints the last block's id, its height, and the work of the whole chain.")
      .action([&options](cli::Console& console) -> Result<cli::ExitStatus> {
        P2P_TRY(auto store, chain::Store::open(options.path()));
        P2P_TRY(const auto tip, store.tip());
        console.print(tip_record(store.params(), tip));
        return cli::ExitStatus::yes;
      });
}

}  // namespace p2p::chaintool
