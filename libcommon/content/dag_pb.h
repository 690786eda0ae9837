// DAG-PB, https://ipld.io/specs/codecs/dag-pb/spec: the block format of UnixFS, protobuf with
// rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "multiformats/cid.h"

namespace p2p::content {

struct PbLink {
  multiformats::Cid cid;
  std::optional<std::string> name;     ///< bytes; UTF-8 by custom, not by rule
  std::optional<std::uint64_t> tsize;  ///< the target's block and all below it, in bytes
};

struct PbNode {
  std::vector<PbLink> links;
  std::optional<Bytes> data;
  /// Old blocks have Data before Links. New ones must not; decoders must take both.
  bool data_first = false;
};

/// Encodes as it stands: links are not sorted. Directories sort them by the bytes of their names.
Bytes encode_dag_pb(const PbNode& node);

/// The specification's four strictness rules (fields in order, none repeated, none unknown, wire
/// types as in the schema), every link with a valid CID, and shortest varints, so that a block that
/// decodes re-encodes to the same bytes. Anything else is Code::parse.
Result<PbNode> decode_dag_pb(ByteView block);

}  // namespace p2p::content
