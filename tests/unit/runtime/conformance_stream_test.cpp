// What both runtimes promise of streams, shown on both.
#include "unit/runtime/streams.h"

using namespace p2p;
using namespace p2p::runtime;
using namespace p2p::runtime::test;
using namespace std::chrono_literals;

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
    co_await settle(stage);
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
  co_await settle(stage);
  {
    TaskGroup group(stage.here.queue);
    std::size_t written = 0;
    group.spawn(write_pattern(*pair.client, kSize, kSize, written));
    co_await settle(stage);  // handed over, and waiting for room
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
    co_await settle(stage);
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
  co_await settle(stage);
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
    co_await settle(stage);
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
  co_await settle(stage);
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
    co_await settle(stage);
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
    co_await settle(stage);
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
    co_await settle(stage);
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
