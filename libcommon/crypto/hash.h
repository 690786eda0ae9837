// Hash functions, by the names multicodec gives them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace p2p::crypto {

enum class HashAlg { sha2_256, sha2_512, sha3_256, keccak_256, blake2b_256, dbl_sha2_256 };

/// "sha2-256", …: the multicodec name.
std::string_view name_of(HashAlg alg);
std::optional<HashAlg> hash_by_name(std::string_view name);
std::size_t digest_size(HashAlg alg);

using Digest32 = std::array<std::uint8_t, 32>;

/// A running hash. Movable, not copyable.
class Hasher {
 public:
  explicit Hasher(HashAlg alg);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(ByteView data);
  /// The digest of everything so far; the running hash goes on unchanged, so that transcripts can
  /// be read at any point.
  Bytes digest() const;
  /// The digest, and the hasher starts anew.
  Bytes finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Bytes hash(HashAlg alg, ByteView data);
Digest32 sha256(ByteView data);
/// SHA-256 of two parts, one after the other.
Digest32 sha256(ByteView first, ByteView second);
/// SHA-256 twice, Bitcoin's block and transaction hash.
Digest32 sha256d(ByteView data);

Digest32 hmac_sha256(ByteView key, ByteView data);

}  // namespace p2p::crypto
