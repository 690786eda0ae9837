#include "content/file_importer.h"

#include "content/dag_pb.h"
#include "content/unixfs.h"

namespace p2p::content {

using multiformats::Codec;

FileImporter::FileImporter(const Profile& profile, BlockSink sink)
    : profile_(profile), sink_(std::move(sink)) {}

Result<void> FileImporter::update(ByteView data) {
  while (!data.empty()) {
    if (chunk_.empty() && data.size() >= profile_.chunk_size) {
      P2P_CHECK(add_leaf(data.first(profile_.chunk_size)));
      data = data.subspan(profile_.chunk_size);
      continue;
    }
    const std::size_t missing = profile_.chunk_size - chunk_.size();
    const auto part = data.first(std::min(missing, data.size()));
    append(chunk_, part);
    data = data.subspan(part.size());
    if (chunk_.size() == profile_.chunk_size) {
      P2P_CHECK(add_leaf(chunk_));
      chunk_.clear();
    }
  }
  return {};
}

Result<Imported> FileImporter::finish() {
  // An empty file has one empty leaf.
  if (!chunk_.empty() || levels_.empty()) P2P_CHECK(add_leaf(chunk_));
  for (std::size_t level = 0;; ++level) {
    const bool top = level + 1 == levels_.size();
    if (top && levels_[level].size() == 1) return std::move(levels_[level].front());
    if (levels_[level].empty()) continue;
    // Even a single node gets a parent here: every leaf of a balanced tree is equally deep.
    const auto children = std::exchange(levels_[level], {});
    P2P_TRY(auto parent, join(children));
    P2P_CHECK(add(level + 1, std::move(parent)));
  }
}

Result<void> FileImporter::add_leaf(ByteView chunk) {
  if (profile_.raw_leaves) {
    P2P_TRY(auto leaf, store(Codec::raw, {chunk}, chunk.size()));
    return add(0, std::move(leaf));
  }
  const auto frame = leaf_frame(chunk.size());
  P2P_TRY(auto leaf, store(Codec::dag_pb, {frame.head, chunk, frame.tail}, chunk.size()));
  return add(0, std::move(leaf));
}

Result<void> FileImporter::add(std::size_t level, Imported child) {
  if (level == levels_.size()) levels_.emplace_back();
  levels_[level].push_back(std::move(child));
  if (levels_[level].size() < profile_.width) return {};
  const auto children = std::exchange(levels_[level], {});
  P2P_TRY(auto parent, join(children));
  return add(level + 1, std::move(parent));
}

Result<Imported> FileImporter::join(const std::vector<Imported>& children) {
  PbNode node;
  std::vector<std::uint64_t> sizes;
  std::uint64_t size = 0;
  std::uint64_t below = 0;
  std::uint64_t blocks = 0;
  for (const auto& child : children) {
    node.links.push_back({child.cid, "", child.dag_size});
    sizes.push_back(child.size);
    size += child.size;
    below += child.dag_size;
    blocks += child.blocks;
  }
  node.data = unixfs_file(size, sizes);
  const Bytes block = encode_dag_pb(node);
  P2P_TRY(auto parent, store(Codec::dag_pb, {block}, size));
  parent.dag_size += below;
  parent.blocks += blocks;
  return parent;
}

Result<Imported> FileImporter::store(Codec codec, std::initializer_list<ByteView> parts,
                                     std::uint64_t size) {
  Imported stored{name_block(profile_, codec, parts), size, 0, 1};
  for (const auto part : parts) stored.dag_size += part.size();
  if (sink_) {
    Bytes block;
    for (const auto part : parts) append(block, part);
    P2P_CHECK(sink_(stored.cid, block));
  }
  return stored;
}

}  // namespace p2p::content
