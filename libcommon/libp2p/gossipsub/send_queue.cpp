#include "libp2p/gossipsub/send_queue.h"

#include <iterator>

namespace p2p::libp2p::gossipsub {

SendQueue::Kind SendQueue::kind_of(const Rpc& rpc) {
  if (!rpc.subscriptions.empty() || !rpc.control.graft.empty() || !rpc.control.prune.empty()) {
    return Kind::vital;
  }
  return rpc.publish.empty() ? Kind::gossip : Kind::message;
}

bool SendQueue::push(Item item) {
  const Kind kind = kind_of(item.rpc);
  if (bytes_ + item.size > kMaxBytes && !items_.empty()) {
    if (kind == Kind::gossip) return false;
    drop_gossip(item.size);
    if (bytes_ + item.size > kMaxBytes && kind == Kind::message) return false;
  }
  bytes_ += item.size;
  if (kind == Kind::vital) vital_bytes_ += item.size;
  items_.push_back(std::move(item));
  return true;
}

void SendQueue::drop_gossip(std::size_t room) {
  for (auto item = items_.begin(); item != items_.end() && bytes_ + room > kMaxBytes;) {
    if (kind_of(item->rpc) == Kind::gossip) {
      bytes_ -= item->size;
      item = items_.erase(item);
    } else {
      ++item;
    }
  }
}

std::vector<SendQueue::Item> SendQueue::take(std::size_t most) {
  std::vector<Item> taken;
  std::size_t size = 0;
  while (!items_.empty() && (taken.empty() || size + items_.front().size <= most)) {
    Item& item = items_.front();
    size += item.size;
    bytes_ -= item.size;
    if (kind_of(item.rpc) == Kind::vital) vital_bytes_ -= item.size;
    taken.push_back(std::move(item));
    items_.pop_front();
  }
  return taken;
}

std::vector<SendQueue::Item> SendQueue::take_all() {
  std::vector<Item> all(std::make_move_iterator(items_.begin()),
                        std::make_move_iterator(items_.end()));
  items_.clear();
  bytes_ = vital_bytes_ = 0;
  return all;
}

}  // namespace p2p::libp2p::gossipsub
