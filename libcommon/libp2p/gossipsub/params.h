// Gossipsub's parameters, by the specification's names (gossipsub-v1.0.md "Parameters",
// gossipsub-v1.1.md "Overview of New Parameters"), with go-libp2p-pubsub's values where the
// specification leaves one open.
#pragma once

#include <cstddef>

#include "base/error.h"
#include "base/time.h"

namespace p2p::libp2p::gossipsub {

struct Params {
  std::size_t D = 6;        ///< desired outbound degree of a topic's mesh
  std::size_t D_low = 5;    ///< graft below it
  std::size_t D_high = 12;  ///< prune from it on
  std::size_t D_score = 4;  ///< best-scoring peers kept when pruning
  std::size_t D_out = 2;    ///< outbound connections kept in the mesh; < D_low, <= D/2
  std::size_t D_lazy = 6;   ///< least number of peers to gossip to
  double gossip_factor = 0.25;

  Duration heartbeat_initial_delay{std::chrono::milliseconds(100)};
  Duration heartbeat_interval{std::chrono::seconds(1)};
  std::size_t mcache_len = 5;     ///< history windows kept, in heartbeats
  std::size_t mcache_gossip = 3;  ///< of them, gossiped about
  Duration seen_ttl{std::chrono::minutes(2)};
  Duration fanout_ttl{std::chrono::seconds(60)};

  Duration prune_backoff{std::chrono::seconds(60)};
  Duration unsubscribe_backoff{std::chrono::seconds(10)};
  /// A GRAFT this soon after a PRUNE counts twice.
  Duration graft_flood_threshold{std::chrono::seconds(10)};
  /// Peers handed out with a PRUNE, where do_px says so.
  std::size_t prune_peers = 16;
  bool do_px = false;

  bool flood_publish = true;  ///< own messages go to every peer of the topic

  std::size_t max_ihave_length = 5000;    ///< ids in an IHAVE, and asked of one peer in a heartbeat
  std::size_t max_ihave_messages = 10;    ///< IHAVEs taken from one peer in a heartbeat
  std::size_t gossip_retransmission = 3;  ///< IWANTs answered for one message and peer
  Duration iwant_followup_time{std::chrono::seconds(3)};

  std::size_t direct_connect_ticks = 300;
  std::size_t opportunistic_graft_ticks = 60;
  std::size_t opportunistic_graft_peers = 2;

  /// D = D_low = D_high = D_out = 0 is a bootstrapper, which keeps no mesh.
  Result<void> check() const;
};

/// Score thresholds (gossipsub-v1.1.md "Score Thresholds"). Without scoring every score is 0, which
/// is above all of them.
struct Thresholds {
  double gossip = -10;
  double publish = -50;
  double graylist = -80;
  double accept_px = 0;
  double opportunistic_graft = 0;
};

}  // namespace p2p::libp2p::gossipsub
