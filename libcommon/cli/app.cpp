#include "cli/app.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/system_error.h"
#include "base/units.h"
#include "runtime/deadline.h"
#include "runtime/uv/uv_runtime.h"

namespace p2p::cli {

namespace {

/// How long cleaning up after a signal may take.
constexpr Duration kGrace = std::chrono::seconds(1);

using Outcome = Result<ExitStatus>;

/// Flushes standard output from the loop, after the round of events in which something was printed.
class IdleFlush {
 public:
  IdleFlush(runtime::Clock& clock, Output& out) : out_(out) {
    timer_ = clock.timer([&out] { out.flush(); });
    out.on_pending([this, &clock] { timer_->arm(clock.now()); });
  }
  ~IdleFlush() { out_.on_pending({}); }
  IdleFlush(const IdleFlush&) = delete;
  IdleFlush& operator=(const IdleFlush&) = delete;

 private:
  Output& out_;
  std::unique_ptr<runtime::Timer> timer_;
};

/// The body, with its deadline if it has one. Its outcome goes to `outcome`, since a signal may end
/// the task before there is one.
runtime::Task<int> main_task(Context& context, const NetworkBody& body,
                             std::optional<Duration> timeout, std::optional<Outcome>& outcome) {
  auto task = body(context);
  if (!timeout) {
    outcome.emplace(co_await std::move(task));
    co_return 0;
  }
  const Time at = context.runtime.clock.now() + *timeout;
  auto raced = runtime::before(context.runtime.queue, context.runtime.clock, at, std::move(task));
  auto result = co_await std::move(raced);
  if (result) {
    outcome.emplace(std::move(*result));
  } else {
    outcome.emplace(fail(Code::timeout, "timed out after " + format_duration(*timeout)));
  }
  co_return 0;
}

/// A connection is a descriptor, and the soft limit, mostly 1024, is there for programs that use
/// select(), which takes no more.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// What the event loop takes for itself, which libuv ends the process without, and a few for the
/// tool.
constexpr std::size_t kLeastDescriptors = 12;

Result<void> check_descriptors() {
  std::array<int, kLeastDescriptors> held{};
  int failed = 0;
  for (int& descriptor : held) {
    descriptor = ::open("/", O_PATH | O_CLOEXEC);
    if (descriptor < 0) failed = errno;
  }
  for (const int descriptor : held) {
    if (descriptor >= 0) ::close(descriptor);
  }
  if (failed == 0) return {};
  auto failure = system_failure(failed, "start");
  return fail(std::move(failure).error().with_hint("raise the limit: ulimit -n"));
}

}  // namespace

Action networked(NetworkBody body, const std::optional<Duration>* timeout) {
  return [body = std::move(body), timeout](Console& console) -> Outcome {
    int signal = 0;
    std::optional<Outcome> outcome;
    {
      allow_many_descriptors();
      P2P_CHECK(check_descriptors());
      runtime::UvOptions options;
      options.grace = kGrace;
      runtime::UvRuntime world(options);
      Context context{world.runtime(), console, world.input()};
      IdleFlush flush(context.runtime.clock, console.out());
      const auto limit = timeout != nullptr ? *timeout : std::nullopt;
      signal = world.run(main_task(context, body, limit, outcome)).signal;
    }
    if (signal == 0) return std::move(*outcome);
    console.out().flush();
    end_by_signal(signal);
  };
}

}  // namespace p2p::cli
