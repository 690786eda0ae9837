// The message cache of gossipsub-v1.0.md ("Message Cache"): the last windows' messages, to gossip
// about and to answer IWANT from.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "libp2p/gossipsub/message.h"

namespace p2p::libp2p::gossipsub {

class MessageCache {
 public:
  /// The windows hold at most this much; the oldest messages go first.
  static constexpr std::size_t kMaxBytes = 64 << 20;

  MessageCache(std::size_t history, std::size_t gossip, std::size_t most_bytes = kMaxBytes)
      : gossip_(gossip), most_bytes_(most_bytes), windows_(history) {}

  void put(MessageId id, MessagePtr message);
  /// The message, or null.
  MessagePtr get(const MessageId& id) const;
  /// The message for an IWANT of `peer`, counting how often it asked; null if absent or asked for
  /// more than `most` times.
  MessagePtr get_for(const MessageId& id, const PeerId& peer, std::size_t most);
  /// The messages of a topic in the windows that are gossiped about, oldest first.
  std::vector<MessagePtr> gossip(const std::string& topic) const;
  /// A heartbeat passed: the oldest window is forgotten.
  void shift();
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    MessagePtr message;
    std::map<PeerId, std::size_t> sent;
    std::size_t size = 0;
  };
  void erase(const MessageId& id);

  std::size_t gossip_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::map<MessageId, Entry> entries_;
  std::deque<std::deque<MessageId>> windows_;  ///< newest first; ids within in order of arrival
};

}  // namespace p2p::libp2p::gossipsub
