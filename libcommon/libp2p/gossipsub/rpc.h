// The RPC protobuf of floodsub and gossipsub 1.0 and 1.1 (specs/pubsub/README.md and
// gossipsub-v1.1.md, "Protobuf"). Ids are bytes, whatever the schema says. Unknown fields (1.2's
// IDONTWANT, 1.3's extensions) are skipped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libp2p/gossipsub/message.h"

namespace p2p::libp2p::gossipsub {

/// What we send at most in one RPC: go-libp2p-pubsub and kubo reset a stream that announces more.
inline constexpr std::size_t kMaxRpcSize = 1 << 20;
/// What we accept: js-libp2p sends up to 4 MiB.
inline constexpr std::size_t kMaxInboundRpcSize = 4 << 20;
/// RPCs of several parts are split at this size: rust-libp2p resets a stream at 64 KiB. A single
/// message that is larger still goes out whole.
inline constexpr std::size_t kRpcSplitSize = 60 * 1024;

/// The bounds below keep what a 4 MiB RPC unpacks to within a small multiple of its size; an RPC
/// past one of them is refused whole.
inline constexpr std::size_t kMaxSubscriptionsPerRpc = 8192;
inline constexpr std::size_t kMaxMessagesPerRpc = 8192;
/// Ten IHAVEs (one heartbeat's) of MaxIHaveLength ids each.
inline constexpr std::size_t kMaxIdsPerRpc = 50'000;
inline constexpr std::size_t kMaxControlsPerRpc = 4096;  ///< of each kind
/// The specification's PX size is 16; some send more.
inline constexpr std::size_t kMaxPxPeers = 64;
/// The largest default id is js-libp2p's with an 8,192-bit RSA key (about 1.1 kB).
inline constexpr std::size_t kMaxIdSize = 2048;

struct SubOpt {
  bool subscribe = false;
  std::string topic;
  friend bool operator==(const SubOpt&, const SubOpt&) = default;
};

struct IHave {
  std::string topic;
  std::vector<Bytes> ids;
  friend bool operator==(const IHave&, const IHave&) = default;
};

struct IWant {
  std::vector<Bytes> ids;
  friend bool operator==(const IWant&, const IWant&) = default;
};

struct Graft {
  std::string topic;
  friend bool operator==(const Graft&, const Graft&) = default;
};

/// A peer named by peer exchange.
struct PxPeer {
  Bytes peer_id;
  Bytes signed_record;  ///< an envelope, or empty
  friend bool operator==(const PxPeer&, const PxPeer&) = default;
};

struct Prune {
  std::string topic;
  std::vector<PxPeer> peers;
  std::optional<std::uint64_t> backoff;  ///< seconds; 1.1 only
  friend bool operator==(const Prune&, const Prune&) = default;
};

struct Control {
  std::vector<IHave> ihave;
  std::vector<IWant> iwant;
  std::vector<Graft> graft;
  std::vector<Prune> prune;

  bool empty() const { return ihave.empty() && iwant.empty() && graft.empty() && prune.empty(); }
  friend bool operator==(const Control&, const Control&) = default;
};

struct Rpc {
  std::vector<SubOpt> subscriptions;
  std::vector<MessagePtr> publish;
  Control control;

  bool empty() const { return subscriptions.empty() && publish.empty() && control.empty(); }
};
/// Messages are compared by value.
bool operator==(const Rpc& a, const Rpc& b);

Bytes encode(const Rpc& rpc);

/// Code::parse for what is not protobuf, Code::limit past the bounds above. Ids that are empty or
/// longer than kMaxIdSize are left out.
Result<Rpc> decode_rpc(ByteView bytes);

/// The RPC as one or more, each of at most `most` bytes encoded where that is possible: lists are
/// cut between their entries, and only a single message or peer record may exceed it.
std::vector<Rpc> split(Rpc rpc, std::size_t most = kRpcSplitSize);

}  // namespace p2p::libp2p::gossipsub
