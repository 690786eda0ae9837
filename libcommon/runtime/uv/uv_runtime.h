// The real world: one libuv loop, its ready queue, sockets, timers, workers and standard input.
//
//     UvRuntime world;
//     auto outcome = world.run(main_task(world.runtime(), …));
//
// Nothing of libuv shows in this header. Everything but `run` belongs to the thread that
// constructed it; a process needs one only, though nothing here is global but signal dispositions.
#pragma once

#include <memory>
#include <optional>

#include "runtime/runtime.h"
#include "runtime/stdio.h"

namespace p2p::runtime {

struct UvOptions {
  UvOptions() {}  // a constructor, so that a temporary in a co_await expression is safe in g++ 12
  std::optional<Endpoint> dns_server;  ///< asked instead of those of /etc/resolv.conf
  unsigned worker_threads = 0;         ///< 0: one a processor, at least two
  int input_descriptor = 0;            ///< what input() reads
  bool handle_signals = true;          ///< SIGINT, SIGTERM and SIGHUP end run()
  /// From a signal on, for run() to return and all to be cleaned up. After it the system sends the
  /// signal again, which ends the process, whatever it is doing or stuck in: in a write to a pipe
  /// that nobody reads, say. Without it there is no such bound.
  std::optional<Duration> grace;
};

class UvRuntime {
 public:
  /// Ignores SIGPIPE. Descriptors 0 to 2 must be open, or a socket becomes standard output: cli/
  /// sees to that in every tool.
  explicit UvRuntime(UvOptions options = UvOptions());
  /// Closes every handle, waits for begun jobs, and gives what was written to sockets half a second
  /// to leave. Tasks that use this world must be gone.
  ~UvRuntime();
  UvRuntime(const UvRuntime&) = delete;
  UvRuntime& operator=(const UvRuntime&) = delete;

  Runtime runtime();
  Input& input();

  struct Outcome {
    int status = 0;  ///< what `main` returned
    int signal =
        0;  ///< else the signal that ended it, for the caller to raise again after cleaning up
  };
  /// Runs the loop until `main` ends or a signal arrives; then `main` is destroyed, and with it all
  /// it owns. A second signal has its default effect at once. A signal that was ignored when the
  /// program started (nohup, a shell's background job) stays ignored. May be called again.
  Outcome run(Task<int> main);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::runtime
