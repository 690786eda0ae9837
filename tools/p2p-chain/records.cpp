#include "records.h"

#include <algorithm>

#include "base/basen.h"
#include "base/endian.h"

namespace p2p::chaintool {

namespace {

std::string hex32(std::uint32_t value) {
  std::uint8_t raw[4];
  store_be(raw, value);
  return hex_encode(raw);
}

record::Record header_record(const chain::BlockHeader& header, const chain::BlockId& id,
                             std::uint32_t height, const chain::U256& work) {
  record::Record out("block");
  out.set("id", shown(id))
      .set("height", height)
      .set("time", header.time)
      .set("bits", hex32(header.bits))
      .set("work", work.hex())
      .set("cid", chain::header_cid(id).text());
  if (!header.prev.is_zero()) out.set("prev", shown(header.prev));
  return out;
}

void add_body(record::Record& out, const chain::Block& block, ByteView raw) {
  out.set("txs", block.txs.size())
      .set("block_cid", chain::block_cid(raw).text())
      .set("size", raw.size());
  const chain::Transaction& first = block.txs.front();
  if (first.type == chain::TxType::coinbase) out.set("miner", first.to.text());
}

}  // namespace

Bytes shown(const chain::BlockId& id) {
  Bytes out(id.bytes.begin(), id.bytes.end());
  std::reverse(out.begin(), out.end());
  return out;
}

record::Record tip_record(const chain::ChainParams& params, const chain::StoredHeader& tip) {
  record::Record out("tip");
  out.set("id", shown(tip.id))
      .set("height", tip.height)
      .set("work", tip.chainwork.hex())
      .set("time", tip.header.time)
      .set("chain", params.spec().name)
      .set("genesis", shown(params.genesis_id()));
  return out;
}

record::Record tip_record(const chain::ChainParams& params, const chain::HeaderNode& tip) {
  chain::StoredHeader stored;
  stored.header = tip.header;
  stored.id = tip.id;
  stored.height = tip.height;
  stored.chainwork = tip.chainwork;
  return tip_record(params, stored);
}

record::Record block_record(const chain::StoredHeader& header, const std::optional<Bytes>& raw) {
  record::Record out = header_record(header.header, header.id, header.height, header.chainwork);
  out.set("active", header.active);
  if (!raw) return out;
  if (const auto block = chain::Block::decode(*raw)) add_body(out, *block, *raw);
  return out;
}

record::Record block_record(const chain::HeaderNode& node, const chain::Block& block) {
  record::Record out = header_record(node.header, node.id, node.height, node.chainwork);
  out.set("active", true);
  add_body(out, block, block.encode());
  return out;
}

record::Record tx_record(const chain::Transaction& tx,
                         const std::optional<chain::TransactionPlace>& place) {
  using chain::TxType;
  record::Record out("tx");
  out.set("cid", tx.id().text()).set("kind", name_of(tx.type));
  if (tx.is_signed()) out.set("from", tx.from.text());
  if (tx.type == TxType::transfer || tx.type == TxType::coinbase) {
    out.set("to", tx.to.text()).set("amount", tx.amount);
  }
  if (tx.is_signed()) out.set("fee", tx.fee).set("nonce", tx.nonce);
  if (tx.type == TxType::anchor) out.set("data", tx.data);
  if (place) out.set("block", shown(place->block)).set("height", place->height);
  return out;
}

}  // namespace p2p::chaintool
