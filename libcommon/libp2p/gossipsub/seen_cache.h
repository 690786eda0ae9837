// The messages seen lately, so that each is handled once.
#pragma once

#include <deque>
#include <set>
#include <utility>

#include "libp2p/gossipsub/message.h"

namespace p2p::libp2p::gossipsub {

class SeenCache {
 public:
  /// Two minutes (the default time to live) at 1,700 messages a second, the rate that gossipsub's
  /// own bounds carry; some 40 MiB when full. The oldest go first.
  static constexpr std::size_t kMaxEntries = 200'000;

  explicit SeenCache(Duration ttl, std::size_t most = kMaxEntries) : ttl_(ttl), most_(most) {}

  /// False if it was there already. The time to live counts from the first sight.
  bool add(const MessageId& id, Time now);
  bool contains(const MessageId& id) const { return ids_.contains(id); }
  void expire(Time now);
  std::size_t size() const { return ids_.size(); }

 private:
  using Ids = std::set<MessageId>;
  void drop_oldest();

  Duration ttl_;
  std::size_t most_;
  Ids ids_;
  std::deque<std::pair<Time, Ids::iterator>> order_;  ///< by end of life
};

}  // namespace p2p::libp2p::gossipsub
