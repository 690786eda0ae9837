// --verify of a torrent: whether what is on disk is what the torrent names.
#pragma once

#include <string>

#include "base/bytes.h"
#include "cli/console.h"
#include "cli/exit_status.h"
#include "options.h"

namespace p2p::hash {

/// `torrent` is the metainfo file `name`; `path` holds the content, or the folder that it is in.
/// Prints a verdict for each file that is not as it should be, then one for the whole.
Result<cli::ExitStatus> verify_torrent(cli::Console& console, const Options& options,
                                       const std::string& name, ByteView torrent,
                                       const std::string& path);

}  // namespace p2p::hash
