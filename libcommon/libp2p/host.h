// A libp2p host over TCP: listens, dials, and keeps one set of connections on which protocols open
// and accept streams. Start here.
//
// Tasks of a host's members end with an error when the host is destroyed under them.
//
// The protocols themselves (multistream.h, noise.h, yamux.h, joined in upgrade.h) are state
// machines without I/O; the host drives them from runtime::Net.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "crypto/keys.h"
#include "libp2p/identify.h"
#include "libp2p/phase.h"
#include "libp2p/stream.h"
#include "multiformats/multiaddr.h"
#include "multiformats/peer_id.h"
#include "runtime/runtime.h"

namespace p2p::libp2p {

/// Filled while a dial goes on, so that a failed or timed-out one still tells how far it came.
struct DialTrace {
  Phase phase = Phase::resolve;    ///< the step that was reached
  std::map<Phase, Duration> took;  ///< how long each finished step took
  std::string address;             ///< that was dialed, without /p2p: a name's is behind the name
  std::string security;            ///< "/noise"
  std::string muxer;               ///< "/yamux/1.0.0"
  bool early_muxer = false;        ///< negotiated inside the Noise handshake
};

struct HostLimits {
  /// All of a connection's opening (multistream, Noise, muxer), in total, not a read.
  Duration handshake{std::chrono::seconds(10)};
  /// Unauthenticated connections at one time; go-libp2p's transient scope has 64, 32 of them
  /// inbound.
  std::size_t pending_inbound = 32;
  std::size_t pending_outbound = 64;
  /// Established ones. A newcomer past it takes the place of one from the network (of one operator,
  /// as far as that can be told: an IPv4 /24, an IPv6 /48) that has most of them, if its own has
  /// fewer; else it is refused.
  std::size_t connections = 256;
  std::size_t connections_per_peer = 8;
  std::size_t streams_per_connection = 512;
  /// Bytes that all connections together hold for their streams, received and unread or written and
  /// unsent; past it the connection that holds most is ended. A connection's own bounds would let
  /// strangers make us hold gigabytes; go-libp2p's system scope begins at 128 MiB too.
  std::uint64_t held = 128 << 20;
};

struct HostConfig {
  explicit HostConfig(crypto::SigningKey identity);
  crypto::SigningKey key;
  std::string agent;  ///< "p2p-utils/0.1.0" unless set
  HostLimits limits;
  Log log;
};

/// Takes part in what happens to peers. The calls come from the ready queue, never from inside a
/// call to the host. Default methods do nothing.
class HostObserver {
 public:
  virtual ~HostObserver() = default;
  /// The first connection to a peer stands (secured and multiplexed).
  virtual void on_connected(const PeerId&, const Multiaddr& /*remote*/, bool /*outbound*/) {}
  /// Identify answered, or a push changed what we know.
  virtual void on_identified(const Identity&) {}
  /// The last connection to a peer is gone.
  virtual void on_disconnected(const PeerId&, const Error& /*why*/) {}
  /// A connection from outside failed before it stood.
  virtual void on_inbound_failed(const Multiaddr& /*remote*/, Phase, const Error&) {}
};

class Host {
 public:
  Host(runtime::Runtime runtime, HostConfig config);
  ~Host();  ///< resets what is open
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const PeerId& id() const;
  runtime::Runtime runtime() const;

  /// Listens at an /ip4 or /ip6 …/tcp/PORT address (port 0: any). Returns the address with its real
  /// port, without /p2p.
  Result<Multiaddr> listen(const Multiaddr& at);
  /// The addresses we can be dialed at, with /p2p/ID; an unspecified address (0.0.0.0) is expanded
  /// to the interfaces'.
  std::vector<Multiaddr> addresses() const;

  /// Connects, or returns at once where a connection to the address's /p2p peer stands. Names
  /// (/dns, /dns4, /dns6, /dnsaddr) are resolved; where there are several addresses, another one is
  /// tried every 250 ms, or when one fails, until the first connection stands. Without a /p2p part
  /// any identity is accepted. The caller sets the overall deadline; the handshake has its own.
  /// `trace`, if given, must outlive the task; it tells of the address that came furthest.
  Task<Result<PeerId>> connect(Multiaddr to, DialTrace* trace = nullptr);
  /// The same with all addresses of one peer, best first. Code::invalid_argument where there is
  /// none, or where they name several peers.
  Task<Result<PeerId>> connect(std::vector<Multiaddr> addrs, DialTrace* trace = nullptr);
  /// Connects even where a connection stands; p2p-probe measures with it.
  Task<Result<PeerId>> dial(Multiaddr to, DialTrace* trace = nullptr);

  /// Opens a stream on a standing connection, speaking the first of `protocols` that the peer has
  /// (lazily, without a round trip, where there is one only).
  Task<Result<std::unique_ptr<Stream>>> open(PeerId peer, std::vector<std::string> protocols);

  using Handler = std::function<Task<void>(std::unique_ptr<Stream>)>;
  /// Serves a protocol; it is advertised by identify, and peers told by push. The host itself
  /// serves identify, identify push and ping.
  void handle(std::string protocol, Handler handler);
  /// Ends the service and destroys the handler's calls that are under way, so that an object which
  /// serves a protocol calls it in its destructor.
  void unhandle(const std::string& protocol);

  /// Identify's answer for a connected peer, waiting for it where it is under way.
  Task<Result<Identity>> identity_of(PeerId peer);
  /// What is known now, or nullptr.
  const Identity* known_identity(const PeerId& peer) const;

  bool connected(const PeerId& peer) const;
  std::vector<PeerId> peers() const;
  /// Closes every connection to the peer (GoAway, then FIN).
  void disconnect(const PeerId& peer);
  /// Ends the connections to this peer and refuses others, from and to it, from now on.
  void ban(const PeerId& peer);
  bool banned(const PeerId& peer) const;
  /// Takes a ban back.
  void unban(const PeerId& peer);
  /// Takes leave: stops listening, lets what was written leave, and closes every connection in
  /// order. Takes `patience` at most, after which peers that have not closed their side are left
  /// behind. To be awaited before a program ends whose last words matter.
  Task<void> close(Duration patience = std::chrono::seconds(1));

  void add_observer(HostObserver& observer);
  void remove_observer(HostObserver& observer);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace p2p::libp2p
