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

Bytes encode_link(const PbLink& link) {
  codec::ProtoWriter out;
  out.bytes(kHash, link.cid.bytes());
  if (link.name) out.text(kName, *link.name);
  if (link.tsize) out.varint(kTsize, *link.tsize);
  return out.take();
}

std::unexpected<Error> malformed(std::string why) {
  return fail(Code::parse, "dag-pb: " + std::move(why));
}

Result<PbLink> decode_link(ByteView message) {
  PbLink link;
  codec::ProtoReader reader(message);
  std::uint32_t last = 0;
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) break;
    if (field->number <= last) return malformed("link fields out of order or repeated");
    last = field->number;
    if (field->is_bytes(kHash)) {
      P2P_TRY(link.cid, multiformats::Cid::decode(field->bytes));
    } else if (field->is_bytes(kName)) {
      link.name = to_text(field->bytes);
    } else if (field->is_varint(kTsize)) {
      link.tsize = field->value;
    } else {
      return malformed("a link has an unknown field or wire type");
    }
  }
  if (link.cid.empty()) return malformed("a link without a CID");
  return link;
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
  codec::ProtoReader reader(block);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) break;
    if (field->is_bytes(kLinks)) {
      if (node.data && !node.data_first) return malformed("links on both sides of the data");
      P2P_TRY(auto link, decode_link(field->bytes));
      node.links.push_back(std::move(link));
    } else if (field->is_bytes(kData)) {
      if (node.data) return malformed("data repeated");
      node.data = to_bytes(field->bytes);
      node.data_first = node.links.empty();
    } else {
      return malformed("an unknown field or wire type");
    }
  }
  if (node.links.empty()) node.data_first = false;
  // Protobuf has many spellings of one number; only the shortest is ours.
  if (!equal(encode_dag_pb(node), block)) return malformed("numbers not in their shortest form");
  return node;
}

}  // namespace p2p::content
