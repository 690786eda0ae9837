// TCP as a fabric of two sides: bytes in order, a window, retransmission as delay, resets. What it
// does not model: congestion, checksums, simultaneous open, TIME-WAIT.
#include <algorithm>

#include "runtime/sim/state.h"

namespace p2p::runtime::sim {

namespace {

/// A read returns at most this much, like the real one.
constexpr std::size_t kReadBuffer = 64 * 1024;
/// A write waits while more than this has not left, like the real one.
constexpr std::size_t kWriteBuffer = 256 * 1024;
/// Sent and not yet read by the other program: its socket's buffer.
constexpr std::size_t kWindow = 256 * 1024;
/// Connections that wait for accept; Linux drops the SYNs of more.
constexpr std::size_t kBacklog = 4096;

/// Linux: a first retransmission after 200 ms at least, then doubling.
constexpr Duration kFirstRetry = std::chrono::milliseconds(200);
constexpr Duration kMostRetry = std::chrono::seconds(10);
/// Unacknowledged for so long, a connection is given up. Linux waits for 15 minutes; the tests'
/// clock is free, but their patience in events is not.
constexpr Duration kGiveUp = std::chrono::seconds(60);

/// A side closed in order reads on for so long and drops what comes, like the real one.
constexpr Duration kLinger = std::chrono::seconds(5);

/// SYNs: 1, 2, 4, 8, 16 s apart, then given up after 63 s (Linux: six retries, 127 s).
constexpr Duration kSynRetry = std::chrono::seconds(1);
constexpr int kSynRetries = 5;

/// Descriptors have run out: as the real listener, which tries again after a pause.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

struct Segment {
  enum class Kind { data, fin, established };
  Kind kind = Kind::data;
  Bytes bytes;
  Time due;
};

}  // namespace

struct Side : std::enable_shared_from_this<Side> {
  Side(HostState& on, std::uint64_t number) : host(on), world(on.world), id(number) {}

  static std::shared_ptr<Side> make(HostState& host) {
    auto side = std::make_shared<Side>(host, ++host.world.ids);
    host.sides.emplace(side->id, side);
    return side;
  }

  static Task<Result<ByteView>> read(std::shared_ptr<Side> self);
  static Task<Result<void>> write(std::shared_ptr<Side> self, Bytes data);
  void shutdown();
  void close(bool reset);
  void crash();

  void send(Segment segment);
  void pump();
  void launch(Segment segment);
  void schedule(Duration delay);
  void on_arrival();
  void retry();
  bool deliver(Segment segment, Side& to);
  void discard_inbox();
  void reset_peer();
  void fail_with(Code code);
  void forget_if_done();
  void take_socket() {
    ++host.sockets;
    holds_socket = true;
  }
  void release_socket() {
    if (std::exchange(holds_socket, false)) --host.sockets;
  }
  std::unexpected<Error> failure(const char* doing) const;

  HostState& host;
  WorldState& world;
  const std::uint64_t id;
  Endpoint local;
  Endpoint remote;
  HostState* peer_host = nullptr;
  std::weak_ptr<Side> peer;

  bool established = false;
  bool closed = false;     // by our program
  bool lingering = false;  // closed, but not yet gone
  bool shut = false;
  bool eof = false;  // the peer's FIN has come
  bool holds_socket = false;
  std::optional<Code> error;

  std::deque<Bytes> inbox;
  Bytes current;

  std::deque<Segment> outbox;  // written, held back by the window
  std::size_t unsent = 0;
  std::deque<Segment> flight;  // on its way, or lost and to be sent again
  std::size_t in_flight = 0;   // bytes sent and not yet read
  bool scheduled = false;
  Time last_due{};
  Duration retry_after = kFirstRetry;
  std::optional<Time> stuck_since;

  WaitList readable;
  WaitList writable;
};

struct Listener {
  explicit Listener(HostState& on) : host(on) {}

  static Task<Result<std::unique_ptr<TcpStream>>> accept(std::shared_ptr<Listener> self);
  void close();

  HostState& host;
  Endpoint local;
  std::string path;
  std::deque<std::shared_ptr<Side>> queue;
  bool closed = false;
  WaitList changed;
};

std::unexpected<Error> Side::failure(const char* doing) const {
  const auto on = remote.port != 0 ? remote.text() : std::string();
  if (closed) return fail(Code::closed, doing, on, "the connection is closed");
  switch (error.value_or(Code::io)) {
    case Code::reset:
      return fail(Code::reset, doing, on, "connection reset by peer");
    case Code::timeout:
      return fail(Code::timeout, doing, on, "connection timed out");
    case Code::refused:
      return fail(Code::refused, doing, on, "connection refused");
    case Code::unreachable:
      return fail(Code::unreachable, doing, on, "no route to host");
    default:
      return fail(Code::io, doing, on, "i/o error");
  }
}

Task<Result<ByteView>> Side::read(std::shared_ptr<Side> self) {
  while (true) {
    if (self->closed) co_return self->failure("read");
    if (!self->inbox.empty()) break;
    if (self->eof) co_return ByteView();
    if (self->error) co_return self->failure("read");
    co_await self->readable.wait();
  }
  // What has arrived comes in one piece or in several, as it does from a kernel.
  self->current = std::move(self->inbox.front());
  self->inbox.pop_front();
  while (!self->inbox.empty() && self->world.random.below(2) == 0 &&
         self->current.size() + self->inbox.front().size() <= kReadBuffer) {
    append(self->current, self->inbox.front());
    self->inbox.pop_front();
  }
  if (const auto sender = self->peer.lock()) {
    sender->in_flight -= self->current.size();
    sender->pump();
  }
  co_return ByteView(self->current);
}

Task<Result<void>> Side::write(std::shared_ptr<Side> self, Bytes data) {
  if (self->closed || self->error) co_return self->failure("write");
  if (self->shut) co_return fail(Code::closed, "write", "", "this direction is shut down");
  for (std::size_t at = 0; at < data.size();) {
    auto size = std::min(data.size() - at, kReadBuffer);
    if (size > 1 && self->world.random.below(4) == 0) {
      size = 1 + static_cast<std::size_t>(self->world.random.below(size));
    }
    Segment segment;
    segment.bytes = to_bytes(ByteView(data).subspan(at, size));
    self->unsent += size;
    self->send(std::move(segment));
    at += size;
  }
  while (self->unsent > kWriteBuffer && !self->closed && !self->error) {
    co_await self->writable.wait();
  }
  if (self->closed || self->error) co_return self->failure("write");
  co_return Result<void>();
}

void Side::send(Segment segment) {
  outbox.push_back(std::move(segment));
  pump();
}

void Side::pump() {
  if (error) return;
  bool moved = false;
  while (!outbox.empty() && (in_flight < kWindow || outbox.front().bytes.empty())) {
    auto segment = std::move(outbox.front());
    outbox.pop_front();
    unsent -= segment.bytes.size();
    in_flight += segment.bytes.size();
    moved = true;
    launch(std::move(segment));
  }
  if (moved && unsent <= kWriteBuffer) writable.wake_all();
}

void Side::launch(Segment segment) {
  Duration delay = world.delay(host, *peer_host, segment.bytes.size());
  Duration late = kFirstRetry;
  while (world.chance(world.link(host, *peer_host).loss)) {
    delay += late;
    late = std::min(late * 2, kMostRetry);
  }
  segment.due = std::max(world.now + delay, last_due);
  last_due = segment.due;
  flight.push_back(std::move(segment));
  if (!scheduled) schedule(flight.front().due - world.now);
}

void Side::schedule(Duration delay) {
  scheduled = true;
  world.after(std::max(delay, Duration(0)), [self = shared_from_this()] {
    self->scheduled = false;
    self->on_arrival();
  });
}

void Side::on_arrival() {
  if (flight.empty()) return;
  if (!world.passes(host, *peer_host)) return retry();
  const auto to = peer.lock();
  if (!to || to->error || (to->closed && !to->lingering)) {
    // Nobody there any more: the other host answers with a reset.
    if (!world.passes(*peer_host, host)) return retry();
    flight.clear();
    outbox.clear();
    world.after(world.delay(*peer_host, host, 0), [self = shared_from_this()] {
      self->world.record("rst", self->host);
      self->fail_with(Code::reset);
    });
    return;
  }
  stuck_since.reset();
  retry_after = kFirstRetry;
  while (!flight.empty() && flight.front().due <= world.now) {
    auto segment = std::move(flight.front());
    flight.pop_front();
    if (!deliver(std::move(segment), *to)) return;
  }
  if (!flight.empty() && !scheduled) schedule(flight.front().due - world.now);
  forget_if_done();
}

void Side::retry() {
  if (!stuck_since) stuck_since = world.now;
  if (world.now - *stuck_since >= kGiveUp) {
    world.record("timeout", host);
    return fail_with(Code::timeout);
  }
  schedule(retry_after);
  retry_after = std::min(retry_after * 2, kMostRetry);
}

/// False if the connection ended by it.
bool Side::deliver(Segment segment, Side& to) {
  switch (segment.kind) {
    case Segment::Kind::established:
      world.record("established", host, to.host, ByteView());
      to.established = true;
      to.writable.wake_all();
      return true;
    case Segment::Kind::fin:
      world.record("fin", host, to.host, ByteView());
      to.eof = true;
      to.readable.wake_all();
      to.forget_if_done();
      return true;
    case Segment::Kind::data:
      break;
  }
  world.record("data", host, to.host, segment.bytes);
  if (world.chance(world.link(host, to.host).reset)) {
    world.record("cut", host, to.host, ByteView());
    const auto keep = shared_from_this();
    to.fail_with(Code::reset);
    fail_with(Code::reset);
    return false;
  }
  if (to.closed) {
    in_flight -= segment.bytes.size();
    pump();
    return true;
  }
  to.inbox.push_back(std::move(segment.bytes));
  to.readable.wake_all();
  return true;
}

void Side::shutdown() {
  if (closed || shut || error) return;
  shut = true;
  Segment fin;
  fin.kind = Segment::Kind::fin;
  send(std::move(fin));
}

void Side::close(bool reset) {
  if (closed) {
    if (reset && std::exchange(lingering, false)) {
      reset_peer();
      forget_if_done();
    }
    return;
  }
  if (!reset && established) shutdown();
  closed = true;
  lingering = !reset && established && !error;
  release_socket();
  readable.wake_all();
  writable.wake_all();
  discard_inbox();
  if (reset) reset_peer();
  if (lingering && !eof) {
    world.after(kLinger, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->lingering = false;
        self->forget_if_done();
      }
    });
  }
  forget_if_done();
}

void Side::discard_inbox() {
  std::size_t dropped = 0;
  for (const auto& bytes : inbox) dropped += bytes.size();
  inbox.clear();
  const auto sender = peer.lock();
  if (!sender || dropped == 0) return;
  sender->in_flight -= dropped;
  sender->pump();
}

/// Tells the other side by a RST, which is not sent again if it is lost.
void Side::reset_peer() {
  flight.clear();
  outbox.clear();
  unsent = 0;
  if (!peer_host || error) return;
  world.after(world.delay(host, *peer_host, 0),
              [weak = peer, &from = host, &to = *peer_host, &w = world] {
                const auto side = weak.lock();
                if (!side || !w.passes(from, to)) return;
                w.record("rst", from, to, ByteView());
                side->fail_with(Code::reset);
              });
}

void Side::fail_with(Code code) {
  if (error) return;
  error = code;
  flight.clear();
  outbox.clear();
  unsent = 0;
  readable.wake_all();
  writable.wake_all();
  forget_if_done();
}

void Side::crash() {
  closed = true;
  lingering = false;
  error = Code::closed;
  flight.clear();
  outbox.clear();
  inbox.clear();
  release_socket();
  readable.wake_all();
  writable.wake_all();
}

void Side::forget_if_done() {
  const bool flushed = flight.empty() && outbox.empty();
  if (!closed || (!error && (!flushed || (lingering && !eof)))) return;
  const auto keep = shared_from_this();  // the host's may be the last reference
  host.sides.erase(id);
}

namespace {

class SimStream final : public TcpStream {
 public:
  explicit SimStream(std::shared_ptr<Side> side) : side_(std::move(side)) {}
  ~SimStream() override { side_->close(false); }
  Task<Result<ByteView>> read() override { return Side::read(side_); }
  Task<Result<void>> write(Bytes data) override { return Side::write(side_, std::move(data)); }
  void shutdown() override { side_->shutdown(); }
  void close(bool reset) override { side_->close(reset); }
  Endpoint local() const override { return side_->local; }
  Endpoint remote() const override { return side_->remote; }

 private:
  std::shared_ptr<Side> side_;
};

class SimListener final : public TcpListener {
 public:
  explicit SimListener(std::shared_ptr<Listener> state) : state_(std::move(state)) {}
  ~SimListener() override { state_->close(); }
  Task<Result<std::unique_ptr<TcpStream>>> accept() override { return Listener::accept(state_); }
  Endpoint local() const override { return state_->local; }

 private:
  std::shared_ptr<Listener> state_;
};

Endpoint with_port(const IpAddress& ip, std::uint16_t port) {
  Endpoint out;
  out.ip = ip;
  out.port = port;
  return out;
}

std::shared_ptr<Listener> find_listener(HostState& host, const Endpoint& at) {
  auto found = host.listeners.find(at);
  if (found == host.listeners.end()) {
    found = host.listeners.find(with_port(IpAddress::any(at.ip.v6), at.port));
  }
  return found == host.listeners.end() ? nullptr : found->second;
}

/// The listener's side of a new connection; its answer is on its way.
void establish(const std::shared_ptr<Side>& from, const std::shared_ptr<Listener>& at) {
  const auto side = Side::make(at->host);
  side->local = from->remote;
  side->remote = from->local;
  side->peer = from;
  side->peer_host = &from->host;
  side->established = true;
  from->peer = side;
  at->queue.push_back(side);
  at->changed.wake_all();
  Segment answer;
  answer.kind = Segment::Kind::established;
  side->send(std::move(answer));
}

void syn(std::shared_ptr<Side> side, int attempt);

void syn_again(const std::shared_ptr<Side>& side, int attempt) {
  if (attempt >= kSynRetries) return side->fail_with(Code::timeout);
  side->world.after(kSynRetry * (1 << attempt), [side, attempt] { syn(side, attempt + 1); });
}

void syn_arrives(const std::shared_ptr<Side>& side, int attempt) {
  if (side->closed || side->error) return;
  auto& world = side->world;
  HostState& to = *side->peer_host;
  if (!world.passes(side->host, to) || world.chance(world.link(side->host, to).loss)) {
    return syn_again(side, attempt);
  }
  world.record("syn", side->host, to, ByteView());
  const auto listener = find_listener(to, side->remote);
  if (listener && listener->queue.size() >= kBacklog) return syn_again(side, attempt);
  if (listener) return establish(side, listener);
  if (!world.passes(to, side->host)) return syn_again(side, attempt);
  world.after(world.delay(to, side->host, 0), [side] { side->fail_with(Code::refused); });
}

void syn(std::shared_ptr<Side> side, int attempt) {
  if (side->closed || side->error) return;
  const auto delay = side->world.delay(side->host, *side->peer_host, 0);
  side->world.after(delay, [side, attempt] { syn_arrives(side, attempt); });
}

std::unexpected<Error> no_sockets(const char* doing, std::string on) {
  return fail(Code::limit, doing, std::move(on), "too many open files");
}
std::unexpected<Error> host_down(const char* doing, std::string on) {
  return fail(Code::closed, doing, std::move(on), "this host is down");
}

}  // namespace

Task<Result<std::unique_ptr<TcpStream>>> Listener::accept(std::shared_ptr<Listener> self) {
  while (true) {
    if (self->closed) {
      co_return fail(Code::closed, "accept", self->local.text(), "the listener is closed");
    }
    if (self->queue.empty()) {
      co_await self->changed.wait();
    } else if (self->host.out_of_sockets()) {
      co_await sleep_for(self->host.clock, kAcceptPause);
    } else {
      break;
    }
  }
  auto side = std::move(self->queue.front());
  self->queue.pop_front();
  side->take_socket();
  co_return std::make_unique<SimStream>(std::move(side));
}

void Listener::close() {
  if (closed) return;
  closed = true;
  --host.sockets;
  const auto waiting = std::move(queue);
  queue.clear();
  for (const auto& side : waiting) side->close(true);
  changed.wake_all();
  // Last: these may hold the last references.
  if (path.empty()) {
    host.listeners.erase(local);
  } else {
    host.local_listeners.erase(path);
  }
}

Task<Result<std::unique_ptr<TcpStream>>> connect_tcp(HostState& host, Endpoint to) {
  const char* doing = "connect";
  if (!host.up) co_return host_down(doing, to.text());
  if (host.out_of_sockets()) co_return no_sockets(doing, to.text());
  if (host.world.chance(host.connect_refusal)) {
    co_return fail(Code::permission, doing, to.text(), "operation not permitted");
  }
  if (to.ip.is_any()) to.ip = to.ip.v6 ? *IpAddress::parse("::1") : IpAddress::v4(127, 0, 0, 1);
  const auto source = host.source_for(to.ip);
  HostState* there = host.has(to.ip) ? &host : host.world.host_at(to.ip);
  if (!source || !there) co_return fail(Code::unreachable, doing, to.text(), "no route to host");

  const auto side = Side::make(host);
  side->take_socket();
  side->local = with_port(*source, host.ephemeral_port());
  side->remote = to;
  side->peer_host = there;
  auto stream = std::make_unique<SimStream>(side);  // closes it if this frame is destroyed
  syn(side, 0);
  while (!side->established && !side->error && !side->closed) co_await side->writable.wait();
  if (!side->established) co_return side->failure(doing);
  co_return std::move(stream);
}

Task<Result<std::unique_ptr<TcpStream>>> connect_local(HostState& host, std::string path) {
  const char* doing = "connect";
  if (!host.up) co_return host_down(doing, path);
  if (host.out_of_sockets()) co_return no_sockets(doing, path);
  const auto found = host.local_listeners.find(path);
  if (found == host.local_listeners.end()) {
    co_return fail(Code::not_found, doing, path, "no such file or directory");
  }
  const auto side = Side::make(host);
  side->take_socket();
  side->peer_host = &host;
  auto stream = std::make_unique<SimStream>(side);
  establish(side, found->second);
  while (!side->established && !side->error && !side->closed) co_await side->writable.wait();
  if (!side->established) co_return side->failure(doing);
  co_return std::move(stream);
}

Result<std::unique_ptr<TcpListener>> listen_tcp(HostState& host, Endpoint at) {
  const char* doing = "listen";
  if (!host.up) return host_down(doing, at.text());
  if (host.out_of_sockets()) return no_sockets(doing, at.text());
  if (!at.ip.is_any() && !host.has(at.ip)) {
    return fail(Code::unreachable, doing, at.text(), "cannot assign requested address");
  }
  if (at.port == 0) at.port = host.ephemeral_port();
  for (const auto& [other, listener] : host.listeners) {
    const bool overlap = other.ip == at.ip || other.ip.is_any() || at.ip.is_any();
    if (other.port == at.port && other.ip.v6 == at.ip.v6 && overlap) {
      return fail(Code::already_exists, doing, at.text(), "address already in use");
    }
  }
  auto listener = std::make_shared<Listener>(host);
  listener->local = at;
  ++host.sockets;
  host.listeners.emplace(at, listener);
  return std::make_unique<SimListener>(std::move(listener));
}

Result<std::unique_ptr<TcpListener>> listen_local(HostState& host, const std::string& path) {
  const char* doing = "listen";
  if (!host.up) return host_down(doing, path);
  if (host.out_of_sockets()) return no_sockets(doing, path);
  if (path.empty()) return fail(Code::invalid_argument, doing, path, "not a path");
  auto listener = std::make_shared<Listener>(host);
  listener->path = path;
  if (!host.local_listeners.emplace(path, listener).second) {
    return fail(Code::already_exists, doing, path, "address already in use");
  }
  ++host.sockets;
  return std::make_unique<SimListener>(std::move(listener));
}

void drop_streams(HostState& host) {
  const auto sides = std::move(host.sides);
  host.sides.clear();
  for (const auto& [id, side] : sides) side->crash();
  const auto listeners = std::move(host.listeners);
  const auto local = std::move(host.local_listeners);
  host.listeners.clear();
  host.local_listeners.clear();
  for (const auto& [at, listener] : listeners) listener->close();
  for (const auto& [path, listener] : local) listener->close();
}

}  // namespace p2p::runtime::sim
