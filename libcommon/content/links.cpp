#include "content/links.h"

#include "codec/dag_cbor.h"
#include "codec/dag_json.h"
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

using Walk = Result<void> (*)(ByteView, const codec::VisitLink&);

/// codec/ knows nothing of CIDs: whether a link is one shows here.
Result<void> walked_links(Walk walk, ByteView block, const LinkVisitor& visit) {
  Result<void> outcome;
  P2P_CHECK(walk(block, [&](ByteView bytes) {
    if (!outcome) return;
    auto cid = Cid::decode(bytes);
    if (cid) {
      outcome = visit(*cid);
    } else {
      outcome = fail(std::move(cid).error());
    }
  }));
  return outcome;
}

}  // namespace

Result<void> links_of(const Cid& cid, ByteView block, const LinkVisitor& visit) {
  switch (cid.codec()) {
    case Codec::dag_pb:
      return pb_links(block, visit);
    case Codec::dag_cbor:
      return walked_links(codec::walk_dag_cbor, block, visit);
    case Codec::dag_json:
      return walked_links(codec::walk_dag_json, block, visit);
    default:
      return {};
  }
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
