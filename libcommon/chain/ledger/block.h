// Blocks: a Bitcoin header and the transactions it commits to, as one dag-cbor map
// {header: bytes, txs: [transaction, …]}. This one encoding is gossiped, stored, exported and
// shown.
#pragma once

#include <span>
#include <vector>

#include "chain/consensus/outcome.h"
#include "chain/ledger/transaction.h"

namespace p2p::chain {

/// With its envelope a block fits into one gossipsub message, whose limit is 1 MiB.
inline constexpr std::size_t kMaxBlockSize = 1'000'000;
/// The smallest transaction takes about 130 bytes.
inline constexpr std::size_t kMaxBlockTransactions = kMaxBlockSize / 100;

struct Block {
  BlockHeader header;
  std::vector<Transaction> txs;

  BlockId id() const { return header.id(); }
  Bytes encode() const;
  /// The whole of `raw`, in its one canonical form, within the size limit.
  static Result<Block> decode(ByteView raw);

  friend bool operator==(const Block&, const Block&) = default;
};

/// RFC 6962's Merkle tree hash (section 2.1): leaves and inner nodes are hashed under different
/// prefixes and nothing is ever doubled, so no other list of transactions has the same root.
Hash32 merkle_root(std::span<const Bytes> leaves);
/// Over the transactions' encodings, in order.
Hash32 merkle_root(const std::vector<Transaction>& txs);

/// bitcoin-block, dbl-sha2-256: of the 80 bytes.
multiformats::Cid header_cid(const BlockId& id);
/// dag-cbor, sha2-256: of a block's whole encoding.
multiformats::Cid block_cid(ByteView raw);

/// The version that our blocks carry: BIP9's, with no bit set.
inline constexpr std::int32_t kBlockVersion = 0x20000000;
/// No chain makes more coins, so sums never overflow and amounts survive JSON's doubles.
inline constexpr std::uint64_t kMaxCoins = (std::uint64_t{1} << 53) - 1;
inline constexpr std::uint64_t kMaxNonce = kMaxCoins;

/// A transaction's fields against their ranges.
Outcome check_transaction(const Transaction& tx);

/// What needs neither ancestors nor balances: size, Merkle root (`mutated` when wrong), one
/// coinbase at the front, no genesis, fields in range. Signatures are checked where blocks are
/// connected.
Outcome check_block(const Block& block, std::size_t encoded_size);

}  // namespace p2p::chain
