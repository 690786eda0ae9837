#include "content/car/format.h"

#include "base/endian.h"
#include "base/varint.h"
#include "codec/dag_cbor.h"

namespace p2p::car {

using codec::Value;
using multiformats::Cid;

namespace {

/// The characteristics' first bit, counted from the left.
constexpr std::uint8_t kFullyIndexed = 0x80;
constexpr std::size_t kCharacteristicsSize = 16;

}  // namespace

Bytes encode_v2_header(const V2Header& header) {
  Bytes out(kCharacteristicsSize);
  if (header.fully_indexed) out[0] = kFullyIndexed;
  append_le(out, header.data_offset);
  append_le(out, header.data_size);
  append_le(out, header.index_offset);
  return out;
}

Result<V2Header> decode_v2_header(ByteView bytes) {
  const auto* field = bytes.data() + kCharacteristicsSize;
  V2Header header;
  header.fully_indexed = (bytes[0] & kFullyIndexed) != 0;
  header.data_offset = load_le<std::uint64_t>(field);
  header.data_size = load_le<std::uint64_t>(field + 8);
  header.index_offset = load_le<std::uint64_t>(field + 16);
  constexpr std::uint64_t kMost = INT64_MAX;  // what a file can be long
  const auto wrong = [](const char* what) {
    return fail(Code::parse, std::string("CARv2 header: ") + what + " at byte " +
                                 std::to_string(kPragma.size()));
  };
  if (header.data_offset < kPragma.size() + kV2HeaderSize) {
    return wrong("data that overlaps the header");
  }
  if (header.data_offset > kMost || header.data_size > kMost - header.data_offset) {
    return wrong("data beyond any file's size");
  }
  if (header.index_offset != 0 && header.index_offset < header.data_offset + header.data_size) {
    return wrong("an index that overlaps the data");
  }
  if (header.index_offset > kMost) return wrong("an index beyond any file's size");
  return header;
}

Bytes encode_header(std::span<const Cid> roots) {
  Value::List links;
  for (const auto& root : roots) links.emplace_back(codec::Link{root.bytes()});
  const Value header(Value::Map{{"roots", Value(std::move(links))}, {"version", Value(1)}});
  const Bytes cbor = codec::encode_dag_cbor(header).value();  // no part of it lacks a form
  Bytes out;
  append_varint(out, cbor.size());
  append(out, cbor);
  return out;
}

Result<DecodedHeader> decode_header(ByteView cbor) {
  auto decoded = codec::decode_dag_cbor(cbor);
  if (!decoded) return fail(Code::parse, "not a CAR: its header is no dag-cbor");
  const Value* version = decoded->find("version");
  if (version == nullptr || !version->integer<std::uint64_t>()) {
    return fail(Code::parse, "not a CAR: its header has no version");
  }
  DecodedHeader header;
  header.version = *version->integer<std::uint64_t>();
  if (header.version == 2) return header;
  if (header.version != 1) {
    return fail(Code::unsupported,
                "CAR version " + std::to_string(header.version) + " is not known here");
  }
  const Value* roots = decoded->find("roots");
  if (roots == nullptr || !roots->list() || decoded->map()->size() != 2) {
    return fail(Code::parse, "a CAR header must have version and roots, and nothing else");
  }
  for (const auto& root : *roots->list()) {
    if (!root.link()) return fail(Code::parse, "a root in the CAR header is no link");
    auto cid = Cid::decode(root.link()->cid);
    if (!cid) return fail(Code::parse, "a root in the CAR header: " + cid.error().why);
    header.roots.push_back(std::move(*cid));
  }
  return header;
}

Bytes section_head(const Cid& cid, std::size_t block_size) {
  Bytes head;
  append_varint(head, cid.bytes().size() + block_size);
  append(head, cid.bytes());
  return head;
}

}  // namespace p2p::car
