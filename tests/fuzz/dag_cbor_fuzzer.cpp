// LAYERS: p2p_codec
// OPTIONS: -max_len=256
// Strict decoding is the inverse of encoding: what decodes encodes to the same bytes, so that no
// value has two names; the check without a tree agrees.
#include <cstdlib>

#include "codec/cbor.h"
#include "codec/dag_cbor.h"

using namespace p2p;

namespace {

/// The checks without a tree.
Result<void> check(ByteView block) {
  return codec::walk_dag_cbor(block, [](ByteView) {});
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView block(data, size);
  const auto value = codec::decode_dag_cbor(block);
  const auto checked = check(block);
  require(value.has_value() == checked.has_value());
  if (!value) {
    require(value.error().why == checked.error().why);
    return 0;
  }
  const auto again = codec::encode_dag_cbor(*value);
  require(again && equal(*again, block));
  // Strict dag-cbor is CBOR.
  const auto item = codec::cbor_item_size(block, size);
  require(item && *item == size);
  return 0;
}
