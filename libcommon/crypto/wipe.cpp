#include "crypto/wipe.h"

#include <openssl/crypto.h>

namespace p2p::crypto {

void wipe(MutableBytes secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace p2p::crypto
