// Transactions: dag-cbor maps, each named by its CID (dag-cbor, sha2-256 of the whole encoding).
//
//   transfer  {amount, fee, from, nonce, sig, to, type: "transfer"}
//   anchor    {data, fee, from, nonce, sig, type: "anchor"}      data: at most 1 KiB
//   coinbase  {amount, extra, height, to, type: "coinbase"}      the first of every block
//   genesis   {bits, halving, name, reward, spacing, time, type: "genesis", window}
//
// There is one encoding of a transaction, so bytes, CID and content name one another. A signature
// covers a domain tag, the id of the chain's genesis block (so that it is worthless on any other
// chain) and the map without its signature.
#pragma once

#include <array>

#include "chain/consensus/header.h"
#include "chain/ledger/address.h"
#include "crypto/keys.h"
#include "multiformats/cid.h"

namespace p2p::chain {

/// A CID, a text or a small record fits; the chain is no file store.
inline constexpr std::size_t kMaxAnchorData = 1024;
/// A coinbase's free bytes: the miner's extra nonce, and room for a name.
inline constexpr std::size_t kMaxCoinbaseExtra = 64;
/// A network's name is shown in listings and stands in its genesis.
inline constexpr std::size_t kMaxChainName = 64;
/// The largest encoding: an anchor's data and fewer than 256 bytes around it.
inline constexpr std::size_t kMaxTransactionSize = kMaxAnchorData + 256;

/// What a chain is made of; it stands in the genesis transaction, so equal specs are equal chains.
/// The defaults suit a network of laptops: a first target of 2^20 hashes, about a tenth of a
/// second, from which the first periods rise to a block a minute. Four periods times that target
/// stay below 2^256, which Bitcoin's two weeks would not.
struct ChainSpec {
  std::string name;
  std::uint64_t spacing_s = 60;
  std::uint64_t window = 144;            ///< blocks between retargets
  std::uint32_t bits = 0x1e100000;       ///< the first target, and the easiest
  std::uint64_t reward = 5'000'000'000;  ///< of the first blocks, in the smallest unit
  std::uint64_t halving = 210'000;       ///< blocks between halvings of the reward
  std::uint32_t time = 1'767'225'600;    ///< of the genesis block: 2026-01-01 00:00 UTC

  friend bool operator==(const ChainSpec&, const ChainSpec&) = default;
};

/// The digest in a transaction's CID.
struct TxId {
  Hash32 digest{};

  multiformats::Cid cid() const;
  std::string text() const { return cid().text(); }

  friend auto operator<=>(const TxId&, const TxId&) = default;
};

enum class TxType { genesis, coinbase, transfer, anchor };

std::string_view name_of(TxType type);

/// Flat: a type uses the fields that its map has, and leaves the others at their defaults.
struct Transaction {
  TxType type = TxType::anchor;
  Address from;
  Address to;
  std::uint64_t amount = 0;
  std::uint64_t fee = 0;
  std::uint64_t nonce = 0;   ///< how many transactions `from` had confirmed before this one
  std::uint64_t height = 0;  ///< of the coinbase's block, so that no two coinbases are equal
  Bytes data;                ///< an anchor's data, a coinbase's extra
  std::array<std::uint8_t, 64> signature{};
  ChainSpec spec;  ///< of genesis

  static Transaction transfer(const Address& from, const Address& to, std::uint64_t amount,
                              std::uint64_t fee, std::uint64_t nonce);
  static Transaction anchor(const Address& from, Bytes data, std::uint64_t fee,
                            std::uint64_t nonce);
  static Transaction coinbase(std::uint64_t height, const Address& to, std::uint64_t amount,
                              Bytes extra);

  /// Whether it is one that people submit: transfer or anchor.
  bool is_signed() const { return type == TxType::transfer || type == TxType::anchor; }

  Bytes encode() const;
  /// The whole of `raw`, in its one canonical form.
  static Result<Transaction> decode(ByteView raw);
  TxId id() const;

  /// `key` must be that of `from`.
  void sign(const crypto::SigningKey& key, const BlockId& genesis);
  [[nodiscard]] bool signature_valid(const BlockId& genesis) const;

  friend bool operator==(const Transaction&, const Transaction&) = default;

 private:
  Bytes signed_message(const BlockId& genesis) const;
};

}  // namespace p2p::chain
