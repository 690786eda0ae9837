// Signing keys: our own are Ed25519; of peers we also verify secp256k1, ECDSA (P-256) and RSA.
//
// libp2p's protobuf form of these keys is in multiformats/peer_id.h; this file knows only raw keys.
#pragma once

#include <array>

#include "base/error.h"
#include "crypto/random.h"

namespace p2p::crypto {

/// The numbers are libp2p's KeyType (specs/peer-ids/peer-ids.md).
enum class KeyType { rsa = 0, ed25519 = 1, secp256k1 = 2, ecdsa = 3 };

std::string_view name_of(KeyType type);

/// A public key in its type's own encoding: Ed25519 32 bytes; secp256k1 33 bytes compressed; ECDSA
/// and RSA PKIX SubjectPublicKeyInfo in DER.
struct PublicKey {
  KeyType type = KeyType::ed25519;
  Bytes data;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

/// Checks that `key` has its type's form: sizes, a point on the curve, RSA of 2,048 to 8,192 bits.
Result<void> check_key(const PublicKey& key);

/// Verifies as libp2p does: Ed25519 pure, with S < L and no small-order key; secp256k1 and ECDSA
/// over SHA-256 with a DER signature (secp256k1: low and high S both accepted); RSA PKCS#1 v1.5
/// over SHA-256. A malformed key or signature is simply false.
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, ByteView signature);

/// An Ed25519 key pair. Every copy wipes its secret at its end.
class SigningKey {
 public:
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  static SigningKey generate(Random& random);
  static SigningKey from_seed(const std::array<std::uint8_t, 32>& seed);

  PublicKey public_key() const;
  const std::array<std::uint8_t, 32>& seed() const { return seed_; }
  /// 64 bytes.
  Bytes sign(ByteView message) const;

 private:
  explicit SigningKey(const std::array<std::uint8_t, 32>& seed);
  std::array<std::uint8_t, 32> seed_;
  std::array<std::uint8_t, 32> share_;
};

}  // namespace p2p::crypto
