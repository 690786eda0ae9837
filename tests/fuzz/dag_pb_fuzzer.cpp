// LAYERS: p2p_content
// OPTIONS: -max_len=256
// A dag-pb block decodes to a node that encodes to the same bytes, or not at all.
#include <cstdint>
#include <cstdlib>

#include "content/dag_pb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const p2p::ByteView block(data, size);
  const auto node = p2p::content::decode_dag_pb(block);
  if (!node) {
    if (node.error().why.empty()) std::abort();
    return 0;
  }
  if (!p2p::equal(p2p::content::encode_dag_pb(*node), block)) std::abort();
  for (const auto& link : node->links) {
    if (link.cid.empty()) std::abort();
  }
  return 0;
}
