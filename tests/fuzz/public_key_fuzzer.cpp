// LAYERS: p2p_crypto
// OPTIONS: -max_len=700
// Hostile keys and signatures: nothing crashes, a key that does not pass the check verifies
// nothing, and a signature that was not made by the key does not verify.
#include <algorithm>

#include "crypto/keys.h"
#include "fuzz/require.h"

using namespace p2p;

/// Input: a byte for the key's type, one for its length in units of two bytes, key, signature.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ByteView rest(data + 2, size - 2);
  const std::size_t key_size =
      std::min<std::size_t>(rest.size(), std::size_t{data[1]} * 2 + data[0] / 128);
  const crypto::PublicKey key{static_cast<crypto::KeyType>(data[0] % 4),
                              to_bytes(rest.first(key_size))};
  const auto signature = rest.subspan(key_size);
  // OpenSSL takes long to read a key, and is not instrumented: more tries teach little.
  const bool der = key.type == crypto::KeyType::rsa || key.type == crypto::KeyType::ecdsa;
  if (der && !one_in(16, ByteView(data, size))) return 0;
  const bool sound = crypto::check_key(key).has_value();
  // Verifying under a sound key takes far longer than all the rest.
  if (sound && !one_in(16, ByteView(data, size))) return 0;
  const bool verified = crypto::verify(key, as_bytes("sign me"), signature);
  require(sound || !verified);
  // A maker of keys can make one signature serve two messages under ECDSA; mutation cannot.
  require(!verified || !crypto::verify(key, as_bytes("sign mE"), signature));
  return 0;
}
