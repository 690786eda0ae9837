// Bitcoin's block header: 80 bytes, little-endian, identified by its double SHA-256.
#pragma once

#include <array>
#include <compare>
#include <functional>

#include "base/error.h"
#include "chain/consensus/u256.h"

namespace p2p::chain {

using Hash32 = std::array<std::uint8_t, 32>;

inline constexpr std::size_t kHeaderSize = 80;

/// A header's double SHA-256, in hashing order. People see it reversed, as Bitcoin shows it.
struct BlockId {
  Hash32 bytes{};

  /// 64 lower-case hex digits, reversed.
  std::string text() const;
  static Result<BlockId> parse(std::string_view text);
  /// Of exactly 32 bytes in hashing order; anything else is Code::parse.
  static Result<BlockId> from_bytes(ByteView raw);
  /// The number that must not pass the target.
  U256 number() const { return U256::from_le(bytes); }
  bool is_zero() const { return *this == BlockId(); }

  friend auto operator<=>(const BlockId&, const BlockId&) = default;
};

struct BlockHeader {
  std::int32_t version = 0;  ///< signed, and compared as such
  BlockId prev;
  Hash32 merkle_root{};
  std::uint32_t time = 0;  ///< seconds since 1970
  std::uint32_t bits = 0;  ///< compact target
  std::uint32_t nonce = 0;

  std::array<std::uint8_t, kHeaderSize> encode() const;
  /// Of exactly 80 bytes; every such string is a header.
  static Result<BlockHeader> decode(ByteView raw);
  BlockId id() const;

  friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

/// For tables that are looked up in and never iterated. Ids carry proof of work, so their first
/// bytes (the last shown) serve as the hash.
struct BlockIdHash {
  std::size_t operator()(const BlockId& id) const;
};

}  // namespace p2p::chain
