#include "content/links.h"

#include "codec/dag_cbor.h"
#include "codec/dag_json.h"
#include "codec/json.h"
#include "content/dag_pb.h"

namespace p2p::content {

using multiformats::Cid;
using multiformats::Codec;

namespace {

Result<void> pb_links(ByteView block, const LinkVisitor& visit) {
  PbReader reader(block);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) return {};
    if (field->is_link) P2P_CHECK(visit(field->cid));
  }
}

/// codec/ knows nothing of CIDs: whether a link is one shows here.
class Decode {
 public:
  explicit Decode(const LinkVisitor& visit) : visit_(visit) {}

  void operator()(ByteView bytes) {
    if (!outcome) return;
    auto cid = Cid::decode(bytes);
    if (cid) {
      outcome = visit_(*cid);
    } else {
      outcome = fail(std::move(cid).error());
    }
  }

  Result<void> outcome;

 private:
  const LinkVisitor& visit_;
};

Result<void> cbor_links(ByteView block, const LinkVisitor& visit, codec::Form form) {
  Decode decode(visit);
  P2P_CHECK(codec::walk_dag_cbor(block, std::ref(decode), form));
  return decode.outcome;
}

Result<void> json_links(ByteView block, const LinkVisitor& visit) {
  Decode decode(visit);
  P2P_CHECK(codec::walk_dag_json(block, std::ref(decode)));
  return decode.outcome;
}

/// Recursion is bounded by the parser's depth.
Result<void> loose_json_links(const codec::Value& value, const LinkVisitor& visit) {
  if (const auto* list = value.list()) {
    for (const auto& item : *list) P2P_CHECK(loose_json_links(item, visit));
  } else if (const auto* map = value.map()) {
    if (map->size() == 1 && map->front().first == "/" && map->front().second.text()) {
      P2P_TRY(const auto cid, Cid::parse(*map->front().second.text()));
      return visit(cid);
    }
    for (const auto& [key, item] : *map) P2P_CHECK(loose_json_links(item, visit));
  }
  return {};
}

}  // namespace

Result<void> links_of(const Cid& cid, ByteView block, const LinkVisitor& visit) {
  switch (cid.codec()) {
    case Codec::dag_pb:
      return pb_links(block, visit);
    case Codec::dag_cbor:
      return cbor_links(block, visit, codec::Form::canonical);
    case Codec::dag_json:
      return json_links(block, visit);
    default:
      return {};
  }
}

Result<void> loose_links_of(const Cid& cid, ByteView block, const LinkVisitor& visit) {
  if (cid.codec() == Codec::dag_cbor) return cbor_links(block, visit, codec::Form::any);
  if (cid.codec() != Codec::dag_json) return links_of(cid, block, visit);
  P2P_TRY(const auto value, codec::parse_json(as_text(block)));
  return loose_json_links(value, visit);
}

bool knows_links(Codec codec) {
  switch (codec) {
    case Codec::raw:
    case Codec::cbor:
    case Codec::json:
    case Codec::dag_pb:
    case Codec::dag_cbor:
    case Codec::dag_json:
      return true;
    default:
      return false;
  }
}

}  // namespace p2p::content
