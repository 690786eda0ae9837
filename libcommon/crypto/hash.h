// Hash functions, by the names multicodec gives them. All have a multihash code (hash_code_of in
// multiformats/multihash.h) but crc32c, whose name is ours: the table's "crc32" is another
// polynomial.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace p2p::crypto {

enum class HashAlg {
  sha1,          ///< broken: for reading what others wrote
  sha2_256,      ///< FIPS 180-4
  sha2_384,      ///< FIPS 180-4
  sha2_512,      ///< FIPS 180-4
  sha2_512_256,  ///< FIPS 180-4, SHA-512/256: not the first half of SHA-512
  sha3_224,      ///< FIPS 202
  sha3_256,      ///< FIPS 202
  sha3_384,      ///< FIPS 202
  sha3_512,      ///< FIPS 202
  keccak_256,    ///< SHA-3's submission, before its padding was changed; Ethereum's hash
  keccak_512,    ///< as keccak_256
  blake2b_256,   ///< RFC 7693
  blake2b_512,   ///< RFC 7693
  blake2s_256,   ///< RFC 7693
  blake3,        ///< see crypto/blake3.h, also for hashing parts on several cores
  dbl_sha2_256,  ///< SHA-256 of the SHA-256, Bitcoin's
  crc32c,        ///< RFC 3720, Castagnoli's polynomial; the digest is big-endian, as tools print it
};

/// Each once, in the order above.
std::span<const HashAlg> all_hashes();

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
/// For many messages see sha256_many in crypto/sha256_many.h, which is about twice as fast.
Digest32 sha256(ByteView data);
/// SHA-256 of two parts, one after the other.
Digest32 sha256(ByteView first, ByteView second);
/// SHA-256 twice, Bitcoin's block and transaction hash.
Digest32 sha256d(ByteView data);

Digest32 hmac_sha256(ByteView key, ByteView data);

}  // namespace p2p::crypto
