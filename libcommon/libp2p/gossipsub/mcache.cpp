#include "libp2p/gossipsub/mcache.h"

namespace p2p::libp2p::gossipsub {

void MessageCache::put(MessageId id, MessagePtr message) {
  if (windows_.empty() || entries_.contains(id)) return;
  Entry entry;
  entry.size = encoded_size(*message) + id.size();
  entry.message = std::move(message);
  bytes_ += entry.size;
  windows_.front().push_back(id);
  entries_.emplace(std::move(id), std::move(entry));
  for (auto window = windows_.rbegin(); bytes_ > most_bytes_ && window != windows_.rend();) {
    if (window->empty()) {
      ++window;
      continue;
    }
    erase(window->front());
    window->pop_front();
  }
}

MessagePtr MessageCache::get(const MessageId& id) const {
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? nullptr : entry->second.message;
}

MessagePtr MessageCache::get_for(const MessageId& id, const PeerId& peer, std::size_t most) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return nullptr;
  std::size_t& sent = entry->second.sent[peer];
  if (sent >= most) return nullptr;
  ++sent;
  return entry->second.message;
}

std::vector<MessagePtr> MessageCache::gossip(const std::string& topic) const {
  std::vector<MessagePtr> found;
  for (std::size_t window = std::min(gossip_, windows_.size()); window-- > 0;) {
    for (const MessageId& id : windows_[window]) {
      const MessagePtr& message = entries_.at(id).message;
      if (message->topic == topic) found.push_back(message);
    }
  }
  return found;
}

void MessageCache::shift() {
  if (windows_.empty()) return;
  for (const MessageId& id : windows_.back()) erase(id);
  windows_.pop_back();
  windows_.emplace_front();
}

void MessageCache::erase(const MessageId& id) {
  const auto entry = entries_.find(id);
  bytes_ -= entry->second.size;
  entries_.erase(entry);
}

}  // namespace p2p::libp2p::gossipsub
