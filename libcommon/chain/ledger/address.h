// Accounts are Ed25519 public keys. An address is the key itself, written as bech32m (BIP350) with
// the prefix "p2p": every single wrong character is detected, and up to four.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/keys.h"

namespace p2p::chain {

struct Address {
  std::array<std::uint8_t, 32> key{};

  /// Of an Ed25519 key; another type is Code::unsupported.
  static Result<Address> of(const crypto::PublicKey& key);
  /// Of exactly 32 bytes.
  static Result<Address> from_bytes(ByteView raw);
  /// "p2p1…", lower or upper case but not mixed, as BIP350 asks.
  static Result<Address> parse(std::string_view text);

  std::string text() const;
  crypto::PublicKey public_key() const;

  friend auto operator<=>(const Address&, const Address&) = default;
};

/// Bech32m of whole bytes, with the human-readable prefix `hrp`.
std::string bech32m_encode(std::string_view hrp, ByteView data);
/// The bytes of a bech32m text with that prefix; at most 90 characters, as BIP173 bounds it.
Result<Bytes> bech32m_decode(std::string_view hrp, std::string_view text);

}  // namespace p2p::chain
