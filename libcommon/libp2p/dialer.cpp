#include <algorithm>

#include "libp2p/host_impl.h"
#include "runtime/deadline.h"

namespace p2p::libp2p {

namespace {

/// For one TCP connect: a host that drops our SYN must not use up the time of the addresses behind.
constexpr Duration kConnectPatience = std::chrono::seconds(5);

/// An address that has not answered by then gets company: RFC 8305's "Connection Attempt Delay",
/// and what go-libp2p's dial ranking gives TCP.
constexpr Duration kStagger = std::chrono::milliseconds(250);

/// Whatever way an attempt ends, its link is no longer traced, and left only to who keeps it.
class Attempt {
 public:
  Attempt(std::shared_ptr<Link> link, DialTrace& trace) : link_(std::move(link)) {
    link_->trace(&trace);
  }
  ~Attempt() {
    if (!link_) return;
    link_->trace(nullptr);
    link_->close();
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  std::shared_ptr<Link> keep() {
    link_->trace(nullptr);
    return std::move(link_);
  }

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

/// The /p2p id that the addresses share, if they name one.
Result<std::optional<PeerId>> peer_of(const std::vector<Multiaddr>& addrs) {
  if (addrs.empty()) return fail(Code::invalid_argument, "there is no address to dial");
  const auto peer = addrs.front().peer();
  for (const Multiaddr& addr : addrs) {
    if (addr.peer() != peer) {
      return fail(Code::invalid_argument, "dial", addr.text(), "the addresses name several peers");
    }
  }
  return peer;
}

}  // namespace

/// Addresses of one peer, tried against each other (RFC 8305, "happy eyeballs"): another one each
/// kStagger, or at once where one has failed, families in turn; who stands first, wins.
struct Host::Impl::DialRace {
  struct Found {
    Target target;
    Duration took;  // to resolve
  };
  struct Try {
    std::string addr;
    DialTrace trace;
    std::optional<Error> failed;
  };

  DialRace(runtime::Runtime rt, std::size_t addrs)
      : began(rt.clock.now()), next_at(began), resolving(addrs), tasks(rt.queue) {}

  /// The next to be tried: of the other family than the last, where there is one.
  Found take() {
    auto next = std::ranges::find_if(waiting, [this](const Found& found) {
      return last_v6 && found.target.endpoint.ip.v6 != *last_v6;
    });
    if (next == waiting.end()) next = waiting.begin();
    Found taken = std::move(*next);
    waiting.erase(next);
    last_v6 = taken.target.endpoint.ip.v6;
    return taken;
  }
  /// The one that came furthest, for the trace and for what the error is called; none where none
  /// began.
  const Try* furthest() const {
    const Try* best = winning;
    if (best) return best;
    for (const Try& each : tries) {
      if (best == nullptr || best->trace.phase < each.trace.phase) best = &each;
    }
    return best;
  }
  void fail(std::string addr, DialTrace trace, Error why) {
    tries.push_back(Try{std::move(addr), std::move(trace), std::move(why)});
  }

  Time began;
  Time next_at;                              // when another may start beside those under way
  std::vector<runtime::Endpoint> endpoints;  // all that were found
  std::deque<Found> waiting;
  std::list<Try> tries;  // in the order in which they began
  std::size_t resolving;
  std::size_t running = 0;
  std::optional<bool> last_v6;
  std::shared_ptr<Link> winner;
  const Try* winning = nullptr;
  runtime::WaitList changed;
  runtime::TaskGroup tasks;
};

Task<Result<PeerId>> Host::Impl::connect(std::shared_ptr<Impl> self, std::vector<Multiaddr> addrs,
                                         DialTrace* trace) {
  P2P_CO_TRY(const auto peer, peer_of(addrs));
  if (!peer) {
    auto any = dial(self, std::move(addrs), trace);
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
  auto dialed = dial(self, std::move(addrs), trace);
  co_return co_await std::move(dialed);
}

Task<Result<PeerId>> Host::Impl::dial(std::shared_ptr<Impl> self, std::vector<Multiaddr> addrs,
                                      DialTrace* trace) {
  P2P_CO_CHECK(peer_of(addrs));
  const std::string name = addrs.front().text();
  DialRace race(self->rt, addrs.size());
  // Told on every way out, also when the dial is given up.
  Finally tell([&race, trace] {
    const auto* furthest = race.furthest();
    if (trace && furthest) *trace = furthest->trace;
  });
  if (trace) trace->phase = Phase::resolve;
  for (Multiaddr& addr : addrs) race.tasks.spawn(find_targets(self, race, std::move(addr)));
  const auto due = self->rt.clock.timer([&race] { race.changed.wake_all(); });
  while (!race.winner && (race.running + race.resolving > 0 || !race.waiting.empty())) {
    if (!race.waiting.empty() && (race.running == 0 || self->rt.clock.now() >= race.next_at)) {
      DialRace::Found found = race.take();
      race.next_at = self->rt.clock.now() + kStagger;
      ++race.running;
      race.tasks.spawn(try_target(self, race, std::move(found.target), found.took));
      continue;
    }
    due->arm(race.waiting.empty() ? kNever : race.next_at);
    co_await race.changed.wait();
  }
  race.tasks.cancel();
  if (race.winner) co_return race.winner->connection().remote();

  Error error = *race.furthest()->failed;
  if (race.tries.size() == 1) {
    const bool resolved = race.furthest()->trace.phase > Phase::resolve;
    co_return fail(hinted(std::move(error)).during(resolved ? "dial" : "resolve", name));
  }
  std::string why = "none of " + std::to_string(race.tries.size()) + " addresses answers";
  for (const auto& each : race.tries) {
    why += (&each == &race.tries.front() ? ": " : "; ") + each.addr + ": " + each.failed->message();
  }
  co_return fail(error.code, "dial", name, std::move(why));
}

Task<void> Host::Impl::find_targets(std::shared_ptr<Impl> self, DialRace& race, Multiaddr addr) {
  const std::string name = addr.text();
  auto resolving = resolve(self->rt.net.resolver(), std::move(addr));
  auto targets = co_await std::move(resolving);
  const Duration took = self->rt.clock.now() - race.began;
  --race.resolving;
  if (!targets) race.fail(name, DialTrace(), std::move(targets).error());
  // A peer's addresses are known by several names.
  const auto known = [&race](const Target& target) {
    return std::ranges::any_of(race.endpoints, [&](const runtime::Endpoint& endpoint) {
      return endpoint == target.endpoint;
    });
  };
  if (targets) {
    for (Target& target : *targets) {
      if (race.endpoints.size() == kMaxTargets) break;
      if (known(target)) continue;
      race.endpoints.push_back(target.endpoint);
      race.waiting.push_back(DialRace::Found{std::move(target), took});
    }
  }
  race.changed.wake_all();
}

Task<void> Host::Impl::try_target(std::shared_ptr<Impl> self, DialRace& race, Target target,
                                  Duration resolved_in) {
  DialRace::Try& own = race.tries.emplace_back();
  own.addr = own.trace.address = target.addr.text();
  own.trace.took[Phase::resolve] = resolved_in;
  auto dialing = dial_target(self, std::move(target), own.trace);
  auto link = co_await std::move(dialing);
  --race.running;
  race.changed.wake_all();
  if (!link) {
    own.failed = std::move(link).error();
    race.next_at = self->rt.clock.now();
  } else if (!race.winner) {
    race.winner = std::move(*link);
    race.winning = &own;
  } else {
    (*link)->close();
  }
}

Task<Result<std::shared_ptr<Link>>> Host::Impl::dial_target(std::shared_ptr<Impl> self,
                                                            Target target, DialTrace& trace) {
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
  co_return attempt.keep();
}

}  // namespace p2p::libp2p
