#include "libp2p/host_impl.h"
#include "runtime/deadline.h"

namespace p2p::libp2p {

namespace {

/// For one TCP connect: a host that drops our SYN must not use up the time of the addresses behind.
constexpr Duration kConnectPatience = std::chrono::seconds(5);

/// Whatever way the dial ends, its link is no longer traced, and not left half open.
class Attempt {
 public:
  Attempt(std::shared_ptr<Link> link, DialTrace& trace) : link_(std::move(link)) {
    link_->trace(&trace);
  }
  ~Attempt() {
    link_->trace(nullptr);
    if (!link_->established()) link_->end(Error(Code::cancelled, "the dial was given up"));
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

 private:
  std::shared_ptr<Link> link_;
};

/// Undoes on the way out, also when the dialing task is destroyed.
template <class F>
class Finally {
 public:
  explicit Finally(F undo) : undo_(std::move(undo)) {}
  ~Finally() { undo_(); }
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;

 private:
  F undo_;
};

Error closed_host() { return Error(Code::cancelled, "the host has taken its leave"); }

Error hinted(Error error) {
  switch (error.code) {
    case Code::refused:
      return std::move(error).with_hint("nothing listens at that address and port");
    case Code::mismatch:
      return std::move(error).with_hint("use the /p2p id the peer shows, if you trust it");
    default:
      return error;
  }
}

}  // namespace

Task<Result<PeerId>> Host::Impl::connect(std::shared_ptr<Impl> self, Multiaddr to,
                                         DialTrace* trace) {
  const auto peer = to.peer();
  if (!peer) {
    auto any = dial(self, std::move(to), trace);
    co_return co_await std::move(any);
  }
  // Two tasks that want the same peer share one connection.
  while (self->dialing.contains(*peer) && !self->connected(*peer)) {
    co_await self->dial_finished.wait();
  }
  if (self->connected(*peer)) {
    if (trace) trace->phase = Phase::done;
    co_return *peer;
  }
  self->dialing.insert(*peer);
  Finally mark([&self, &peer] {
    self->dialing.erase(*peer);
    self->dial_finished.wake_all();
  });
  auto dialed = dial(self, std::move(to), trace);
  co_return co_await std::move(dialed);
}

Task<Result<PeerId>> Host::Impl::dial(std::shared_ptr<Impl> self, Multiaddr to, DialTrace* trace) {
  DialTrace unseen;
  DialTrace& seen = trace ? *trace : unseen;
  seen.phase = Phase::resolve;
  const Time began = self->rt.clock.now();
  auto resolving = resolve(self->rt.net.resolver(), to);
  auto targets = co_await std::move(resolving);
  if (!targets) co_return fail(std::move(targets).error().during("resolve", to.text()));
  seen.took[Phase::resolve] = self->rt.clock.now() - began;

  std::optional<Error> failed;
  for (const Target& target : *targets) {
    auto attempt = dial_target(self, target, seen);
    auto peer = co_await std::move(attempt);
    if (peer) co_return peer;
    Error error = std::move(peer).error();
    if (targets->size() == 1) {
      co_return fail(hinted(std::move(error)).during("dial", to.text()));
    }
    const std::string line = target.addr.text() + ": " + error.message();
    if (!failed) {
      failed.emplace(error.code,
                     "none of " + std::to_string(targets->size()) + " addresses answers: " + line);
    } else {
      failed->why += "; " + line;
    }
  }
  co_return fail(std::move(*failed).during("dial", to.text()));
}

Task<Result<PeerId>> Host::Impl::dial_target(std::shared_ptr<Impl> self, Target target,
                                             DialTrace& trace) {
  trace.phase = Phase::dial;
  if (target.peer == self->id) co_return fail(Code::invalid_argument, "that is our own peer id");
  if (target.peer && self->banned.contains(*target.peer)) {
    co_return fail(Code::permission, "the peer is banned");
  }
  while (self->pending_outbound >= self->config.limits.pending_outbound && !self->closing) {
    co_await self->dial_finished.wait();
  }
  if (self->closing) co_return fail(closed_host());
  if (self->established() >= self->config.limits.connections) {
    co_return fail(Code::limit,
                   "there are " + std::to_string(self->established()) + " connections already");
  }
  ++self->pending_outbound;
  Finally pending([&self] {
    --self->pending_outbound;
    self->dial_finished.wake_all();
  });

  runtime::Clock& clock = self->rt.clock;
  const Time began = clock.now();
  auto connecting = self->rt.net.connect(target.endpoint);
  auto bounded =
      runtime::before(self->rt.queue, clock, began + kConnectPatience, std::move(connecting));
  auto tcp = co_await std::move(bounded);
  if (!tcp) co_return fail(Code::timeout, "no answer to TCP connect within 5 s");
  if (!*tcp) co_return fail(std::move(*tcp).error());
  if (self->closing) co_return fail(closed_host());
  trace.took[Phase::dial] = clock.now() - began;
  trace.phase = Phase::negotiate;

  auto link =
      self->start_link(std::move(**tcp), Connection::Role::dialer, target.peer, target.addr);
  Attempt attempt(link, trace);
  while (!link->ended() && !link->established()) co_await link->changed().wait();
  if (link->ended()) co_return fail(*link->ended());
  co_return link->connection().remote();
}

}  // namespace p2p::libp2p
