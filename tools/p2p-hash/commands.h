// What p2p-hash does, one of three: print checksums, check them, or print CIDs. Each goes on after
// a file that it cannot read, and answers no at the end.
#pragma once

#include "cli/console.h"
#include "cli/exit_status.h"
#include "options.h"

namespace p2p::hash {

cli::ExitStatus print_checksums(cli::Console& console, const Options& options);
cli::ExitStatus check_checksums(cli::Console& console, const Options& options);
Result<cli::ExitStatus> print_cids(cli::Console& console, const Options& options);

}  // namespace p2p::hash
