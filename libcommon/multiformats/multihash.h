// Multihash: a digest that names its function, https://github.com/multiformats/multihash.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/hash.h"

namespace p2p::multiformats {

/// Hash functions of the multicodec table. Any other code is a valid value too.
enum class HashCode : std::uint64_t {
  identity = 0x00,
  sha1 = 0x11,
  sha2_256 = 0x12,
  sha2_512 = 0x13,
  sha3_512 = 0x14,
  sha3_384 = 0x15,
  sha3_256 = 0x16,
  sha3_224 = 0x17,
  shake_128 = 0x18,
  shake_256 = 0x19,
  keccak_224 = 0x1a,
  keccak_256 = 0x1b,
  keccak_384 = 0x1c,
  keccak_512 = 0x1d,
  blake3 = 0x1e,
  sha2_384 = 0x20,
  dbl_sha2_256 = 0x56,
  md5 = 0xd5,
  sha2_224 = 0x1013,
  sha2_512_224 = 0x1014,
  sha2_512_256 = 0x1015,
  ripemd_160 = 0x1053,
  blake2b_8 = 0xb201,  ///< and so on, a code for each further byte
  blake2b_256 = 0xb220,
  blake2b_512 = 0xb240,
  blake2s_8 = 0xb241,  ///< as blake2b
  blake2s_256 = 0xb260,
};

/// The table's name, "sha2-256"; a code without one as "0x1234".
std::string name_of(HashCode code);
std::optional<HashCode> hash_code_by_name(std::string_view name);

/// Empty for crc32c, the one function of ours that the table does not have. Digests of all sizes of
/// an extendable function have one code.
std::optional<HashCode> hash_code_of(crypto::HashAlg alg);
/// Of its usual size, where the code does not say it. Empty for functions that we cannot compute,
/// and for identity.
std::optional<crypto::HashAlg> hash_alg_of(HashCode code);

/// kubo's bound for identity digests, and twice the longest digest of any hash function.
inline constexpr std::size_t kMaxDigestSize = 128;

/// Ordered and compared by code, then digest.
class Multihash {
 public:
  /// Identity of no bytes.
  Multihash() = default;

  /// Hashes `data`; `alg` must have a code.
  static Multihash of(crypto::HashAlg alg, ByteView data);
  /// Takes a digest as it is. One longer than the function gives, or than kMaxDigestSize, is
  /// Code::parse; shorter ones are truncated digests, which the format allows.
  static Result<Multihash> wrap(HashCode code, ByteView digest);

  /// The whole of `bytes`.
  static Result<Multihash> decode(ByteView bytes);
  /// Reads one from the front of `in` and removes it; on error `in` is unchanged.
  static Result<Multihash> read(ByteView& in);

  HashCode code() const { return code_; }
  const Bytes& digest() const { return digest_; }
  /// What a whole digest of this code and size is of: empty where we cannot compute the function,
  /// or where the digest is a truncated one.
  std::optional<crypto::HashAlg> algorithm() const;
  Bytes encode() const;

  /// Whether this is the hash of `data`, truncated where the digest is; Code::unsupported where we
  /// cannot compute the function.
  Result<bool> matches(ByteView data) const;

  friend auto operator<=>(const Multihash&, const Multihash&) = default;

 private:
  Multihash(HashCode code, Bytes digest) : code_(code), digest_(std::move(digest)) {}

  HashCode code_ = HashCode::identity;
  Bytes digest_;
};

}  // namespace p2p::multiformats
