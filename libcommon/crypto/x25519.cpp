#include "crypto/x25519.h"

#include <cryptopp/donna.h>

#include "crypto/wipe.h"

namespace p2p::crypto {

X25519Pair::~X25519Pair() { wipe(secret); }

X25519Pair x25519_generate(Random& random) {
  X25519Pair pair;
  random.fill(pair.secret);
  CryptoPP::Donna::curve25519_mult(pair.share.data(), pair.secret.data());
  return pair;
}

X25519Pair x25519_from_secret(const X25519Key& secret) {
  X25519Pair pair{secret, {}};
  CryptoPP::Donna::curve25519_mult(pair.share.data(), secret.data());
  return pair;
}

std::optional<X25519Key> x25519_agree(const X25519Key& secret, const X25519Key& peer_share) {
  X25519Key shared;
  CryptoPP::Donna::curve25519_mult(shared.data(), secret.data(), peer_share.data());
  // Small-order points, and only they, give zero; no branch before all bytes are seen.
  std::uint8_t any = 0;
  for (const auto byte : shared) any |= byte;
  if (any == 0) return std::nullopt;
  return shared;
}

}  // namespace p2p::crypto
