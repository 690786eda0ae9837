#include "chain/consensus/header.h"

#include <algorithm>

#include "base/endian.h"
#include "crypto/hash.h"

namespace p2p::chain {

std::string BlockId::text() const { return number().hex(); }

Result<BlockId> BlockId::parse(std::string_view text) {
  const auto number = text.size() == 64 ? U256::parse_hex(text) : std::nullopt;
  if (!number) return fail(Code::parse, "a block id has 64 hex digits");
  return BlockId{number->to_le()};
}

Result<BlockId> BlockId::from_bytes(ByteView raw) {
  BlockId id;
  if (raw.size() != id.bytes.size()) return fail(Code::parse, "a block id has 32 bytes");
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

std::array<std::uint8_t, kHeaderSize> BlockHeader::encode() const {
  std::array<std::uint8_t, kHeaderSize> out;
  store_le(&out[0], static_cast<std::uint32_t>(version));
  std::copy(prev.bytes.begin(), prev.bytes.end(), &out[4]);
  std::copy(merkle_root.begin(), merkle_root.end(), &out[36]);
  store_le(&out[68], time);
  store_le(&out[72], bits);
  store_le(&out[76], nonce);
  return out;
}

Result<BlockHeader> BlockHeader::decode(ByteView raw) {
  if (raw.size() != kHeaderSize) return fail(Code::parse, "a block header has 80 bytes");
  BlockHeader out;
  out.version = static_cast<std::int32_t>(load_le<std::uint32_t>(&raw[0]));
  std::copy_n(&raw[4], 32, out.prev.bytes.begin());
  std::copy_n(&raw[36], 32, out.merkle_root.begin());
  out.time = load_le<std::uint32_t>(&raw[68]);
  out.bits = load_le<std::uint32_t>(&raw[72]);
  out.nonce = load_le<std::uint32_t>(&raw[76]);
  return out;
}

BlockId BlockHeader::id() const { return BlockId{crypto::sha256d(encode())}; }

std::size_t BlockIdHash::operator()(const BlockId& id) const {
  return static_cast<std::size_t>(load_le<std::uint64_t>(id.bytes.data()));
}

}  // namespace p2p::chain
