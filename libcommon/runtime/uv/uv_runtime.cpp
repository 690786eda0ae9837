#include "runtime/uv/uv_runtime.h"

#include <signal.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include "runtime/uv/input.h"
#include "runtime/uv/loop.h"
#include "runtime/uv/resolver.h"
#include "runtime/uv/stream.h"
#include "runtime/uv/udp.h"
#include "runtime/uv/workers.h"

namespace p2p::runtime {

namespace {

/// What a closed stream's last bytes get at the end of the program, of the second in which a tool
/// ends; and how often it is looked whether they have arrived.
constexpr Duration kFarewell = std::chrono::milliseconds(500);
constexpr Duration kLook = std::chrono::milliseconds(5);

class UvNet final : public Net {
 public:
  UvNet(uv::Loop& loop, std::optional<Endpoint> dns) : loop_(loop), resolver_(loop, dns) {}

  Task<Result<std::unique_ptr<TcpStream>>> connect(Endpoint to) override {
    return uv::connect_tcp(loop_, to);
  }
  Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at) override {
    return uv::listen_tcp(loop_, at);
  }
  Result<std::unique_ptr<UdpSocket>> udp(const Endpoint& at, const UdpOptions& options) override {
    return uv::open_udp(loop_, at, options);
  }
  Result<std::vector<Interface>> interfaces() override { return uv::list_interfaces(); }
  Resolver& resolver() override { return resolver_; }
  Result<std::unique_ptr<TcpListener>> listen_local(const std::string& path) override {
    return uv::listen_local(loop_, path);
  }
  Task<Result<std::unique_ptr<TcpStream>>> connect_local(std::string path) override {
    return uv::connect_local(loop_, std::move(path));
  }

 private:
  uv::Loop& loop_;
  uv::UvResolver resolver_;
};

/// What a signal's handler does before libuv's: the process's, as dispositions are.
struct Bound {
  std::atomic<void (*)(int)> next = nullptr;  ///< libuv's handler
  timer_t again{};
  itimerspec grace{};
};

std::array<Bound, NSIG> bounds;

/// libuv's handler leaves word for the loop, which may be stuck and never read it.
void bound_and_pass_on(int number) {
  const int before = errno;
  const Bound& bound = bounds[static_cast<std::size_t>(number)];
  ::timer_settime(bound.again, 0, &bound.grace, nullptr);
  bound.next.load()(number);
  errno = before;
}

class SignalWatch final : public uv::HandleState {
 public:
  SignalWatch(uv::Loop& owner, int& caught) : HandleState(owner), caught_(caught) {}
  void start(int number, std::optional<Duration> grace) {
    if (uv_signal_init(loop.raw(), &signal_) != 0) return;
    opened(reinterpret_cast<uv_handle_t*>(&signal_));
    uv_signal_start_oneshot(
        &signal_,
        [](uv_signal_t* handle, int caught) {
          auto& self = static_cast<SignalWatch&>(*static_cast<HandleState*>(handle->data));
          if (self.caught_ == 0) self.caught_ = caught;
        },
        number);
    if (grace) limit(number, *grace);
  }
  void stop() {
    // A caught signal's timer is for what comes now.
    if (bounded_ && caught_ == 0) ::timer_delete(bounded_->again);
    close_handle();
  }

 private:
  void limit(int number, Duration grace) {
    Bound& bound = bounds[static_cast<std::size_t>(number)];
    sigevent again{};
    again.sigev_notify = SIGEV_SIGNAL;
    again.sigev_signo = number;
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) != 0 ||
        ::timer_create(CLOCK_MONOTONIC, &again, &bound.again) != 0) {
      return;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(grace);
    bound.grace.it_value.tv_sec = seconds.count();
    bound.grace.it_value.tv_nsec = std::chrono::nanoseconds(grace - seconds).count();
    bound.next = action.sa_handler;
    action.sa_handler = bound_and_pass_on;  // once, as libuv's: SA_RESETHAND is among its flags
    if (::sigaction(number, &action, nullptr) == 0) bounded_ = &bound;
  }

  uv_signal_t signal_;
  int& caught_;
  Bound* bounded_ = nullptr;
};

bool is_ignored(int number) {
  struct sigaction now{};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// Turns signals into a number while it lives; each has its default effect from its second time on.
class Signals {
 public:
  Signals(uv::Loop& loop, bool wanted, std::optional<Duration> grace) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      if (!wanted || is_ignored(number)) continue;
      watches_.push_back(std::make_shared<SignalWatch>(loop, caught));
      watches_.back()->start(number, grace);
    }
  }
  ~Signals() {
    for (const auto& watch : watches_) watch->stop();
  }
  int caught = 0;

 private:
  std::vector<std::shared_ptr<SignalWatch>> watches_;
};

Task<void> store(std::optional<int>& status, Task<int> main) {
  const int result = co_await std::move(main);
  status = result;
}

}  // namespace

struct UvRuntime::Impl {
  explicit Impl(const UvOptions& options)
      : random(crypto::system_random()),
        net(loop, options.dns_server),
        workers(loop, options.worker_threads),
        input(loop, options.input_descriptor),
        handle_signals(options.handle_signals),
        grace(options.grace) {}

  uv::Loop loop;
  std::unique_ptr<crypto::Random> random;
  UvNet net;
  uv::UvWorkers workers;
  uv::UvInput input;
  bool handle_signals;
  std::optional<Duration> grace;
};

UvRuntime::UvRuntime(UvOptions options) {
  std::signal(SIGPIPE, SIG_IGN);  // libuv writes without MSG_NOSIGNAL: a peer's reset would end us
  impl_ = std::make_unique<Impl>(options);
}

UvRuntime::~UvRuntime() {
  auto& loop = impl_->loop;
  const Time end = loop.clock.now() + kFarewell;
  std::unique_ptr<Timer> look;
  look = loop.clock.timer([&] {
    loop.hurry();
    look->arm(loop.clock.now() + kLook);
  });
  look->arm(loop.clock.now());
  loop.run([&] { return loop.lingering == 0 || loop.clock.now() >= end; });
}

Runtime UvRuntime::runtime() {
  return Runtime{impl_->loop.queue, impl_->loop.clock, *impl_->random, impl_->net, impl_->workers};
}

Input& UvRuntime::input() { return impl_->input; }

UvRuntime::Outcome UvRuntime::run(Task<int> main) {
  Outcome outcome;
  std::optional<int> status;
  Signals signals(impl_->loop, impl_->handle_signals, impl_->grace);
  {
    TaskGroup group(impl_->loop.queue);
    group.spawn(store(status, std::move(main)));
    impl_->loop.run([&] { return status.has_value() || signals.caught != 0; });
  }
  if (status) {
    outcome.status = *status;
  } else {
    outcome.signal = signals.caught;
  }
  return outcome;
}

}  // namespace p2p::runtime
