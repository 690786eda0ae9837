// Pairs of streams and what the tests let them carry.
#pragma once

#include <algorithm>

#include "unit/runtime/both_worlds.h"

namespace p2p::runtime::test {

/// A connected pair, or nothing with a failed check.
struct Pair {
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TcpStream> client;  // of `here`
  std::unique_ptr<TcpStream> server;  // of `there`
  bool ok() const { return client && server; }
};

inline Task<void> accept_into(TcpListener& listener, std::unique_ptr<TcpStream>& out) {
  auto accepted = co_await listener.accept();
  if (accepted) out = std::move(*accepted);
}

inline Task<Pair> connect_pair(Stage stage) {
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
inline std::uint8_t pattern(std::size_t i) {
  return static_cast<std::uint8_t>((i * 2654435761U) >> 13 ^ i >> 20);
}

inline Bytes patterned(std::size_t from, std::size_t size) {
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
inline Task<void> read_all(TcpStream& stream, Received& out, std::size_t most = SIZE_MAX) {
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

inline Task<void> write_pattern(TcpStream& stream, std::size_t size, std::size_t piece,
                                std::size_t& done) {
  while (done < size) {
    auto bytes = patterned(done, std::min(piece, size - done));
    const auto count = bytes.size();
    const auto written = co_await stream.write(std::move(bytes));
    if (!written) co_return;
    done += count;
  }
}

inline Task<void> echo(TcpStream& stream) {
  while (true) {
    const auto bytes = co_await stream.read();
    if (!bytes || bytes->empty()) break;
    const auto written = co_await stream.write(to_bytes(*bytes));
    if (!written) break;
  }
  stream.shutdown();
}

inline Task<void> read_once(TcpStream& stream, std::optional<Result<Bytes>>& out) {
  const auto bytes = co_await stream.read();
  if (bytes) {
    out.emplace(to_bytes(*bytes));
  } else {
    out.emplace(std::unexpected(bytes.error()));
  }
}

/// Lets what is ready, and the events that have happened, take effect.
inline Task<void> settle(Stage stage) {
  if (stage.simulated) co_await sleep_for(stage.here.clock, std::chrono::milliseconds(100));
  // On loopback the kernel delivers within the call: some rounds of the loop are enough.
  for (int round = 0; round < 20; ++round) co_await sleep_for(stage.here.clock, Duration(0));
}

inline Task<void> echo_owned(std::unique_ptr<TcpStream> stream) { co_await echo(*stream); }

inline Task<void> serve(TcpListener& listener, TaskGroup& group) {
  while (true) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    group.spawn(echo_owned(std::move(*accepted)));
  }
}

}  // namespace p2p::runtime::test
