#include "chain/ledger/block.h"

#include <algorithm>
#include <bit>

#include "chain/ledger/fields.h"
#include "crypto/hash.h"

namespace p2p::chain {

namespace {

constexpr std::uint8_t kLeafPrefix[] = {0};
constexpr std::uint8_t kNodePrefix[] = {1};

Hash32 node_hash(const Hash32& left, const Hash32& right) {
  std::array<std::uint8_t, 64> both;
  std::copy(left.begin(), left.end(), both.begin());
  std::copy(right.begin(), right.end(), both.begin() + 32);
  return crypto::sha256(kNodePrefix, both);
}

std::vector<Bytes> encode_all(const std::vector<Transaction>& txs) {
  std::vector<Bytes> out;
  out.reserve(txs.size());
  for (const Transaction& tx : txs) out.push_back(tx.encode());
  return out;
}

}  // namespace

Bytes Block::encode() const {
  Bytes out;
  codec::CborWriter writer(out);
  writer.map(2);
  writer.text("txs");
  writer.array(txs.size());
  for (const Transaction& tx : txs) writer.raw(tx.encode());
  writer.text("header");
  writer.bytes(header.encode());
  return out;
}

Result<Block> Block::decode(ByteView raw) {
  if (raw.size() > kMaxBlockSize) return fail(Code::limit, "a block is too big");
  FieldReader in(raw);
  P2P_TRY(const std::uint64_t pairs, in.map(2));
  if (pairs != 2) return fail(Code::parse, "a block has two fields");
  P2P_CHECK(in.key("txs"));
  P2P_TRY(const std::uint64_t count, in.array(kMaxBlockTransactions));
  Block out;
  for (std::uint64_t i = 0; i < count; ++i) {
    P2P_TRY(const ByteView item, in.item());
    P2P_TRY(Transaction tx, Transaction::decode(item));
    out.txs.push_back(std::move(tx));
  }
  P2P_CHECK(in.key("header"));
  P2P_TRY(const ByteView header, in.bytes(kHeaderSize));
  P2P_TRY(out.header, BlockHeader::decode(header));
  P2P_CHECK(in.end());
  return out;
}

Hash32 merkle_root(std::span<const Bytes> leaves) {
  if (leaves.empty()) return crypto::sha256({});
  if (leaves.size() == 1) return crypto::sha256(kLeafPrefix, leaves[0]);
  // The left part is the largest full tree: the greatest power of two below the count.
  const std::size_t left = std::bit_floor(leaves.size() - 1);
  return node_hash(merkle_root(leaves.first(left)), merkle_root(leaves.subspan(left)));
}

Hash32 merkle_root(const std::vector<Transaction>& txs) { return merkle_root(encode_all(txs)); }

multiformats::Cid header_cid(const BlockId& id) {
  using namespace multiformats;
  // 32 bytes are always a dbl-sha2-256 digest.
  return Cid::v1(Codec::bitcoin_block, *Multihash::wrap(HashCode::dbl_sha2_256, id.bytes));
}

multiformats::Cid block_cid(ByteView raw) {
  using namespace multiformats;
  return Cid::v1(Codec::dag_cbor, Multihash::of(crypto::HashAlg::sha2_256, raw));
}

Outcome check_transaction(const Transaction& tx) {
  const auto bad = [&](std::string why) {
    return Outcome::invalid(Rule::bad_transaction, tx.id().text() + ": " + std::move(why));
  };
  if (tx.type == TxType::transfer && tx.amount == 0) return bad("a transfer of nothing");
  if (tx.amount > kMaxCoins || tx.fee > kMaxCoins) return bad("more coins than can exist");
  if (tx.nonce >= kMaxNonce) return bad("nonce out of range");
  return Outcome::valid();
}

Outcome check_block(const Block& block, std::size_t encoded_size) {
  if (merkle_root(block.txs) != block.header.merkle_root) {
    return Outcome::of(Verdict::mutated, Rule::bad_merkle_root,
                       "its transactions are not those that its header commits to");
  }
  if (encoded_size > kMaxBlockSize) {
    return Outcome::invalid(Rule::block_too_big, std::to_string(encoded_size) + " bytes");
  }
  if (block.txs.empty() || block.txs.front().type != TxType::coinbase) {
    return Outcome::invalid(Rule::no_coinbase, "the first transaction is no coinbase");
  }
  for (std::size_t i = 0; i < block.txs.size(); ++i) {
    const Transaction& tx = block.txs[i];
    if (i > 0 && !tx.is_signed()) {
      return Outcome::invalid(Rule::no_coinbase, "transaction " + std::to_string(i) + " is a " +
                                                     std::string(name_of(tx.type)));
    }
    if (Outcome outcome = check_transaction(tx); !outcome.ok()) return outcome;
  }
  return Outcome::valid();
}

}  // namespace p2p::chain
