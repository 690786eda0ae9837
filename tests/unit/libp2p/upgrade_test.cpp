#include "libp2p/upgrade.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/varint.h"

namespace p2p::libp2p {
namespace {

constexpr Time kStart{};

crypto::SigningKey key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return crypto::SigningKey::from_seed(seed);
}

ConnectionConfig config_of(std::uint8_t n, bool early = true) {
  ConnectionConfig config(key_of(n));
  config.early_muxer = early;
  return config;
}

struct Ends {
  Ends(ConnectionConfig dialer_config, ConnectionConfig listener_config)
      : random(3),
        dialer(Connection::Role::dialer, std::move(dialer_config), random, kStart),
        listener(Connection::Role::listener, std::move(listener_config), random, kStart) {}

  /// Carries bytes both ways, `chunk` at a time, until nothing is left.
  Result<void> run(std::size_t chunk = 100000) {
    while (dialer.has_output() || listener.has_output()) {
      P2P_CHECK(carry(dialer, listener, chunk));
      P2P_CHECK(carry(listener, dialer, chunk));
    }
    return {};
  }
  Result<void> carry(Connection& from, Connection& to, std::size_t chunk) {
    Bytes wire;
    from.produce(wire, 128 * 1024, kStart);
    for (std::size_t at = 0; at < wire.size(); at += chunk) {
      const auto part = ByteView(wire).subspan(at, std::min(chunk, wire.size() - at));
      P2P_CHECK(to.receive(part, kStart));
    }
    return {};
  }

  crypto::SeededRandom random;
  Connection dialer;
  Connection listener;
};

/// A stream from one side to the other, carrying data.
void check_stream(Ends& ends, Connection& from, Connection& to) {
  const auto id = from.mux().open();
  REQUIRE(id);
  Bytes data(200000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7);
  REQUIRE(from.mux().write(*id, data));
  REQUIRE(from.mux().close_write(*id));
  REQUIRE(ends.run());
  std::optional<YamuxStreamId> opened;
  while (const auto event = to.mux().next_event()) {
    if (event->kind == YamuxEvent::Kind::opened) opened = event->stream;
  }
  REQUIRE(opened);
  REQUIRE(to.mux().accept(*opened));
  Bytes got;
  for (;;) {
    const auto more = to.mux().read(*opened, 65536, kStart);
    REQUIRE(more);
    REQUIRE(*more);
    if ((*more)->empty()) break;
    append(got, **more);
  }
  CHECK(got == data);
}

TEST_CASE("both sides with the early muxer: no second multistream round") {
  Ends ends(config_of(1), config_of(2));
  CHECK(ends.dialer.phase() == Phase::negotiate);
  REQUIRE(ends.run());
  REQUIRE(ends.dialer.established());
  REQUIRE(ends.listener.established());
  CHECK(ends.dialer.early_muxer());
  CHECK(ends.listener.early_muxer());
  CHECK(ends.dialer.remote() == PeerId::of(key_of(2).public_key()));
  CHECK(ends.listener.remote() == PeerId::of(key_of(1).public_key()));
  check_stream(ends, ends.dialer, ends.listener);
  check_stream(ends, ends.listener, ends.dialer);
}

TEST_CASE("where one side does not offer the muxer early, multistream decides (rust-libp2p)") {
  for (const bool dialer_early : {true, false}) {
    for (std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{100000}}) {
      Ends ends(config_of(1, dialer_early), config_of(2, !dialer_early));
      REQUIRE(ends.run(chunk));
      REQUIRE(ends.dialer.established());
      REQUIRE(ends.listener.established());
      CHECK_FALSE(ends.dialer.early_muxer());
      CHECK_FALSE(ends.listener.early_muxer());
      check_stream(ends, ends.dialer, ends.listener);
      check_stream(ends, ends.listener, ends.dialer);
    }
  }
}

TEST_CASE("a dialer that proposes tls first (go) is answered na and goes on with noise") {
  crypto::SeededRandom random(5);
  Connection listener(Connection::Role::listener, config_of(1), random, kStart);
  auto select = Multistream::dialer({"/tls/1.0.0", "/noise"});
  SecureChannel channel(true, key_of(2), std::nullopt, {}, random);
  Bytes wire = select.take_output();
  for (int i = 0; i < 4 && !select.done(); ++i) {
    REQUIRE(listener.receive(wire, kStart));
    wire.clear();
    listener.produce(wire, 65536, kStart);
    ByteView in(wire);
    REQUIRE(select.receive(in));
    wire = select.take_output();
  }
  REQUIRE(select.done());
  CHECK(select.protocol() == "/noise");
  REQUIRE(listener.receive(channel.take_output(), kStart));
  CHECK(listener.phase() == Phase::secure);
}

TEST_CASE("the wrong peer is a failure of the secure phase") {
  auto config = config_of(1);
  config.expected = PeerId::of(key_of(9).public_key());
  Ends ends(std::move(config), config_of(2));
  const auto result = ends.run();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::mismatch);
  CHECK(ends.dialer.phase() == Phase::secure);
  CHECK_FALSE(ends.dialer.established());
}

TEST_CASE("the handshake has one deadline, which a byte now and then does not move") {
  crypto::SeededRandom random(5);
  Connection listener(Connection::Role::listener, config_of(1), random, kStart);
  const Bytes hello = Multistream::dialer({"/noise"}).take_output();
  Time now = kStart;
  for (std::size_t i = 0; i < 2; ++i) {
    now += std::chrono::seconds(4);
    REQUIRE(listener.tick(now));
    REQUIRE(listener.receive(ByteView(hello).subspan(i, 1), now));
    CHECK(listener.deadline() == kStart + std::chrono::seconds(10));
  }
  const auto late = listener.tick(kStart + std::chrono::seconds(10));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Code::timeout);
  CHECK(listener.phase() == Phase::negotiate);
}

/// Opens a connection with the byte at `spoiled`, of all that both send, changed. Returns how many
/// were sent until both sides took it for established, or 0 where they never did.
std::size_t open_spoiled(std::size_t spoiled) {
  Ends ends(config_of(1), config_of(2));
  std::size_t seen = 0;
  for (int round = 0; round < 8; ++round) {
    for (const bool from_dialer : {true, false}) {
      Connection& from = from_dialer ? ends.dialer : ends.listener;
      Connection& to = from_dialer ? ends.listener : ends.dialer;
      Bytes wire;
      from.produce(wire, 65536, kStart);
      if (spoiled >= seen && spoiled < seen + wire.size()) wire[spoiled - seen] ^= 0x55;
      seen += wire.size();
      if (!to.receive(wire, kStart)) return 0;
      if (ends.dialer.established() && ends.listener.established()) return seen;
    }
  }
  return 0;
}

TEST_CASE("one changed byte anywhere in the opening prevents the connection") {
  const std::size_t whole = open_spoiled(std::size_t(-1));
  REQUIRE(whole > 400);
  std::size_t got_through = 0;
  for (std::size_t at = 0; at < whole; ++at) {
    // Yamux's first ping rides behind message 3 and is not part of the opening.
    if (const std::size_t sent = open_spoiled(at); sent != 0 && at < sent - 40) ++got_through;
  }
  CHECK(got_through == 0);
}

}  // namespace
}  // namespace p2p::libp2p
