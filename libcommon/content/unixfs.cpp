#include "content/unixfs.h"

#include "base/varint.h"
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

/// PBNode's Data, around all of these.
constexpr std::uint32_t kPbData = 1;

/// The multicodec code of murmur3-x64-64, the only hash that shards use.
constexpr std::uint64_t kMurmur3 = 0x22;

/// The tag and length of a field whose bytes follow from elsewhere.
void append_length_prefix(Bytes& out, std::uint32_t field, std::size_t size) {
  out.push_back(static_cast<std::uint8_t>(field << 3 | 2));
  append_varint(out, size);
}

codec::ProtoWriter message(Kind kind) {
  codec::ProtoWriter out;
  out.varint(kType, static_cast<std::uint64_t>(kind));
  return out;
}

}  // namespace

LeafFrame leaf_frame(std::size_t content_size) {
  LeafFrame frame;
  codec::ProtoWriter tail;
  tail.varint(kFileSize, content_size);
  frame.tail = tail.take();

  Bytes head = message(Kind::file).take();
  // kubo leaves the data out of an empty file, but always states the size.
  if (content_size > 0) append_length_prefix(head, kData, content_size);
  append_length_prefix(frame.head, kPbData, head.size() + content_size + frame.tail.size());
  append(frame.head, head);
  return frame;
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
