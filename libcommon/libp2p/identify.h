// The identify protocol's messages (specs/identify) and what they tell of a peer. The host serves
// and asks by itself (identify_service.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libp2p/peer_record.h"

namespace p2p::libp2p {

inline constexpr std::string_view kIdentify = "/ipfs/id/1.0.0";
inline constexpr std::string_view kIdentifyPush = "/ipfs/id/push/1.0.0";
inline constexpr std::string_view kProtocolVersion = "ipfs/0.1.0";

/// rust-libp2p reads one message of at most 4,096 bytes; go-libp2p splits past 2 KiB.
inline constexpr std::size_t kMaxIdentifySent = 4096;
/// What we accept: go's bounds, 8 KiB a message, ten messages.
inline constexpr std::size_t kMaxIdentifyMessage = 8 * 1024;
inline constexpr int kMaxIdentifyMessages = 10;
/// As go-libp2p keeps of a peer.
inline constexpr std::size_t kMaxPeerProtocols = 1024;
inline constexpr std::size_t kMaxPeerAddrs = 500;

/// What identify told us about a peer.
struct Identity {
  PeerId peer;
  crypto::PublicKey key;
  std::string agent;             ///< agentVersion
  std::string protocol_version;  ///< protocolVersion
  std::vector<std::string> protocols;
  std::vector<Multiaddr> listen_addrs;  ///< of the signed peer record where a valid one came
  bool signed_record = false;
  std::optional<Multiaddr> observed;  ///< how the peer sees us
};

/// One Identify message. Every field may be absent.
struct IdentifyMessage {
  std::optional<std::string> protocol_version;
  std::optional<std::string> agent;
  std::optional<Bytes> public_key;
  std::vector<Bytes> listen_addrs;
  std::optional<Bytes> observed;
  std::vector<std::string> protocols;
  std::optional<Bytes> signed_record;

  Bytes encode() const;
  static Result<IdentifyMessage> decode(ByteView protobuf);
  /// Adds what a further message says, as protobuf merges: scalars replace, lists grow.
  void merge(IdentifyMessage more);

  /// Takes what is said about `peer`, whose key the secure channel has proven, over into
  /// `identity`. What is absent stays as it was (so a push says only what changed); what cannot be
  /// read or does not verify is left out. Code::mismatch where the message claims another key.
  Result<void> apply_to(Identity& identity, const crypto::PublicKey& key) const;
};

/// A message as the frames to send: the essentials fit into the first, of at most kMaxIdentifySent
/// bytes; addresses that do not fit are left out, and the signed record goes behind where both
/// would pass 2 KiB.
std::vector<Bytes> split_for_sending(IdentifyMessage message);

}  // namespace p2p::libp2p
