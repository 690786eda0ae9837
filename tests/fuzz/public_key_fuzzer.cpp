// LAYERS: p2p_crypto
// Hostile keys and signatures: nothing crashes, a key that does not pass the check verifies
// nothing, and a signature that was not made by the key does not verify.
#include <algorithm>
#include <cstdlib>

#include "crypto/keys.h"

using namespace p2p;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

/// Input: a byte for the key's type, one for its length in units of two bytes, key, signature.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ByteView rest(data + 2, size - 2);
  const std::size_t key_size =
      std::min<std::size_t>(rest.size(), std::size_t{data[1]} * 2 + data[0] / 128);
  const crypto::PublicKey key{static_cast<crypto::KeyType>(data[0] % 4),
                              to_bytes(rest.first(key_size))};
  const auto signature = rest.subspan(key_size);
  const bool sound = crypto::check_key(key).has_value();
  const bool verified = crypto::verify(key, as_bytes("sign me"), signature);
  require(sound || !verified);
  // A maker of keys can make one signature serve two messages under ECDSA; mutation cannot.
  require(!verified || !crypto::verify(key, as_bytes("sign mE"), signature));
  return 0;
}
