// Where peer scoring (gossipsub-v1.1.md "Peer Scoring") meets the router: what the router asks, and
// what it reports. The router works without one; every peer's score is then 0.
#pragma once

#include <string>

#include "libp2p/gossipsub/message.h"

namespace p2p::libp2p::gossipsub {

class PeerScore {
 public:
  virtual ~PeerScore() = default;

  virtual double score(const PeerId& peer) const = 0;

  virtual void on_peer(const PeerId& /*peer*/, Time /*now*/) {}
  virtual void on_peer_gone(const PeerId& /*peer*/, Time /*now*/) {}
  virtual void on_graft(const PeerId& /*peer*/, const std::string& /*topic*/, Time /*now*/) {}
  virtual void on_prune(const PeerId& /*peer*/, const std::string& /*topic*/, Time /*now*/) {}
  /// `peer` was the first to deliver a message that proved valid.
  virtual void on_first_delivery(const PeerId& /*peer*/, const Message&, Time /*now*/) {}
  virtual void on_duplicate(const PeerId& /*peer*/, const Message&, Time /*now*/) {}
  /// Bad signature, or rejected by the topic's validator (P4).
  virtual void on_invalid(const PeerId& /*peer*/, const Message&, Time /*now*/) {}
  /// P7: GRAFT within the backoff, broken IWANT promises.
  virtual void on_behaviour(const PeerId& /*peer*/, std::size_t /*count*/, Time /*now*/) {}
  /// Once a heartbeat, before the router's own work: decay.
  virtual void on_heartbeat(Time /*now*/) {}
};

}  // namespace p2p::libp2p::gossipsub
