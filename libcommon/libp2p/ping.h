// The ping protocol (specs/ping): 32 random bytes, echoed.
#pragma once

#include <memory>

#include "libp2p/host.h"

namespace p2p::libp2p {

inline constexpr std::string_view kPing = "/ipfs/ping/1.0.0";
inline constexpr std::size_t kPingSize = 32;

/// Echoes until the peer ends the stream. A host does this by itself.
void serve_ping(Host& host);

/// Measures round trips to one peer, over one stream as long as the peer keeps it: go-libp2p ends a
/// ping stream after 30 s, and then a new one is opened.
class Pinger {
 public:
  Pinger(Host& host, PeerId peer) : host_(host), peer_(std::move(peer)) {}

  /// One round trip, without the opening of a stream. The caller sets the deadline; after one that
  /// was cut off, the next opens a new stream. Code::protocol for an echo of other bytes.
  Task<Result<Duration>> ping();

 private:
  Task<Result<Duration>> once();

  Host& host_;
  PeerId peer_;
  std::unique_ptr<Stream> stream_;
  bool waiting_ = false;  // a ping is under way, or was cut off
};

/// A single ping over a stream of its own.
Task<Result<Duration>> ping(Host& host, PeerId peer);

}  // namespace p2p::libp2p
