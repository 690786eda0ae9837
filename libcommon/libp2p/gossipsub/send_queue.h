// What waits to be written to one peer: bounded, in order, gossip dropped first.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "libp2p/gossipsub/rpc.h"
#include "runtime/task.h"

namespace p2p::libp2p::gossipsub {

/// A message of ours on its way.
struct Publication {
  MessagePtr message;
  MessageId id;
  std::size_t queued = 0;    ///< peers it was to be sent to
  std::set<PeerId> written;  ///< peers it was written to
  std::size_t failed = 0;    ///< peers that left, or whose queue was full
  runtime::WaitList changed;

  bool settled() const { return written.size() + failed == queued; }
};
using PublicationPtr = std::shared_ptr<Publication>;

class SendQueue {
 public:
  /// A few of the largest messages. The bytes are mostly shared: a message that waits for many
  /// peers is in memory once.
  static constexpr std::size_t kMaxBytes = 4 << 20;
  /// Above it a publisher that waits is kept waiting: about what fills a connection for a moment.
  static constexpr std::size_t kHighWater = 1 << 20;
  /// Subscriptions, GRAFTs and PRUNEs are never dropped; a peer that lets this many bytes of them
  /// pile up is not reading, and is to be cut off.
  static constexpr std::size_t kMaxVital = 1 << 20;

  struct Item {
    Rpc rpc;
    PublicationPtr publication;  ///< null for what is not a message of ours
    std::size_t size = 0;        ///< encoded
  };

  /// False if the item was dropped. Gossip (IHAVE, IWANT) goes first when the queue is full, then
  /// the newest message.
  bool push(Item item);
  bool empty() const { return items_.empty(); }
  std::size_t bytes() const { return bytes_; }
  /// Whether more vital control waits than any reading peer leaves.
  bool overrun() const { return vital_bytes_ > kMaxVital; }

  /// The next items, together at most `most` bytes but at least one.
  std::vector<Item> take(std::size_t most);
  std::vector<Item> take_all();

 private:
  enum class Kind { vital, message, gossip };
  static Kind kind_of(const Rpc& rpc);
  void drop_gossip(std::size_t room);

  std::deque<Item> items_;
  std::size_t bytes_ = 0;
  std::size_t vital_bytes_ = 0;
};

}  // namespace p2p::libp2p::gossipsub
