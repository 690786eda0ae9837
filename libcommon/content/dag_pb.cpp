#include "content/dag_pb.h"

#include "codec/protobuf.h"

namespace p2p::content {

namespace {

// Field numbers of PBNode and PBLink.
constexpr std::uint32_t kData = 1;
constexpr std::uint32_t kLinks = 2;
constexpr std::uint32_t kHash = 1;
constexpr std::uint32_t kName = 2;
constexpr std::uint32_t kTsize = 3;

/// Protobuf's tag of a field: number and wire type, 0 for a varint and 2 for bytes.
constexpr std::uint64_t bytes_tag(std::uint32_t field) { return field << 3 | 2; }
constexpr std::uint64_t varint_tag(std::uint32_t field) { return field << 3; }

Bytes encode_link(const PbLink& link) {
  codec::ProtoWriter out;
  out.bytes(kHash, link.cid.bytes());
  if (link.name) out.text(kName, *link.name);
  if (link.tsize) out.varint(kTsize, *link.tsize);
  return out.take();
}

std::unexpected<Error> malformed(std::string why, std::size_t at) {
  return fail(Code::parse, "dag-pb: " + std::move(why) + " at byte " + std::to_string(at));
}

}  // namespace

Bytes encode_dag_pb(const PbNode& node) {
  codec::ProtoWriter out;
  if (node.data && node.data_first) out.bytes(kData, *node.data);
  for (const auto& link : node.links) out.bytes(kLinks, encode_link(link));
  if (node.data && !node.data_first) out.bytes(kData, *node.data);
  return out.take();
}

Result<PbNode> decode_dag_pb(ByteView block) {
  PbNode node;
  PbReader reader(block);
  for (;;) {
    P2P_TRY(auto field, reader.next());
    if (!field) break;
    if (field->is_link) {
      PbLink link{std::move(field->cid), std::nullopt, field->tsize};
      if (field->name) link.name = *field->name;
      node.links.push_back(std::move(link));
    } else {
      node.data = to_bytes(field->data);
      node.data_first = node.links.empty();
    }
  }
  if (node.links.empty()) node.data_first = false;
  return node;
}

Result<std::optional<PbField>> PbReader::next() {
  if (at_ == block_.size()) return std::nullopt;
  const auto start = at_;
  P2P_TRY(const auto tag, varint(block_.size()));
  PbField field;
  if (tag == bytes_tag(kLinks)) {
    if (links_ended_) return malformed("links on both sides of the data", start);
    P2P_TRY(const auto size, length(block_.size()));
    field.is_link = true;
    links_seen_ = true;
    P2P_CHECK(read_link(at_ + size, field));
  } else if (tag == bytes_tag(kData)) {
    if (data_seen_) return malformed("data repeated", start);
    P2P_TRY(const auto size, length(block_.size()));
    field.data = block_.subspan(at_, size);
    at_ += size;
    data_seen_ = true;
    links_ended_ = links_seen_;
  } else {
    return malformed("an unknown field or wire type", start);
  }
  return field;
}

Result<void> PbReader::read_link(std::size_t end, PbField& link) {
  const auto link_start = at_;
  std::uint64_t last = 0;
  while (at_ < end) {
    const auto start = at_;
    P2P_TRY(const auto tag, varint(end));
    if (tag >> 3 <= last) return malformed("link fields out of order or repeated", start);
    last = tag >> 3;
    if (tag == varint_tag(kTsize)) {
      P2P_TRY(link.tsize, varint(end));
      continue;
    }
    if (tag != bytes_tag(kHash) && tag != bytes_tag(kName)) {
      return malformed("a link has an unknown field or wire type", start);
    }
    P2P_TRY(const auto size, length(end));
    const auto bytes = block_.subspan(at_, size);
    if (tag == bytes_tag(kName)) {
      link.name = as_text(bytes);
    } else {
      auto cid = multiformats::Cid::decode(bytes);
      if (!cid) return malformed("a link's " + cid.error().why, at_);
      link.cid = std::move(*cid);
    }
    at_ += size;
  }
  if (link.cid.empty()) return malformed("a link without a CID", link_start);
  return {};
}

/// The length of a field's bytes, which stand before `end`.
Result<std::size_t> PbReader::length(std::size_t end) {
  const auto start = at_;
  P2P_TRY(const auto size, varint(end));
  if (size > end - at_) return malformed("a field longer than what it stands in", start);
  return static_cast<std::size_t>(size);
}

/// Protobuf has many spellings of one number; only the shortest is ours.
Result<std::uint64_t> PbReader::varint(std::size_t end) {
  const auto start = at_;
  std::uint64_t value = 0;
  for (int shift = 0; at_ < end && shift < 70; shift += 7) {
    const std::uint8_t byte = block_[at_++];
    if (shift == 63 && byte > 1) return malformed("a number beyond 64 bits", start);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (byte == 0 && shift > 0) return malformed("a number not in its shortest form", start);
    return value;
  }
  return malformed("a number that is cut short", start);
}

}  // namespace p2p::content
