// Writing to a chain: one process at a time, which the directory's lock sees to.
#pragma once

#include <optional>

#include "chain/manager/chain_manager.h"
#include "chain/store/lock.h"
#include "chain/sync/control.h"
#include "commands.h"

namespace p2p::chaintool {

/// The chain, to change; the lock is held as long as this lives.
struct Writer {
  chain::DirectoryLock lock;
  std::unique_ptr<chain::ChainManager> chain;
};

/// Waits up to ten seconds for another short command to end. Nothing where a node runs, which
/// writes itself and takes blocks and transactions over its socket.
runtime::Task<Result<std::optional<Writer>>> open_writer(cli::Context& context,
                                                         std::filesystem::path dir,
                                                         std::string purpose);

/// Either of the two ways to change a chain.
struct Access {
  std::optional<Writer> writer;              ///< the chain itself
  std::optional<chain::ControlClient> node;  ///< the running node that has it
};
runtime::Task<Result<Access>> open_writer_or_node(cli::Context& context, std::filesystem::path dir,
                                                  std::string purpose);

/// The error for commands that a running node leaves no room for.
Error node_is_running(const std::filesystem::path& dir);

inline std::int64_t now_s(cli::Context& context) {
  return unix_seconds(context.runtime.clock.wall());
}

}  // namespace p2p::chaintool
