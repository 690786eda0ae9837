// LAYERS: p2p_codec
// OPTIONS: -max_len=512 -only_ascii=1
// Strict decoding is the inverse of encoding, the check without a tree agrees, and strict dag-json
// is JSON; what it means survives the way through dag-cbor.
#include "codec/dag_json.h"

#include "codec/dag_cbor.h"
#include "codec/json.h"
#include "fuzz/require.h"

using namespace p2p;

namespace {

/// The checks without a tree.
Result<void> check(ByteView block) {
  return codec::walk_dag_json(block, [](ByteView) {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView block(data, size);
  const auto value = codec::decode_dag_json(block);
  const auto checked = check(block);
  require(value.has_value() == checked.has_value());
  if (!value) {
    require(value.error().why == checked.error().why);
    return 0;
  }
  const auto again = codec::encode_dag_json(*value);
  require(again && *again == as_text(block));
  // JSON reads it too, but for integers below -2^63.
  const auto json = codec::parse_json(as_text(block));
  require(json.has_value() || json.error().why.find("beyond 64 bits") != std::string::npos);
  const auto cbor = codec::encode_dag_cbor(*value);
  require(cbor.has_value());
  const auto back = codec::decode_dag_cbor(*cbor);
  require(back.has_value());
  require(codec::encode_dag_json(*back).value() == *again);
  return 0;
}
