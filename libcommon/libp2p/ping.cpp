#include "libp2p/ping.h"

#include "runtime/deadline.h"

namespace p2p::libp2p {

namespace {

/// Between two pings of a peer: rust-libp2p pings every 15 s on a stream that it keeps.
constexpr Duration kIdle = std::chrono::minutes(1);

Task<void> echo(runtime::Runtime runtime, std::unique_ptr<Stream> stream) {
  for (;;) {
    auto reading = read_exact(*stream, kPingSize);
    auto bounded = runtime::before(runtime.queue, runtime.clock, runtime.clock.now() + kIdle,
                                   std::move(reading));
    auto payload = co_await std::move(bounded);
    if (!payload) co_return;
    if (!*payload) break;
    auto written = co_await stream->write(std::move(**payload));
    if (!written) co_return;
  }
  stream->close_write();
}

}  // namespace

void serve_ping(Host& host) {
  const runtime::Runtime runtime = host.runtime();
  host.handle(std::string(kPing), [runtime](std::unique_ptr<Stream> stream) {
    return echo(runtime, std::move(stream));
  });
}

Task<Result<Duration>> Pinger::ping() {
  if (waiting_) stream_.reset();
  const bool reused = stream_ != nullptr;
  auto first = once();
  auto took = co_await std::move(first);
  if (took || !reused) co_return took;
  // The peer may have ended the old stream for its age.
  stream_.reset();
  auto second = once();
  co_return co_await std::move(second);
}

Task<Result<Duration>> Pinger::once() {
  if (!stream_) {
    auto opening = host_.open(peer_, std::vector<std::string>(1, std::string(kPing)));
    auto opened = co_await std::move(opening);
    if (!opened) co_return fail(std::move(opened).error());
    stream_ = std::move(*opened);
  }
  const runtime::Runtime runtime = host_.runtime();
  const Bytes payload = runtime.random.bytes(kPingSize);
  waiting_ = true;
  const Time began = runtime.clock.now();
  auto written = co_await stream_->write(payload);
  if (!written) co_return fail(std::move(written).error().during("ping", peer_.text()));
  auto reading = read_exact(*stream_, kPingSize);
  auto echoed = co_await std::move(reading);
  if (!echoed) co_return fail(std::move(echoed).error().during("ping", peer_.text()));
  waiting_ = false;
  if (!equal(*echoed, payload)) {
    co_return fail(Code::protocol, "ping", peer_.text(), "the peer echoed other bytes");
  }
  co_return runtime.clock.now() - began;
}

Task<Result<Duration>> ping(Host& host, PeerId peer) {
  Pinger pinger(host, std::move(peer));
  auto pinging = pinger.ping();
  co_return co_await std::move(pinging);
}

}  // namespace p2p::libp2p
