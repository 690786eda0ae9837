// Peer ids and libp2p's key encodings, specs/peer-ids/peer-ids.md.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.h"
#include "crypto/keys.h"

namespace p2p::multiformats {

/// A multihash of the peer's PublicKey protobuf: identity for encodings of at most 42 bytes
/// (Ed25519, secp256k1), sha2-256 for longer ones. Ordered and compared by its bytes.
class PeerId {
 public:
  PeerId() = default;  ///< no peer
  static PeerId of(const crypto::PublicKey& key);
  /// A multihash that can be a peer id: identity of a valid PublicKey, or sha2-256.
  static Result<PeerId> from_bytes(ByteView multihash);
  /// "12D3Koo…", "Qm…" (base58btc), or a CIDv1 of codec libp2p-key in any multibase.
  static Result<PeerId> parse(std::string_view text);

  bool empty() const { return bytes_.empty(); }
  const Bytes& bytes() const { return bytes_; }
  std::string text() const;  ///< base58btc
  /// The key itself, where the id carries it.
  Result<crypto::PublicKey> public_key() const;
  /// Whether `key` is this peer's.
  bool matches(const crypto::PublicKey& key) const;

  friend auto operator<=>(const PeerId&, const PeerId&) = default;

 private:
  Bytes bytes_;
};

/// The PublicKey protobuf {1: Type, 2: Data}, deterministic.
Bytes encode_public_key(const crypto::PublicKey& key);
/// Strict about structure, tolerant of field order; checks the key's form.
Result<crypto::PublicKey> decode_public_key(ByteView protobuf);

/// The PrivateKey protobuf of an Ed25519 key: Data is seed ‖ public (64 bytes; 96, the legacy form
/// that repeats the public key, is read and compared).
Bytes encode_private_key(const crypto::SigningKey& key);
Result<crypto::SigningKey> decode_private_key(ByteView protobuf);

}  // namespace p2p::multiformats
