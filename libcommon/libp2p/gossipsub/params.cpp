#include "libp2p/gossipsub/params.h"

namespace p2p::libp2p::gossipsub {

Result<void> Params::check() const {
  const auto wrong = [](std::string why) {
    return fail(Code::invalid_argument, "gossipsub parameters: " + why);
  };
  if (mcache_gossip > mcache_len) return wrong("mcache_gossip exceeds mcache_len");
  if (mcache_len == 0) return wrong("mcache_len is 0");
  if (heartbeat_interval <= Duration::zero()) return wrong("heartbeat_interval is not positive");
  if (gossip_factor < 0 || gossip_factor > 1) return wrong("gossip_factor is not within 0 to 1");
  if (opportunistic_graft_ticks == 0 || direct_connect_ticks == 0) {
    return wrong("a period of 0 heartbeats");
  }
  if (D == 0 && D_low == 0 && D_high == 0 && D_out == 0) return {};
  if (D_low > D || D > D_high) return wrong("not D_low <= D <= D_high");
  if (D_score > D_high) return wrong("D_score exceeds D_high");
  if (D_out >= D_low || 2 * D_out > D) return wrong("not D_out < D_low and D_out <= D / 2");
  return {};
}

}  // namespace p2p::libp2p::gossipsub
