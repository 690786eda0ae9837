// X25519 (RFC 7748).
#pragma once

#include <array>
#include <optional>

#include "crypto/random.h"

namespace p2p::crypto {

using X25519Key = std::array<std::uint8_t, 32>;

/// Every copy wipes its secret at its end.
struct X25519Pair {
  ~X25519Pair();
  X25519Key secret{};
  X25519Key share{};  ///< the public key
};

X25519Pair x25519_generate(Random& random);
X25519Pair x25519_from_secret(const X25519Key& secret);
/// The shared secret; none where the peer's key has small order (RFC 7748, section 6.1).
std::optional<X25519Key> x25519_agree(const X25519Key& secret, const X25519Key& peer_share);

}  // namespace p2p::crypto
