// Reading and writing on streams: messages, perf, ping.
#include "libp2p/stream.h"

#include "base/endian.h"
#include "base/varint.h"
#include "libp2p/perf.h"
#include "runtime/uv/uv_runtime.h"
#include "unit/libp2p/host_fixture.h"

namespace p2p::libp2p::testing {
namespace {

struct Message {
  std::optional<Result<std::optional<Bytes>>> first;
  std::optional<Result<std::optional<Bytes>>> second;
};

Task<void> read_two(Message& message, std::unique_ptr<Stream> stream) {
  auto first = read_message(*stream, 1000);
  message.first.emplace(co_await std::move(first));
  if (!**message.first) co_return;
  auto second = read_message(*stream, 1000);
  message.second.emplace(co_await std::move(second));
}

Task<void> send(Host& host, PeerId peer, Bytes raw) {
  auto opening = host.open(std::move(peer), std::vector<std::string>(1, "/message"));
  auto stream = co_await std::move(opening);
  REQUIRE(stream);
  // In two pieces, so that the reader waits inside a message.
  const std::size_t half = raw.size() / 2;
  Bytes front = to_bytes(ByteView(raw).first(half));
  Bytes back = to_bytes(ByteView(raw).subspan(half));
  auto written = co_await (*stream)->write(std::move(front));
  co_await runtime::sleep_for(host.runtime().clock, 100ms);
  written = co_await (*stream)->write(std::move(back));
  (*stream)->close_write();
}

Message receive(Bytes raw) {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  Message message;
  b.host.handle("/message", [&message](std::unique_ptr<Stream> stream) {
    return read_two(message, std::move(stream));
  });
  REQUIRE(a.wait(world, a.host.connect(b.at())));
  REQUIRE(world.run(a.machine, send(a.host, b.host.id(), std::move(raw))));
  world.run_for(1s);
  REQUIRE(message.first);
  return message;
}

Bytes framed(std::size_t size) {
  Bytes out;
  append_varint(out, size);
  out.resize(out.size() + size, 7);
  return out;
}

TEST_CASE("messages behind their lengths, and the clean end of a stream") {
  Bytes raw = framed(1000);
  append(raw, framed(0));
  auto two = receive(raw);
  REQUIRE(*two.first);
  REQUIRE(**two.first);
  CHECK((**two.first)->size() == 1000);
  REQUIRE(*two.second);
  REQUIRE(**two.second);
  CHECK((**two.second)->empty());

  const auto one = receive(framed(5));
  REQUIRE(*one.second);
  CHECK_FALSE(**one.second);
}

TEST_CASE("messages that are too long, cut short or without a sensible length") {
  const auto code = [](Bytes raw) {
    const auto message = receive(std::move(raw));
    REQUIRE_FALSE(*message.first);
    return message.first->error().code;
  };
  CHECK(code(framed(1001)) == Code::limit);
  CHECK(code(Bytes{0x05, 1, 2}) == Code::closed);
  CHECK(code(Bytes{0x80}) == Code::closed);
  CHECK(code(Bytes{0x80, 0x00}) == Code::parse);
  CHECK(code(Bytes(20, 0xff)) == Code::parse);
}

TEST_CASE("perf carries what was asked for, both ways") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  serve_perf(b.host);
  REQUIRE(a.wait(world, a.host.connect(b.at())));
  const auto result = a.wait(world, perf(a.host, b.host.id(), 1'000'000, 2'000'000));
  REQUIRE(result);
  CHECK(result->upload > 20ms);
  CHECK(result->download > 20ms);
  const auto nothing = a.wait(world, perf(a.host, b.host.id(), 0, 0));
  REQUIRE(nothing);
  CHECK(nothing->upload == 20ms);
}

/// go-libp2p's ping server: ends the stream when it is old.
Task<void> answer_once(std::unique_ptr<Stream> stream) {
  auto reading = read_exact(*stream, kPingSize);
  auto payload = co_await std::move(reading);
  if (!payload) co_return;
  auto written = co_await stream->write(std::move(*payload));
  stream->close_write();
}

Task<void> answer_wrongly(std::unique_ptr<Stream> stream) {
  auto reading = read_exact(*stream, kPingSize);
  auto payload = co_await std::move(reading);
  auto written = co_await stream->write(Bytes(kPingSize));
  auto more = co_await stream->read(1);
}

TEST_CASE("a pinger opens a new stream where the peer has ended the old one") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  b.host.handle(std::string(kPing), &answer_once);
  REQUIRE(a.wait(world, a.host.connect(b.at())));
  Pinger pinger(a.host, b.host.id());
  for (int i = 0; i < 5; ++i) CHECK(a.wait(world, pinger.ping()));
}

TEST_CASE("an echo of other bytes is a breach of the protocol") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  b.host.handle(std::string(kPing), &answer_wrongly);
  REQUIRE(a.wait(world, a.host.connect(b.at())));
  const auto rtt = a.wait(world, ping(a.host, b.host.id()));
  REQUIRE_FALSE(rtt);
  CHECK(rtt.error().code == Code::protocol);
}

Task<int> on_loopback(runtime::Runtime runtime) {
  Host a(runtime, config_of(1));
  Host b(runtime, config_of(2));
  serve_perf(b);
  int passed = 0;
  for (const char* at : {"/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"}) {
    const auto listening = b.listen(addr(at));
    if (!listening) {
      MESSAGE("not tested: cannot listen at ", at);
      ++passed;
      continue;
    }
    auto connecting = a.dial(listening->with_peer(b.id()));
    auto peer = co_await std::move(connecting);
    if (!peer || *peer != b.id()) break;
    auto measuring = perf(a, *peer, 3'000'000, 3'000'000);
    auto result = co_await std::move(measuring);
    auto pinging = ping(a, *peer);
    auto rtt = co_await std::move(pinging);
    if (result && rtt) ++passed;
  }
  auto closing = a.close();
  co_await std::move(closing);
  co_return passed;
}

TEST_CASE("the same over real sockets, IPv4 and IPv6") {
  runtime::UvOptions options;
  options.handle_signals = false;
  runtime::UvRuntime world(options);
  CHECK(world.run(on_loopback(world.runtime())).status == 2);
}

}  // namespace
}  // namespace p2p::libp2p::testing
