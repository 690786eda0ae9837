#include "libp2p/gossipsub/seen_cache.h"

namespace p2p::libp2p::gossipsub {

bool SeenCache::add(const MessageId& id, Time now) {
  const auto [place, fresh] = ids_.insert(id);
  if (!fresh) return false;
  order_.emplace_back(now + ttl_, place);
  if (order_.size() > most_) drop_oldest();
  return true;
}

void SeenCache::expire(Time now) {
  while (!order_.empty() && order_.front().first <= now) drop_oldest();
}

void SeenCache::drop_oldest() {
  ids_.erase(order_.front().second);
  order_.pop_front();
}

}  // namespace p2p::libp2p::gossipsub
