// Signed envelopes and the peer records in them. RFC 0002 and RFC 0003 describe the forms; the
// domain and payload type are those that go-libp2p really uses (core/peer/record.go).
#pragma once

#include <string_view>
#include <vector>

#include "crypto/keys.h"
#include "multiformats/multiaddr.h"
#include "multiformats/peer_id.h"

namespace p2p::libp2p {

using multiformats::Multiaddr;
using multiformats::PeerId;

inline constexpr std::string_view kPeerRecordDomain = "libp2p-peer-record";
inline constexpr std::uint8_t kPeerRecordType[] = {0x03, 0x01};
/// Records of real peers take a few hundred bytes.
inline constexpr std::size_t kMaxEnvelope = 16 * 1024;

struct Envelope {
  crypto::PublicKey key;
  Bytes payload_type;
  Bytes payload;
  Bytes signature;

  static Envelope seal(const crypto::SigningKey& key, std::string_view domain,
                       ByteView payload_type, Bytes payload);
  Bytes encode() const;
  /// Proves nothing yet: Code::parse or Code::limit.
  static Result<Envelope> decode(ByteView protobuf);
  /// Decodes and verifies for `domain`: also Code::authentication.
  static Result<Envelope> open(ByteView protobuf, std::string_view domain);
};

struct PeerRecord {
  PeerId peer;
  std::uint64_t seq = 0;  ///< rises with every new record; nanoseconds since 1970, as go does
  std::vector<Multiaddr> addrs;

  Bytes encode() const;
  /// Addresses that we cannot read are left out.
  static Result<PeerRecord> decode(ByteView protobuf);
  /// As an encoded envelope.
  Bytes sign(const crypto::SigningKey& key) const;
  /// Verifies everything: the signature, and that the signer is the peer it is about.
  static Result<PeerRecord> open(ByteView envelope);
};

}  // namespace p2p::libp2p
