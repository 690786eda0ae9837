// Hash functions, by the names multicodec gives them. All have a multihash code (hash_code_of in
// multiformats/multihash.h) but crc32c, whose name is ours: the table's "crc32" is another
// polynomial.
//
// Some give digests of any size. BLAKE2's size is a parameter, so that each size is a function of
// its own, which its name says: blake2b-8 to blake2b-512 and blake2s-8 to blake2s-256, in steps of
// 8 bits. Of the extendable ones (BLAKE3, SHAKE) a shorter digest is the beginning of a longer one;
// bare, their names mean the size that go-multihash gives them, and another is named as in
// blake3-512.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace p2p::crypto {

enum class HashFunction : std::uint8_t {
  md5,
  sha1,
  sha2_224,
  sha2_256,
  sha2_384,
  sha2_512,
  sha2_512_224,
  sha2_512_256,
  sha3_224,
  sha3_256,
  sha3_384,
  sha3_512,
  keccak_224,
  keccak_256,
  keccak_384,
  keccak_512,
  shake_128,
  shake_256,
  blake2b,
  blake2s,
  blake3,
  dbl_sha2_256,
  crc32c,
};

/// The longest digest that is to be had of an extendable function: go-multihash's bound for BLAKE3.
inline constexpr std::size_t kMaxExtended = 128;

/// A function and the size of its digest.
class HashAlg {
 public:
  static const HashAlg md5;           ///< RFC 1321; broken: for reading what others wrote
  static const HashAlg sha1;          ///< FIPS 180-4; broken: for reading what others wrote
  static const HashAlg sha2_224;      ///< FIPS 180-4
  static const HashAlg sha2_256;      ///< FIPS 180-4
  static const HashAlg sha2_384;      ///< FIPS 180-4
  static const HashAlg sha2_512;      ///< FIPS 180-4
  static const HashAlg sha2_512_224;  ///< FIPS 180-4, SHA-512/224: no part of SHA-512
  static const HashAlg sha2_512_256;  ///< FIPS 180-4, SHA-512/256: not the first half of SHA-512
  static const HashAlg sha3_224;      ///< FIPS 202
  static const HashAlg sha3_256;      ///< FIPS 202
  static const HashAlg sha3_384;      ///< FIPS 202
  static const HashAlg sha3_512;      ///< FIPS 202
  static const HashAlg keccak_224;    ///< SHA-3's submission, before its padding was changed
  static const HashAlg keccak_256;    ///< as keccak_224; Ethereum's hash
  static const HashAlg keccak_384;    ///< as keccak_224
  static const HashAlg keccak_512;    ///< as keccak_224
  static const HashAlg shake_128;     ///< FIPS 202, of 32 bytes
  static const HashAlg shake_256;     ///< FIPS 202, of 64 bytes
  static const HashAlg blake2b_256;   ///< RFC 7693
  static const HashAlg blake2b_512;   ///< RFC 7693
  static const HashAlg blake2s_256;   ///< RFC 7693
  static const HashAlg blake3;  ///< of 32 bytes; crypto/blake3.h hashes parts on several cores
  static const HashAlg dbl_sha2_256;  ///< SHA-256 of the SHA-256, Bitcoin's
  static const HashAlg crc32c;        ///< RFC 3720, Castagnoli's; big-endian, as tools print it

  /// Empty where `function` is none, or has no digest of `size` bytes: any but its one; 0, and
  /// those over 64 for blake2b and shake-256, 32 for blake2s and shake-128, kMaxExtended for
  /// blake3.
  static std::optional<HashAlg> of(HashFunction function, std::size_t size);
  /// The only size, or that which a bare name means; blake2's largest.
  static HashAlg usual(HashFunction function);

  constexpr HashFunction function() const { return function_; }
  constexpr std::size_t size() const { return size_; }

  friend constexpr bool operator==(HashAlg, HashAlg) = default;

 private:
  constexpr HashAlg(HashFunction function, std::uint8_t size) : function_(function), size_(size) {}

  HashFunction function_;
  std::uint8_t size_;
};

inline constexpr HashAlg HashAlg::md5{HashFunction::md5, 16};
inline constexpr HashAlg HashAlg::sha1{HashFunction::sha1, 20};
inline constexpr HashAlg HashAlg::sha2_224{HashFunction::sha2_224, 28};
inline constexpr HashAlg HashAlg::sha2_256{HashFunction::sha2_256, 32};
inline constexpr HashAlg HashAlg::sha2_384{HashFunction::sha2_384, 48};
inline constexpr HashAlg HashAlg::sha2_512{HashFunction::sha2_512, 64};
inline constexpr HashAlg HashAlg::sha2_512_224{HashFunction::sha2_512_224, 28};
inline constexpr HashAlg HashAlg::sha2_512_256{HashFunction::sha2_512_256, 32};
inline constexpr HashAlg HashAlg::sha3_224{HashFunction::sha3_224, 28};
inline constexpr HashAlg HashAlg::sha3_256{HashFunction::sha3_256, 32};
inline constexpr HashAlg HashAlg::sha3_384{HashFunction::sha3_384, 48};
inline constexpr HashAlg HashAlg::sha3_512{HashFunction::sha3_512, 64};
inline constexpr HashAlg HashAlg::keccak_224{HashFunction::keccak_224, 28};
inline constexpr HashAlg HashAlg::keccak_256{HashFunction::keccak_256, 32};
inline constexpr HashAlg HashAlg::keccak_384{HashFunction::keccak_384, 48};
inline constexpr HashAlg HashAlg::keccak_512{HashFunction::keccak_512, 64};
inline constexpr HashAlg HashAlg::shake_128{HashFunction::shake_128, 32};
inline constexpr HashAlg HashAlg::shake_256{HashFunction::shake_256, 64};
inline constexpr HashAlg HashAlg::blake2b_256{HashFunction::blake2b, 32};
inline constexpr HashAlg HashAlg::blake2b_512{HashFunction::blake2b, 64};
inline constexpr HashAlg HashAlg::blake2s_256{HashFunction::blake2s, 32};
inline constexpr HashAlg HashAlg::blake3{HashFunction::blake3, 32};
inline constexpr HashAlg HashAlg::dbl_sha2_256{HashFunction::dbl_sha2_256, 32};
inline constexpr HashAlg HashAlg::crc32c{HashFunction::crc32c, 4};

/// What lists of algorithms offer: each function once, of BLAKE2 the sizes to which RFC 7693 gives
/// names.
std::vector<HashAlg> common_hashes();
/// "blake2b-N (8 to 512), …": the patterns of the names that lists leave out, for people.
std::string_view more_hash_names();

/// "sha2-256", "blake2b-160", "blake3", "blake3-512", …: multicodec's name, and the bits where that
/// does not say them.
std::string name_of(HashAlg alg);
/// "blake3-256" is "blake3", too.
std::optional<HashAlg> hash_by_name(std::string_view name);
/// The longest digest that it gives.
std::size_t max_size(HashFunction function);
/// Whether shorter digests are the beginnings of longer ones, so that the digest's size is whatever
/// is asked for.
bool is_extendable(HashFunction function);

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
