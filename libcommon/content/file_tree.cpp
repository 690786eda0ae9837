#include "content/file_tree.h"

#include <utility>

#include "content/dag_pb.h"
#include "crypto/sha256_many.h"

namespace p2p::content {

using multiformats::Codec;

namespace {

/// Subtrees of one depth that a trickle node has before they get deeper: boxo's depthRepeat.
constexpr std::size_t kTrickleRepeat = 4;

UnixFs::Type leaf_type(const Profile& profile) {
  return profile.layout == Profile::Layout::trickle ? UnixFs::Type::raw : UnixFs::Type::file;
}

}  // namespace

std::vector<Leaf> make_leaves(const Profile& profile, std::span<const Chunk> chunks) {
  std::vector<Leaf> leaves;
  leaves.reserve(chunks.size());
  const bool apart = profile.hash != crypto::HashAlg::sha2_256 || profile.inline_limit;
  std::vector<crypto::MessageParts> blocks;
  for (const auto& [content, metadata] : chunks) {
    if (apart) {
      leaves.push_back(make_leaf(profile, {&content, 1}, metadata ? *metadata : UnixFsMetadata()));
      continue;
    }
    Leaf& leaf = leaves.emplace_back();
    if (!profile.raw_leaves) {
      leaf.frame =
          leaf_frame(content.size(), leaf_type(profile), metadata ? *metadata : UnixFsMetadata());
    }
    leaf.imported.size = content.size();
    leaf.imported.dag_size = leaf.frame.head.size() + content.size() + leaf.frame.tail.size();
    leaf.imported.blocks = 1;
    blocks.push_back({leaf.frame.head, content, leaf.frame.tail});
  }
  std::vector<crypto::Digest32> digests(blocks.size());
  crypto::sha256_many(std::span<const crypto::MessageParts>(blocks), digests);
  const auto codec = profile.raw_leaves ? Codec::raw : Codec::dag_pb;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    leaves[i].imported.cid = name_digest(profile, codec, digests[i]);
  }
  return leaves;
}

Leaf make_leaf(const Profile& profile, std::span<const ByteView> parts,
               const UnixFsMetadata& metadata) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  Leaf leaf;
  leaf.imported.size = size;
  if (profile.raw_leaves) {
    leaf.imported.cid = name_block(profile, Codec::raw, parts);
    leaf.imported.dag_size = size;
  } else {
    leaf.frame = leaf_frame(size, leaf_type(profile), metadata);
    std::vector<ByteView> framed;
    framed.reserve(parts.size() + 2);
    framed.emplace_back(leaf.frame.head);
    framed.insert(framed.end(), parts.begin(), parts.end());
    framed.emplace_back(leaf.frame.tail);
    leaf.imported.cid = name_block(profile, Codec::dag_pb, framed);
    leaf.imported.dag_size = leaf.frame.head.size() + size + leaf.frame.tail.size();
  }
  leaf.imported.blocks = is_inlined(leaf.imported.cid) ? 0 : 1;
  return leaf;
}

FileTree::FileTree(const Profile& profile, UnixFsMetadata metadata, BlockSink sink)
    : profile_(profile), metadata_(std::move(metadata)), sink_(std::move(sink)) {}

Result<void> FileTree::add(Imported leaf, std::span<const ByteView> block) {
  if (profile_.layout == Profile::Layout::trickle) {
    P2P_CHECK(make_room_in_trickle());
  } else {
    P2P_CHECK(make_room(0));
  }
  if (sink_ && !is_inlined(leaf.cid)) {
    if (block.size() == 1) {
      P2P_CHECK(sink_(leaf.cid, block.front()));
    } else {
      Bytes joined;
      for (const auto part : block) append(joined, part);
      P2P_CHECK(sink_(leaf.cid, joined));
    }
  }
  Open& parent = profile_.layout == Profile::Layout::trickle ? open_.back() : open_.front();
  parent.children.push_back(std::move(leaf));
  ++parent.leaves;
  return {};
}

Result<Imported> FileTree::finish() {
  if (profile_.layout == Profile::Layout::balanced) return finish_balanced();
  if (open_.empty()) open_.emplace_back();
  while (open_.size() > 1) P2P_CHECK(close_newest());
  return join(open_.front(), metadata_);
}

Result<void> FileTree::make_room(std::size_t level) {
  if (level == open_.size()) open_.emplace_back();
  if (open_[level].children.size() < profile_.width) return {};
  P2P_TRY(auto full, join(open_[level], {}));
  open_[level].children.clear();
  return push(level + 1, std::move(full));
}

Result<void> FileTree::push(std::size_t level, Imported child) {
  P2P_CHECK(make_room(level));
  open_[level].children.push_back(std::move(child));
  return {};
}

Result<Imported> FileTree::finish_balanced() {
  if (open_.empty()) {
    const Leaf empty = make_leaf(profile_, {}, metadata_);
    const ByteView block[] = {empty.frame.head, empty.frame.tail};
    P2P_CHECK(add(empty.imported, block));
  }
  if (open_.size() == 1 && open_.front().children.size() == 1) {
    return std::move(open_.front().children.front());
  }
  // Even a single node gets a parent here: every leaf of a balanced tree is equally deep.
  std::size_t level = 0;
  for (; level + 1 < open_.size(); ++level) {
    P2P_TRY(auto node, join(open_[level], {}));
    P2P_CHECK(push(level + 1, std::move(node)));
  }
  return join(open_[level], metadata_);
}

Result<void> FileTree::make_room_in_trickle() {
  if (open_.empty()) open_.emplace_back();
  for (;;) {
    Open& newest = open_.back();
    if (newest.leaves < profile_.width) return {};
    if (newest.below == 0 || newest.repeat == kTrickleRepeat) {
      ++newest.below;
      newest.repeat = 0;
    }
    if (newest.depth != 0 && newest.below == newest.depth) {
      P2P_CHECK(close_newest());
      continue;
    }
    ++newest.repeat;
    Open subtree;
    subtree.depth = newest.below;
    open_.push_back(std::move(subtree));
  }
}

Result<void> FileTree::close_newest() {
  P2P_TRY(auto node, join(open_.back(), {}));
  open_.pop_back();
  open_.back().children.push_back(std::move(node));
  return {};
}

Result<Imported> FileTree::join(const Open& open, const UnixFsMetadata& metadata) const {
  PbNode node;
  std::vector<std::uint64_t> sizes;
  Imported below;
  for (const auto& child : open.children) {
    node.links.push_back({child.cid, "", child.dag_size});
    sizes.push_back(child.size);
    below.size += child.size;
    below.dag_size += child.dag_size;
    below.blocks += child.blocks;
  }
  node.data = unixfs_file(below.size, sizes, metadata);
  return finish_block(profile_, Codec::dag_pb, encode_dag_pb(node), below, sink_);
}

}  // namespace p2p::content
