// LAYERS: p2p_content
// OPTIONS: -max_len=256
// A UnixFS message decodes to what encodes to the same bytes, or not at all; and it fits a block.
#include "content/unixfs.h"

#include "content/dag_pb.h"
#include "fuzz/require.h"

using namespace p2p;
using content::UnixFs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView message(data, size);
  const auto node = content::decode_unixfs(message);
  if (!node) {
    require(!node.error().why.empty());
    return 0;
  }
  require(equal(content::encode_unixfs(*node), message));
  require(node->block_sizes.size() <= size / 2);
  if (node->data) require(node->data->size() < size);
  if (node->is_file()) {
    std::uint64_t sum = node->data ? node->data->size() : 0;
    for (const auto part : node->block_sizes) sum += part;
    require(node->file_size.value_or(sum) == sum);
  }
  if (node->type == UnixFs::Type::shard) require(node->fanout && *node->fanout % 8 == 0);
  if (node->is_file() && node->file_size && node->block_sizes.empty() && node->data &&
      !node->data->empty() && !node->hash_type && !node->fanout) {
    // A leaf's frame is the same bytes without having the content in hand.
    const auto frame = content::leaf_frame(node->data->size(), node->type, node->metadata);
    content::PbNode around;
    around.data = to_bytes(message);
    Bytes block = frame.head;
    append(block, *node->data);
    append(block, frame.tail);
    require(equal(content::encode_dag_pb(around), block));
  }
  return 0;
}
