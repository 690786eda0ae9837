// UnixFS messages, https://specs.ipfs.tech/unixfs: what stands in the Data field of a dag-pb block.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::content {

/// Seconds since 1970, and what is left over: always forward in time, below a second.
struct UnixFsTime {
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;

  friend bool operator==(const UnixFsTime&, const UnixFsTime&) = default;
};

/// What UnixFS 1.5 may say of a file, directory or (time only) symbolic link.
struct UnixFsMetadata {
  std::optional<std::uint32_t> mode;  ///< permission bits as of chmod, 07777; higher bits reserved
  std::optional<UnixFsTime> mtime;

  bool empty() const { return !mode && !mtime; }
  friend bool operator==(const UnixFsMetadata&, const UnixFsMetadata&) = default;
};

/// The multicodec code of murmur3-x64-64, the only hash that shards use.
inline constexpr std::uint64_t kMurmur3 = 0x22;
/// Links a shard has at most: kubo's bound. At least 8, so that its bit field is whole bytes.
inline constexpr std::uint64_t kMinFanout = 8;
inline constexpr std::uint64_t kMaxFanout = 1024;

/// A decoded message; `data` is borrowed from it.
struct UnixFs {
  enum class Type : std::uint8_t {
    raw = 0,  ///< a leaf, as trickle trees have them
    directory = 1,
    file = 2,
    metadata = 3,  ///< never in use
    symlink = 4,
    shard = 5,  ///< of a large directory
  };

  Type type = Type::raw;
  std::optional<ByteView> data;  ///< content, a symlink's target, or a shard's bit field
  std::optional<std::uint64_t> file_size;
  std::vector<std::uint64_t> block_sizes;  ///< content bytes below each link of the node
  std::optional<std::uint64_t> hash_type;  ///< of shards: kMurmur3
  std::optional<std::uint64_t> fanout;
  UnixFsMetadata metadata;

  bool is_file() const { return type == Type::raw || type == Type::file; }
  bool is_directory() const { return type == Type::directory || type == Type::shard; }
};

/// Decodes strictly: every field of the schema at most once and in order (blocksizes unpacked),
/// none unknown, a type of the six, shortest varints. Of files the size must be that of the data
/// and all parts, of shards the hash murmur3, the fanout a power of two of kMinFanout to kMaxFanout
/// and the bit field no longer than it; nanoseconds below a second. Anything else is Code::parse.
/// There are never more block sizes than half the message's bytes.
Result<UnixFs> decode_unixfs(ByteView message);
/// The inverse.
Bytes encode_unixfs(const UnixFs& node);

/// A leaf's dag-pb block is head, content, tail: so a leaf is named without copying its content.
struct LeafFrame {
  Bytes head;
  Bytes tail;
};
/// `type` is file, or raw in trickle trees; `metadata` only where the leaf is the whole file.
LeafFrame leaf_frame(std::size_t content_size, UnixFs::Type type = UnixFs::Type::file,
                     const UnixFsMetadata& metadata = {});
/// A file's inner node: its size and those of its parts, in order.
Bytes unixfs_file(std::uint64_t size, std::span<const std::uint64_t> part_sizes,
                  const UnixFsMetadata& metadata = {});
Bytes unixfs_directory(const UnixFsMetadata& metadata = {});
Bytes unixfs_symlink(std::string_view target, const UnixFsMetadata& metadata = {});
/// One shard of a large directory: `bitfield` big-endian without leading zero bytes, a slot a bit.
Bytes unixfs_shard(ByteView bitfield, std::uint64_t fanout, const UnixFsMetadata& metadata = {});

}  // namespace p2p::content
