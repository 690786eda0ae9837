// What both runtimes promise, shown on both.
#include <algorithm>
#include <filesystem>

#include "unit/runtime/both_worlds.h"

using namespace p2p;
using namespace p2p::runtime;
using namespace p2p::runtime::test;
using namespace std::chrono_literals;

namespace {

/// A connected pair, or nothing with a failed check.
struct Pair {
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TcpStream> client;  // of `here`
  std::unique_ptr<TcpStream> server;  // of `there`
  bool ok() const { return client && server; }
};

Task<void> accept_into(TcpListener& listener, std::unique_ptr<TcpStream>& out) {
  auto accepted = co_await listener.accept();
  if (accepted) out = std::move(*accepted);
}

Task<Pair> connect_pair(Stage stage) {
  Pair pair;
  auto listener = stage.there.net.listen(stage.there_at());
  CHECK(listener);
  if (!listener) co_return std::move(pair);
  pair.listener = std::move(*listener);
  TaskGroup group(stage.here.queue);
  group.spawn(accept_into(*pair.listener, pair.server));
  auto connected = co_await stage.here.net.connect(pair.listener->local());
  CHECK(connected);
  co_await group.join();
  CHECK(pair.server);
  if (connected) pair.client = std::move(*connected);
  co_return std::move(pair);
}

/// The byte at `i` of an endless stream, without a short period.
std::uint8_t pattern(std::size_t i) {
  return static_cast<std::uint8_t>((i * 2654435761U) >> 13 ^ i >> 20);
}

Bytes patterned(std::size_t from, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = pattern(from + i);
  return out;
}

struct Received {
  std::size_t size = 0;
  bool right = true;
  std::size_t largest = 0;
  std::optional<Error> error;
  bool ended = false;
};

/// Reads to the end, comparing with the pattern; stops after `most` bytes.
Task<void> read_all(TcpStream& stream, Received& out, std::size_t most = SIZE_MAX) {
  while (out.size < most) {
    const auto bytes = co_await stream.read();
    if (!bytes) {
      out.error = bytes.error();
      break;
    }
    if (bytes->empty()) {
      out.ended = true;
      break;
    }
    for (const auto byte : *bytes) out.right = out.right && byte == pattern(out.size++);
    out.largest = std::max(out.largest, bytes->size());
  }
}

Task<void> write_pattern(TcpStream& stream, std::size_t size, std::size_t piece,
                         std::size_t& done) {
  while (done < size) {
    auto bytes = patterned(done, std::min(piece, size - done));
    const auto count = bytes.size();
    const auto written = co_await stream.write(std::move(bytes));
    if (!written) co_return;
    done += count;
  }
}

Task<void> echo(TcpStream& stream) {
  while (true) {
    const auto bytes = co_await stream.read();
    if (!bytes || bytes->empty()) break;
    const auto written = co_await stream.write(to_bytes(*bytes));
    if (!written) break;
  }
  stream.shutdown();
}

Task<void> read_once(TcpStream& stream, std::optional<Result<Bytes>>& out) {
  const auto bytes = co_await stream.read();
  if (bytes) {
    out.emplace(to_bytes(*bytes));
  } else {
    out.emplace(std::unexpected(bytes.error()));
  }
}

/// Lets everything that is ready and every event that has happened take effect.
Task<void> settle(Runtime runtime) {
  auto pause = sleep_for(runtime.clock, 50ms);
  co_await std::move(pause);
}

}  // namespace

// --- Streams ---

namespace {
Task<void> echo_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  CHECK(pair.client->remote() == pair.listener->local());
  CHECK(pair.server->remote() == pair.client->local());
  CHECK(pair.server->local() == pair.listener->local());
  CHECK(pair.listener->local().port != 0);

  TaskGroup group(stage.here.queue);
  group.spawn(echo(*pair.server));
  for (std::size_t i = 0; i < 20; ++i) {
    const auto sent = patterned(i, i + 1);
    const auto written = co_await pair.client->write(sent);
    NEED(written);
    Bytes got;
    while (got.size() < sent.size()) {
      const auto bytes = co_await pair.client->read();
      NEED(bytes);
      NEED(!bytes->empty());
      append(got, *bytes);
    }
    CHECK(got == sent);
  }
  // Half closed: the other direction goes on until its own end.
  const auto last = co_await pair.client->write(patterned(0, 1000));
  NEED(last);
  pair.client->shutdown();
  Received received;
  co_await read_all(*pair.client, received);
  CHECK(received.ended);
  CHECK(received.size == 1000);
  CHECK(received.right);
  // The end stays the end.
  const auto again = co_await pair.client->read();
  NEED(again);
  CHECK(again->empty());
  const auto late = co_await pair.client->write(patterned(0, 1));
  NEED(!late);
  CHECK(late.error().code == Code::closed);
}
}  // namespace

TEST_CASE("connect, accept, echo, half close") { play_both(echo_case); }

namespace {
Task<void> empty_write_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  const auto nothing = co_await pair.client->write(Bytes());
  CHECK(nothing);
  const auto something = co_await pair.client->write(patterned(0, 3));
  CHECK(something);
  pair.client.reset();
  Received received;
  co_await read_all(*pair.server, received);
  CHECK(received.size == 3);
}
}  // namespace

TEST_CASE("an empty write is no end") { play_both(empty_write_case); }

namespace {
Task<void> large_case(Stage stage) {
  constexpr std::size_t kSize = 8 << 20;
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  Received up;
  Received down;
  std::size_t up_done = 0;
  std::size_t down_done = 0;
  {
    TaskGroup group(stage.here.queue);
    group.spawn(write_pattern(*pair.client, kSize, 100'000, up_done));
    group.spawn(write_pattern(*pair.server, kSize, 3'000'000, down_done));
    group.spawn(read_all(*pair.server, up, kSize));
    group.spawn(read_all(*pair.client, down, kSize));
    co_await group.join();
  }
  CHECK(up.size == kSize);
  CHECK(up.right);
  CHECK(down.size == kSize);
  CHECK(down.right);
  CHECK(up.largest <= 65536);
  CHECK(down.largest <= 65536);
}
}  // namespace

TEST_CASE("large transfers in both directions at once") { play_both(large_case); }

namespace {
Task<void> backpressure_case(Stage stage) {
  // More than every buffer of a kernel between the two programs holds.
  constexpr std::size_t kSize = 64 << 20;
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  std::size_t written = 0;
  TaskGroup group(stage.here.queue);
  group.spawn(write_pattern(*pair.client, kSize, 65536, written));
  std::size_t before_pause = 1;
  while (before_pause != written) {
    before_pause = written;
    co_await settle(stage.here);
  }
  CHECK(written < kSize);  // nobody reads, so it waits
  Received received;
  co_await read_all(*pair.server, received, kSize);
  CHECK(received.size == kSize);
  CHECK(received.right);
  co_await group.join();
  CHECK(written == kSize);
}
}  // namespace

TEST_CASE("a stream that nobody reads stops the writer, and reading starts it again") {
  play_both(backpressure_case);
}

namespace {
Task<void> destroyed_case(Stage stage) {
  constexpr std::size_t kSize = 3 << 20;
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  // Unread input at our side must not turn the end into a reset.
  const auto unread = co_await pair.server->write(patterned(0, 100));
  NEED(unread);
  co_await settle(stage.here);
  {
    TaskGroup group(stage.here.queue);
    std::size_t written = 0;
    group.spawn(write_pattern(*pair.client, kSize, kSize, written));
    co_await settle(stage.here);  // handed over, and waiting for room
  }
  pair.client.reset();
  Received received;
  co_await read_all(*pair.server, received);
  CHECK(received.size == kSize);
  CHECK(received.right);
  CHECK(received.ended);
  CHECK_FALSE(received.error);
}
}  // namespace

TEST_CASE("what was written is sent, though the stream is destroyed with unread input") {
  play_both(destroyed_case);
}

namespace {
Task<void> reset_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  std::optional<Result<Bytes>> read;
  TaskGroup group(stage.here.queue);
  group.spawn(read_once(*pair.client, read));
  pair.server->close(true);
  co_await group.join();
  NEED(read);
  NEED(!read->has_value());
  CHECK(read->error().code == Code::reset);
  const auto written = co_await pair.client->write(patterned(0, 1));
  NEED(!written);
  CHECK(written.error().code == Code::reset);
}
}  // namespace

TEST_CASE("a reset reaches the other side's read and write") { play_both(reset_case); }

namespace {
Task<void> write_to_gone_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  pair.server->close(true);
  // At some write the reset has arrived; each one before it may still succeed.
  std::optional<Error> error;
  for (int i = 0; i < 100 && !error; ++i) {
    const auto written = co_await pair.client->write(patterned(0, 1000));
    if (!written) error = written.error();
    co_await settle(stage.here);
  }
  NEED(error);
  CHECK(error->code == Code::reset);
}
}  // namespace

TEST_CASE("writing to a stream whose other end is gone fails, and does not end the program") {
  play_both(write_to_gone_case);
}

namespace {
Task<void> close_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  std::optional<Result<Bytes>> read;
  TaskGroup group(stage.here.queue);
  group.spawn(read_once(*pair.client, read));
  co_await settle(stage.here);
  CHECK_FALSE(read);
  pair.client->close();
  CHECK_FALSE(read);  // never inline
  co_await group.join();
  NEED(read);
  NEED(!read->has_value());
  CHECK(read->error().code == Code::closed);
  pair.client->close();
  pair.client->close(true);
  pair.client->shutdown();
  const auto written = co_await pair.client->write(patterned(0, 1));
  NEED(!written);
  CHECK(written.error().code == Code::closed);
  Received received;
  co_await read_all(*pair.server, received);
  CHECK((received.ended || received.error));
}
}  // namespace

TEST_CASE("closing ends our own waiting read") { play_both(close_case); }

namespace {
Task<void> close_write_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  std::size_t written = 0;
  TaskGroup group(stage.here.queue);
  group.spawn(write_pattern(*pair.client, 1 << 30, 1 << 20, written));
  std::size_t before_pause = 1;
  while (before_pause != written) {
    before_pause = written;
    co_await settle(stage.here);
  }
  CHECK(group.size() == 1);
  pair.client->close(true);
  co_await group.join();  // its write failed
}
}  // namespace

TEST_CASE("closing ends our own waiting write") { play_both(close_write_case); }

// --- Connecting and accepting ---

namespace {
Task<void> refused_case(Stage stage) {
  auto listener = stage.there.net.listen(stage.there_at());
  NEED(listener);
  const auto at = (*listener)->local();
  listener->reset();
  const auto connected = co_await stage.here.net.connect(at);
  NEED(!connected);
  CHECK(connected.error().code == Code::refused);
  CHECK(connected.error().message() == "connect " + at.text() + ": connection refused");
}
}  // namespace

TEST_CASE("a port where nobody listens refuses") { play_both(refused_case); }

namespace {
Task<void> in_use_case(Stage stage) {
  const auto first = stage.there.net.listen(stage.there_at());
  NEED(first);
  const auto second = stage.there.net.listen((*first)->local());
  NEED(!second);
  CHECK(second.error().code == Code::already_exists);
  Endpoint foreign;
  foreign.ip = IpAddress::v4(203, 0, 113, 1);
  const auto third = stage.there.net.listen(foreign);
  NEED(!third);
  CHECK(third.error().code == Code::unreachable);
}
}  // namespace

TEST_CASE("a port in use and an address that is not ours cannot be listened at") {
  play_both(in_use_case);
}

namespace {

Task<void> accept_result(TcpListener& listener, std::optional<Code>& out) {
  const auto accepted = co_await listener.accept();
  if (!accepted) out = accepted.error().code;
}

Task<void> listener_gone_case(Stage stage) {
  auto listener = stage.there.net.listen(stage.there_at());
  NEED(listener);
  std::optional<Code> code;
  TaskGroup group(stage.here.queue);
  group.spawn(accept_result(**listener, code));
  co_await settle(stage.here);
  listener->reset();
  co_await group.join();
  NEED(code);
  CHECK(*code == Code::closed);
}
}  // namespace

TEST_CASE("a listener that is destroyed ends its waiting accept") { play_both(listener_gone_case); }

namespace {

Task<void> visit(Runtime runtime, Endpoint to, std::size_t number, std::size_t& right) {
  auto connected = co_await runtime.net.connect(to);
  NEED(connected);
  auto& stream = **connected;
  const auto written = co_await stream.write(patterned(number, 100 + number));
  NEED(written);
  stream.shutdown();
  Bytes got;
  while (true) {
    const auto bytes = co_await stream.read();
    NEED(bytes);
    if (bytes->empty()) break;
    append(got, *bytes);
  }
  right += got == patterned(number, 100 + number) ? 1 : 0;
}

Task<void> echo_owned(std::unique_ptr<TcpStream> stream) { co_await echo(*stream); }

Task<void> serve(TcpListener& listener, TaskGroup& group) {
  while (true) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    group.spawn(echo_owned(std::move(*accepted)));
  }
}

Task<void> crowd_case(Stage stage) {
  auto listener = stage.there.net.listen(stage.there_at());
  NEED(listener);
  TaskGroup servers(stage.there.queue);
  servers.spawn(serve(**listener, servers));
  TaskGroup visitors(stage.here.queue);
  std::size_t right = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    visitors.spawn(visit(stage.here, (*listener)->local(), i, right));
  }
  co_await visitors.join();
  CHECK(right == 200);
}
}  // namespace

TEST_CASE("two hundred connections at once") { play_both(crowd_case); }

namespace {
Task<void> unspecified_case(Stage stage) {
  Endpoint any;
  auto listener = stage.there.net.listen(any);
  NEED(listener);
  CHECK((*listener)->local().ip.is_any());
  std::unique_ptr<TcpStream> server;
  TaskGroup group(stage.here.queue);
  group.spawn(accept_into(**listener, server));
  const auto connected = co_await stage.here.net.connect(stage.there_at((*listener)->local().port));
  NEED(connected);
  co_await group.join();
  NEED(server);
  CHECK(server->local().ip == stage.there_ip);
}
}  // namespace

TEST_CASE("the unspecified address listens everywhere") { play_both(unspecified_case); }

// --- Cancelling ---

namespace {
Task<void> cancel_read_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  std::optional<Result<Bytes>> read;
  {
    TaskGroup group(stage.here.queue);
    group.spawn(read_once(*pair.client, read));
    co_await settle(stage.here);
  }
  CHECK_FALSE(read);
  // The stream is none the worse, and nothing is lost.
  const auto written = co_await pair.server->write(patterned(0, 10));
  NEED(written);
  Received received;
  co_await read_all(*pair.client, received, 10);
  CHECK(received.size == 10);
  CHECK(received.right);
}
}  // namespace

TEST_CASE("cancelling a read loses nothing") { play_both(cancel_read_case); }

namespace {
Task<void> cancel_write_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  constexpr std::size_t kSize = 16 << 20;
  std::size_t written = 0;
  {
    TaskGroup group(stage.here.queue);
    group.spawn(write_pattern(*pair.client, kSize, kSize, written));
    co_await settle(stage.here);
    CHECK(group.size() == 1);
  }
  // What was handed over belongs to the stream: it still arrives whole.
  Received received;
  co_await read_all(*pair.server, received, kSize);
  CHECK(received.size == kSize);
  CHECK(received.right);
}
}  // namespace

TEST_CASE("cancelling a write that waits leaves the stream whole") { play_both(cancel_write_case); }

namespace {

Task<void> connect_into(Runtime runtime, Endpoint to, std::unique_ptr<TcpStream>& out) {
  auto connected = co_await runtime.net.connect(to);
  if (connected) out = std::move(*connected);
}

Task<void> cancel_connect_case(Stage stage) {
  auto listener = stage.there.net.listen(stage.there_at());
  NEED(listener);
  std::unique_ptr<TcpStream> cancelled;
  {
    TaskGroup group(stage.here.queue);
    group.spawn(connect_into(stage.here, (*listener)->local(), cancelled));
    auto first = sleep_for(stage.here.clock, 0us);  // begun, not finished
    co_await std::move(first);
  }
  cancelled.reset();
  // The next one is not disturbed.
  auto serving = TaskGroup(stage.there.queue);
  serving.spawn(serve(**listener, serving));
  std::size_t right = 0;
  co_await visit(stage.here, (*listener)->local(), 7, right);
  CHECK(right == 1);
}
}  // namespace

TEST_CASE("cancelling a connect") { play_both(cancel_connect_case); }

namespace {
Task<void> cancel_accept_case(Stage stage) {
  auto listener = stage.there.net.listen(stage.there_at());
  NEED(listener);
  std::unique_ptr<TcpStream> never;
  {
    TaskGroup group(stage.there.queue);
    group.spawn(accept_into(**listener, never));
    co_await settle(stage.there);
  }
  auto serving = TaskGroup(stage.there.queue);
  serving.spawn(serve(**listener, serving));
  std::size_t right = 0;
  co_await visit(stage.here, (*listener)->local(), 7, right);
  CHECK(right == 1);
  CHECK_FALSE(never);
}
}  // namespace

TEST_CASE("cancelling an accept") { play_both(cancel_accept_case); }

// --- Time ---

namespace {
Task<void> timer_case(Stage stage) {
  Clock& clock = stage.here.clock;
  std::string log;
  WaitList changed;
  const auto add = [&clock, &log, &changed](char c) {
    return clock.timer([&log, &changed, c] {
      log += c;
      changed.wake_all();
    });
  };
  const auto start = clock.now();
  const auto a = add('a');
  const auto b = add('b');
  const auto c = add('c');
  const auto d = add('d');
  const auto e = add('e');
  const auto f = add('f');
  const auto last = add('z');
  a->arm(start + 30ms);
  b->arm(start + 10ms);
  c->arm(start + 10ms);  // as early as b, armed later
  d->arm(start + 5ms);
  d->disarm();
  e->arm(start + 5ms);
  e->arm(start + 20ms);  // moved
  f->arm(kNever);
  last->arm(start + 40ms);
  CHECK(log.empty());
  while (log.find('z') == std::string::npos) co_await changed.wait();
  CHECK(log == "bceaz");
  CHECK(clock.now() >= start + 40ms);

  // The past is now, but not inline.
  a->arm(start);
  CHECK(log == "bceaz");
  co_await changed.wait();
  CHECK(log == "bceaza");
}
}  // namespace

TEST_CASE("timers fire in order, and never early") { play_both(timer_case); }

namespace {

Task<int> slow_answer(Runtime runtime, Duration time) {
  co_await sleep_for(runtime.clock, time);
  co_return 42;
}

Task<int> fast_answer() { co_return 7; }

Task<void> deadline_case(Stage stage) {
  auto& [queue, clock, random, net, workers] = stage.here;
  const auto start = clock.now();
  auto slow = before(queue, clock, start + 10ms, slow_answer(stage.here, 10s));
  const auto nothing = co_await std::move(slow);
  CHECK_FALSE(nothing);
  CHECK(clock.now() >= start + 10ms);
  CHECK(clock.now() < start + 10s);
  auto quick = before(queue, clock, clock.now() + 10s, slow_answer(stage.here, 1ms));
  const auto in_time = co_await std::move(quick);
  CHECK(in_time == 42);
  // A result that is there at once wins even against a deadline that has passed.
  auto late = before(queue, clock, start, fast_answer());
  const auto at_once = co_await std::move(late);
  CHECK(at_once == 7);
}
}  // namespace

TEST_CASE("a deadline destroys what it stops") { play_both(deadline_case); }

namespace {

Task<void> spin(TcpStream& out, bool& stop) {
  while (!stop) {
    const auto written = co_await out.write(Bytes(1000));
    if (!written) co_return;
  }
}

Task<void> yield_for_ever(WaitList& list, bool& stop) {
  while (!stop) {
    list.wake_all();
    co_await list.wait();
  }
}

Task<void> flood_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  bool stop = false;
  WaitList list;
  TaskGroup group(stage.here.queue);
  Received received;
  if (!stage.simulated) {
    // Ready work without end; in a simulation it would take no time and so never end.
    group.spawn(yield_for_ever(list, stop));
    group.spawn(yield_for_ever(list, stop));
  }
  group.spawn(spin(*pair.client, stop));
  group.spawn(read_all(*pair.server, received));
  auto pause = sleep_for(stage.here.clock, 30ms);
  co_await std::move(pause);
  stop = true;
  pair.client->close();
  co_await settle(stage.here);
  CHECK(received.size > 0);
  list.wake_all();
  co_await group.join();
}
}  // namespace

TEST_CASE("floods of ready work and of data leave timers and sockets their turn") {
  play_both(flood_case);
}

// --- Datagrams ---

namespace {

Task<void> receive_into(UdpSocket& socket, std::optional<Datagram>& out) {
  auto datagram = co_await socket.receive();
  if (datagram) out = std::move(*datagram);
}

Task<void> udp_case(Stage stage) {
  UdpOptions options;
  auto server = stage.there.net.udp(stage.there_at(), options);
  Endpoint any;
  auto client = stage.here.net.udp(any, options);
  NEED(server);
  NEED(client);
  CHECK((*server)->local().port != 0);
  const auto hello = to_bytes("hello");
  NEED((*client)->send((*server)->local(), hello));
  const auto got = co_await (*server)->receive();
  NEED(got);
  CHECK(got->data == hello);
  CHECK(got->from.port == (*client)->local().port);
  CHECK(got->interface != 0);
  NEED((*server)->send(got->from, to_bytes("back")));
  const auto back = co_await (*client)->receive();
  NEED(back);
  CHECK(back->data == to_bytes("back"));
  CHECK(back->from == (*server)->local());

  NEED((*client)->send((*server)->local(), ByteView()));
  const auto empty = co_await (*server)->receive();
  NEED(empty);
  CHECK(empty->data.empty());

  const Bytes huge(70'000);
  const auto too_long = (*client)->send((*server)->local(), huge);
  NEED(!too_long);
  CHECK(too_long.error().code == Code::limit);
  // Nobody at the port: dropped, and the socket lives on.
  NEED((*client)->send(stage.there_at(9), hello));
  co_await settle(stage.here);
  NEED((*client)->send((*server)->local(), hello));
  const auto again = co_await (*server)->receive();
  CHECK(again);

  std::optional<Datagram> none;
  TaskGroup group(stage.here.queue);
  group.spawn(receive_into(**client, none));
  co_await settle(stage.here);
  client->reset();
  co_await group.join();
  CHECK_FALSE(none);
}
}  // namespace

TEST_CASE("datagrams") { play_both(udp_case); }

namespace {
Task<void> multicast_case(Stage stage) {
  const auto group = IpAddress::v4(224, 0, 0, 251);
  const auto loopback = IpAddress::v4(127, 0, 0, 1);
  const auto interfaces = stage.here.net.interfaces();
  NEED(interfaces);
  const auto lo = std::find_if(interfaces->begin(), interfaces->end(), [&](const Interface& i) {
    return i.loopback && i.address == loopback;
  });
  NEED(lo != interfaces->end());
  if (!lo->multicast) {
    MESSAGE("skipped: the loopback interface carries no multicast here");
    co_return;
  }
  UdpOptions options;
  options.reuse_address = true;
  Endpoint at;
  at.port = 45353;
  auto one = stage.here.net.udp(at, options);
  auto two = stage.here.net.udp(at, options);  // the port is shared
  auto deaf = stage.here.net.udp(at, options);
  NEED(one);
  NEED(two);
  NEED(deaf);
  NEED((*one)->join(group, loopback));
  NEED((*two)->join(group, loopback));
  CHECK((*two)->join(group, loopback));  // once more is harmless
  NEED((*one)->set_multicast_interface(loopback));
  Endpoint to;
  to.ip = group;
  to.port = 45353;
  const auto hello = to_bytes("who is there");
  NEED((*one)->send(to, hello));
  const auto other = co_await (*two)->receive();
  NEED(other);
  CHECK(other->data == hello);
  CHECK(other->from.ip == loopback);
  CHECK(other->interface == lo->index);
  const auto own = co_await (*one)->receive();
  NEED(own);
  CHECK(own->data == hello);

  std::optional<Datagram> none;
  TaskGroup tasks(stage.here.queue);
  tasks.spawn(receive_into(**deaf, none));
  co_await settle(stage.here);
  CHECK_FALSE(none);  // not joined, though it shares the port
}
}  // namespace

TEST_CASE("multicast on the loopback interface") { play_both(multicast_case); }

// --- Names, workers, local sockets ---

namespace {
Task<void> resolver_case(Stage stage) {
  auto& resolver = stage.here.net.resolver();
  const auto literal = co_await resolver.addresses("192.0.2.7", Resolver::Family::any);
  NEED(literal);
  CHECK(literal->size() == 1);
  CHECK(literal->front() == IpAddress::v4(192, 0, 2, 7));
  const auto wrong_family = co_await resolver.addresses("192.0.2.7", Resolver::Family::v6);
  NEED(!wrong_family);
  CHECK(wrong_family.error().code == Code::not_found);
  const auto localhost = co_await resolver.addresses("localhost", Resolver::Family::v4);
  NEED(localhost);
  NEED(!localhost->empty());
  CHECK(localhost->front().is_loopback());
}
}  // namespace

TEST_CASE("names that need no server") { play_both(resolver_case); }

namespace {

Task<void> add_job(Workers& workers, int n, std::vector<int>& out) {
  std::move_only_function<int()> square = [n] { return n * n; };
  auto job = run_on<int>(workers, std::move(square));
  out.push_back(co_await std::move(job));
}

Task<void> workers_case(Stage stage) {
  CHECK(stage.here.workers.threads() >= 1);
  std::vector<int> out;
  {
    TaskGroup group(stage.here.queue);
    for (int i = 0; i < 100; ++i) group.spawn(add_job(stage.here.workers, i, out));
    co_await group.join();
  }
  std::sort(out.begin(), out.end());
  NEED(out.size() == 100);
  CHECK(out[99] == 99 * 99);
  // Cancelled: the result goes nowhere.
  {
    TaskGroup group(stage.here.queue);
    for (int i = 0; i < 100; ++i) group.spawn(add_job(stage.here.workers, i, out));
    auto pause = sleep_for(stage.here.clock, 0us);
    co_await std::move(pause);
    group.cancel();
  }
  bool inline_done = false;
  bool done = false;
  WaitList changed;
  stage.here.workers.submit([] {},
                            [&] {
                              done = true;
                              changed.wake_all();
                            });
  inline_done = done;
  while (!done) co_await changed.wait();
  CHECK_FALSE(inline_done);
}
}  // namespace

TEST_CASE("workers") { play_both(workers_case); }

namespace {

Task<void> visit_local(Runtime runtime, std::string path, std::size_t& right) {
  auto connected = co_await runtime.net.connect_local(std::move(path));
  NEED(connected);
  auto& stream = **connected;
  const auto written = co_await stream.write(patterned(0, 300'000));
  NEED(written);
  stream.shutdown();
  Received received;
  co_await read_all(stream, received);
  right += received.ended && received.right && received.size == 300'000 ? 1 : 0;
}

Task<void> local_case(Stage stage) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("p2p-runtime-test-" + std::to_string(stage.here.random.u64()));
  // sockaddr_un holds 107 bytes: a deep folder must not matter.
  for (const auto& below : {std::string("d"), std::string(150, 'd')}) {
    if (!stage.simulated) std::filesystem::create_directories(folder / below);
    const auto path = (folder / below / "control").string();
    const auto missing = co_await stage.here.net.connect_local(path);
    NEED(!missing);
    CHECK(missing.error().code == Code::not_found);
    auto listener = stage.here.net.listen_local(path);
    NEED(listener);
    CHECK((*listener)->local() == Endpoint());
    if (!stage.simulated) {
      const auto mode = std::filesystem::status(path).permissions();
      CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    }
    const auto second = stage.here.net.listen_local(path);
    NEED(!second);
    CHECK(second.error().code == Code::already_exists);
    TaskGroup servers(stage.here.queue);
    servers.spawn(serve(**listener, servers));
    std::size_t right = 0;
    TaskGroup visitors(stage.here.queue);
    for (int i = 0; i < 3; ++i) visitors.spawn(visit_local(stage.here, path, right));
    co_await visitors.join();
    CHECK(right == 3);
  }
  if (!stage.simulated) std::filesystem::remove_all(folder);
}
}  // namespace

TEST_CASE("local sockets") { play_both(local_case); }
