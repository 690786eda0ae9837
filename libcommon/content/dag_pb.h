// DAG-PB, https://ipld.io/specs/codecs/dag-pb/spec: the block format of UnixFS, protobuf with
// rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
/// decodes re-encodes to the same bytes. Anything else is Code::parse, with the byte offset where
/// it stands.
Result<PbNode> decode_dag_pb(ByteView block);

/// One of a block's fields, borrowed from it: a link, or the data.
struct PbField {
  bool is_link = false;
  multiformats::Cid cid;
  std::optional<std::string_view> name;
  std::optional<std::uint64_t> tsize;
  ByteView data;
};

/// Reads a block's links and data as they stand, under the same rules as decode_dag_pb, without a
/// copy of the block. It may be copied to go on later, over the same bytes.
class PbReader {
 public:
  explicit PbReader(ByteView block) : block_(block) {}

  /// The next field; nothing at the block's end.
  Result<std::optional<PbField>> next();

  /// The bytes moved, but are the same: what is read from now on stands there.
  void rebind(ByteView block) { block_ = block; }

 private:
  Result<std::uint64_t> varint(std::size_t end);
  Result<std::size_t> length(std::size_t end);
  Result<void> read_link(std::size_t end, PbField& link);

  ByteView block_;
  std::size_t at_ = 0;
  bool data_seen_ = false;
  bool links_seen_ = false;
  bool links_ended_ = false;
};

}  // namespace p2p::content
