// A libp2p connection over one byte stream (specs/connections): multistream-select agrees on
// /noise, Noise secures it and finds out who the peer is, then yamux, agreed on inside the Noise
// handshake where both sides can, else by multistream-select once more. A state machine: bytes in,
// bytes out.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "libp2p/multistream.h"
#include "libp2p/phase.h"
#include "libp2p/secure.h"
#include "libp2p/yamux.h"

namespace p2p::libp2p {

inline constexpr std::string_view kNoise = "/noise";
inline constexpr std::string_view kYamux = "/yamux/1.0.0";

struct ConnectionConfig {
  explicit ConnectionConfig(crypto::SigningKey identity) : key(std::move(identity)) {}
  crypto::SigningKey key;
  std::optional<PeerId> expected;  ///< who must be at the other end
  bool early_muxer = true;         ///< offer the muxer inside the Noise handshake
  /// For the whole opening; a peer that sends a byte now and then gains nothing.
  Duration handshake{std::chrono::seconds(10)};
  YamuxConfig yamux;
};

class Connection {
 public:
  enum class Role { dialer, listener };

  /// `random` must outlive the handshake.
  Connection(Role role, ConnectionConfig config, crypto::Random& random, Time now);

  /// Takes all of `wire`. On an error the connection is dead: send what produce() still gives, then
  /// close. While the peer is not authenticated at most kMaxHandshakeMessage bytes are held.
  Result<void> receive(ByteView wire, Time now);
  /// Appends bytes for the wire to `out`, until nothing is left or about `at_most` were added (one
  /// Noise frame may pass it), and returns how many.
  std::size_t produce(Bytes& out, std::size_t at_most, Time now);
  bool has_output() const;
  /// When tick must be called, at the latest.
  Time deadline() const;
  /// Code::timeout when the handshake took too long or the peer is dead.
  Result<void> tick(Time now);

  /// The step it is in: negotiate, secure, multiplex, and then done.
  Phase phase() const;
  /// Secured and multiplexed.
  bool established() const { return mux_.has_value(); }

  // Once phase() is past secure.
  const PeerId& remote() const { return channel_->remote(); }
  const crypto::PublicKey& remote_key() const { return channel_->remote_key(); }
  /// The muxer was agreed on inside the Noise handshake.
  bool early_muxer() const { return !channel_->early_muxer().empty(); }

  /// Once established: open, write, read and close streams here.
  Yamux& mux() { return *mux_; }
  const Yamux& mux() const { return *mux_; }

 private:
  Result<void> receive_plain(ByteView plain, Time now);
  Result<void> on_secured(Time now);
  void start_mux(Time now);
  void seal(ByteView plain);

  Role role_;
  ConnectionConfig config_;
  crypto::Random& random_;
  Time handshake_ends_;
  std::optional<Multistream> select_;  // of the security protocol, then of the muxer
  std::optional<SecureChannel> channel_;
  std::optional<Yamux> mux_;
  Bytes out_;  // of the opening, ready for the wire
};

}  // namespace p2p::libp2p
