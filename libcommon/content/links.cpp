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

/// codec/ knows nothing of CIDs: whether a link is one shows here. The first error is kept.
class Links {
 public:
  explicit Links(const LinkVisitor& visit) : visit_(visit) {}

  void take(Result<Cid> cid) {
    if (!outcome_) return;
    outcome_ = cid ? visit_(*cid) : fail(std::move(cid).error());
  }
  const Result<void>& outcome() const { return outcome_; }

 private:
  const LinkVisitor& visit_;
  Result<void> outcome_;
};

Result<void> cbor_links(ByteView block, const LinkVisitor& visit, codec::Form form) {
  Links links(visit);
  P2P_CHECK(
      codec::walk_dag_cbor(block, [&](ByteView bytes) { links.take(Cid::decode(bytes)); }, form));
  return links.outcome();
}

Result<void> json_links(ByteView block, const LinkVisitor& visit) {
  Links links(visit);
  P2P_CHECK(codec::walk_dag_json(block, [&](ByteView bytes) { links.take(Cid::decode(bytes)); }));
  return links.outcome();
}

Result<void> loose_json_links(ByteView block, const LinkVisitor& visit) {
  Links links(visit);
  P2P_CHECK(codec::walk_json_links(as_text(block),
                                   [&](std::string_view text) { links.take(Cid::parse(text)); }));
  return links.outcome();
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
  if (cid.codec() == Codec::dag_json) return loose_json_links(block, visit);
  return links_of(cid, block, visit);
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
