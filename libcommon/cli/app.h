// Tools that use the network: the action runs as a coroutine on the real runtime.
//
//     command.action(cli::networked([&options](cli::Context& context) {
//       return probe(context, options);           // Task<Result<ExitStatus>> probe(Context&, const
//       Options&)
//     }));
//
// SIGINT and SIGTERM destroy that task (destructors close what is open), leave at most a second for
// it, and then end the process by the same signal; a second one ends it at once. SIGPIPE is
// ignored: a broken socket is an ordinary error (a broken stdout is not, see cli/console.h).
// Standard output is flushed whenever the loop has nothing else to do.
#pragma once

#include <functional>
#include <optional>

#include "cli/command.h"
#include "cli/console.h"
#include "runtime/runtime.h"
#include "runtime/stdio.h"

namespace p2p::cli {

struct Context {
  runtime::Runtime runtime;
  Console& console;
  runtime::Input& input;  ///< standard input; nothing is read before the first call of read
};

using NetworkBody = std::function<runtime::Task<Result<ExitStatus>>(Context&)>;

/// `timeout`, read when the action starts, bounds the whole action: when it expires first, the task
/// is destroyed and the tool says so and ends with 124. It must outlive the action; nullptr or an
/// empty one sets no bound.
Action networked(NetworkBody body, const std::optional<Duration>* timeout = nullptr);

}  // namespace p2p::cli
