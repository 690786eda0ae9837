// UnixFS messages, https://specs.ipfs.tech/unixfs: what stands in the Data field of a dag-pb block.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace p2p::content {

/// A leaf's dag-pb block is head, content, tail: so a leaf is named without copying its content.
struct LeafFrame {
  Bytes head;
  Bytes tail;
};
LeafFrame leaf_frame(std::size_t content_size);
/// A file's inner node: its size and those of its parts, in order.
Bytes unixfs_file(std::uint64_t size, std::span<const std::uint64_t> part_sizes);
Bytes unixfs_directory();
Bytes unixfs_symlink(std::string_view target);
/// One shard of a large directory: `bitfield` big-endian without leading zero bytes, a slot a bit.
Bytes unixfs_shard(ByteView bitfield, std::uint64_t fanout);

}  // namespace p2p::content
