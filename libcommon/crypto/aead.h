// ChaCha20-Poly1305 (RFC 8439), by OpenSSL: two to three times Crypto++'s rate at every size.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"

namespace p2p::crypto {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;

/// One key, set up once; sealing and opening reuse the context. Movable, not copyable.
class ChaChaPoly {
 public:
  explicit ChaChaPoly(ByteView key);  ///< 32 bytes
  ChaChaPoly(ChaChaPoly&&) noexcept;
  ChaChaPoly& operator=(ChaChaPoly&&) noexcept;
  ~ChaChaPoly();

  /// Writes ciphertext and tag to `out`, which has plaintext.size() + 16 bytes and may start where
  /// `plaintext` starts.
  void seal(ByteView nonce, ByteView ad, ByteView plaintext, MutableBytes out);
  /// Writes the plaintext to `out` (sealed.size() - 16 bytes, may start where `sealed` starts). On
  /// false nothing in `out` may be used, and it has been zeroed.
  [[nodiscard]] bool open(ByteView nonce, ByteView ad, ByteView sealed, MutableBytes out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::crypto
