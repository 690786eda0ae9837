#include "content/unixfs.h"

#include "codec/protobuf.h"

namespace p2p::content {

namespace {

enum class Kind : std::uint64_t { directory = 1, file = 2, symlink = 4, shard = 5 };

// Field numbers of the Data message.
constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kData = 2;
constexpr std::uint32_t kFileSize = 3;
constexpr std::uint32_t kBlockSizes = 4;
constexpr std::uint32_t kHashType = 5;
constexpr std::uint32_t kFanout = 6;

/// The multicodec code of murmur3-x64-64, the only hash that shards use.
constexpr std::uint64_t kMurmur3 = 0x22;

codec::ProtoWriter message(Kind kind) {
  codec::ProtoWriter out;
  out.varint(kType, static_cast<std::uint64_t>(kind));
  return out;
}

}  // namespace

Bytes unixfs_leaf(ByteView content) {
  auto out = message(Kind::file);
  // kubo leaves the field out of an empty file, but always states the size.
  if (!content.empty()) out.bytes(kData, content);
  out.varint(kFileSize, content.size());
  return out.take();
}

Bytes unixfs_file(std::uint64_t size, std::span<const std::uint64_t> part_sizes) {
  auto out = message(Kind::file);
  out.varint(kFileSize, size);
  for (const auto part : part_sizes) out.varint(kBlockSizes, part);  // unpacked, as proto2 does
  return out.take();
}

Bytes unixfs_directory() { return message(Kind::directory).take(); }

Bytes unixfs_symlink(std::string_view target) {
  auto out = message(Kind::symlink);
  out.text(kData, target);
  return out.take();
}

Bytes unixfs_shard(ByteView bitfield, std::uint64_t fanout) {
  auto out = message(Kind::shard);
  out.bytes(kData, bitfield);
  out.varint(kHashType, kMurmur3);
  out.varint(kFanout, fanout);
  return out.take();
}

}  // namespace p2p::content
