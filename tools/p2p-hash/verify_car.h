// --verify of CARs: whether each is whole, and every block in it what its CID says.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/exit_status.h"
#include "files/file.h"
#include "options.h"

namespace p2p::hash {

/// `first` is the first of `names`, as it was opened. One line or verdict a file, "-" being
/// standard input, and for those that are not whole why, on stderr. What cannot be read, or is no
/// CAR, is not whole either. An error is returned only where there is no answer: a temporary file
/// could not be written.
Result<cli::ExitStatus> verify_cars(cli::Console& console, const Options& options,
                                    const std::vector<std::string>& names,
                                    Result<files::File> first);

}  // namespace p2p::hash
