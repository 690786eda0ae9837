#include "content/unixfs.h"

#include <bit>
#include <utility>

#include "base/varint.h"
#include "codec/protobuf.h"

namespace p2p::content {

namespace {

// Field numbers of the Data message, and of its mtime.
constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kData = 2;
constexpr std::uint32_t kFileSize = 3;
constexpr std::uint32_t kBlockSizes = 4;
constexpr std::uint32_t kHashType = 5;
constexpr std::uint32_t kFanout = 6;
constexpr std::uint32_t kMode = 7;
constexpr std::uint32_t kMtime = 8;
constexpr std::uint32_t kSeconds = 1;
constexpr std::uint32_t kNanos = 2;

/// PBNode's Data, around all of these.
constexpr std::uint32_t kPbData = 1;

constexpr std::uint32_t kNanosPerSecond = 1'000'000'000;

/// The tag and length of a field whose bytes follow from elsewhere.
void append_length_prefix(Bytes& out, std::uint32_t field, std::size_t size) {
  out.push_back(static_cast<std::uint8_t>(field << 3 | 2));
  append_varint(out, size);
}

/// A fixed32 field, for which ProtoWriter has no call: nothing else here uses one.
void append_fixed32(Bytes& out, std::uint32_t field, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(field << 3 | 5));
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

void write_metadata(codec::ProtoWriter& out, const UnixFsMetadata& metadata) {
  if (metadata.mode) out.varint(kMode, *metadata.mode);
  if (!metadata.mtime) return;
  codec::ProtoWriter time;
  time.varint(kSeconds, static_cast<std::uint64_t>(metadata.mtime->seconds));
  Bytes message = time.take();
  if (metadata.mtime->nanos != 0) append_fixed32(message, kNanos, metadata.mtime->nanos);
  out.bytes(kMtime, message);
}

std::unexpected<Error> malformed(std::string why) {
  return fail(Code::parse, "unixfs: " + std::move(why));
}

Result<UnixFsTime> decode_time(ByteView message) {
  UnixFsTime time;
  codec::ProtoReader reader(message);
  bool seconds = false;
  bool nanos = false;
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) break;
    if (field->is_varint(kSeconds) && !seconds && !nanos) {
      time.seconds = static_cast<std::int64_t>(field->value);
      seconds = true;
    } else if (field->number == kNanos && field->type == codec::ProtoField::Type::fixed32 &&
               seconds && !nanos) {
      if (field->value == 0 || field->value >= kNanosPerSecond) {
        return malformed("nanoseconds of " + std::to_string(field->value));
      }
      time.nanos = static_cast<std::uint32_t>(field->value);
      nanos = true;
    } else {
      return malformed("a time has an unknown, repeated or misplaced field");
    }
  }
  if (!seconds) return malformed("a time without seconds");
  return time;
}

Result<void> check_size(const UnixFs& node) {
  std::uint64_t sum = node.data ? node.data->size() : 0;
  for (const auto part : node.block_sizes) {
    if (part > UINT64_MAX - sum) return malformed("sizes that pass 2^64");
    sum += part;
  }
  if (node.file_size ? *node.file_size != sum : !node.block_sizes.empty()) {
    return malformed("the size is not that of the data and the parts");
  }
  return {};
}

Result<void> check_shard(const UnixFs& node) {
  if (node.hash_type != kMurmur3) return malformed("a shard whose hash is not murmur3");
  if (!node.fanout || *node.fanout < kMinFanout || *node.fanout > kMaxFanout ||
      !std::has_single_bit(*node.fanout)) {
    return malformed("a shard whose fanout is no power of two of 8 to 1024");
  }
  if (node.data && node.data->size() > *node.fanout / 8) {
    return malformed("a shard's bit field is longer than its fanout");
  }
  return {};
}

Result<void> take_field(UnixFs& node, const codec::ProtoField& field) {
  if (field.is_varint(kType)) {
    if (field.value > static_cast<std::uint64_t>(UnixFs::Type::shard)) {
      return malformed("unknown type " + std::to_string(field.value));
    }
    node.type = static_cast<UnixFs::Type>(field.value);
  } else if (field.is_bytes(kData)) {
    node.data = field.bytes;
  } else if (field.is_varint(kFileSize)) {
    node.file_size = field.value;
  } else if (field.is_varint(kBlockSizes)) {
    node.block_sizes.push_back(field.value);
  } else if (field.is_varint(kHashType)) {
    node.hash_type = field.value;
  } else if (field.is_varint(kFanout)) {
    node.fanout = field.value;
  } else if (field.is_varint(kMode)) {
    if (field.value > UINT32_MAX) return malformed("a mode of more than 32 bits");
    node.metadata.mode = static_cast<std::uint32_t>(field.value);
  } else if (field.is_bytes(kMtime)) {
    P2P_TRY(node.metadata.mtime, decode_time(field.bytes));
  } else {
    return malformed("an unknown field or wire type");
  }
  return {};
}

}  // namespace

Result<UnixFs> decode_unixfs(ByteView message) {
  UnixFs node;
  codec::ProtoReader reader(message);
  std::uint32_t last = 0;
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) break;
    if (last == 0 && field->number != kType) break;
    const bool again = field->number == last && last == kBlockSizes;
    if (field->number <= last && !again) return malformed("fields out of order or repeated");
    last = field->number;
    P2P_CHECK(take_field(node, *field));
  }
  if (last == 0) return malformed("no type");
  if (node.is_file()) P2P_CHECK(check_size(node));
  if (node.type == UnixFs::Type::shard) P2P_CHECK(check_shard(node));
  // Protobuf has many spellings of one number; only the shortest is ours, and any other is longer.
  std::size_t shortest = 0;
  if (node.data) shortest = 1 + varint_size(node.data->size()) + node.data->size();
  const auto data = std::exchange(node.data, std::nullopt);  // encoding need not copy it
  shortest += encode_unixfs(node).size();
  node.data = data;
  if (shortest != message.size()) return malformed("numbers not in their shortest form");
  return node;
}

Bytes encode_unixfs(const UnixFs& node) {
  codec::ProtoWriter out;
  out.varint(kType, static_cast<std::uint64_t>(node.type));
  if (node.data) out.bytes(kData, *node.data);
  if (node.file_size) out.varint(kFileSize, *node.file_size);
  for (const auto part : node.block_sizes) out.varint(kBlockSizes, part);
  if (node.hash_type) out.varint(kHashType, *node.hash_type);
  if (node.fanout) out.varint(kFanout, *node.fanout);
  write_metadata(out, node.metadata);
  return out.take();
}

LeafFrame leaf_frame(std::size_t content_size, UnixFs::Type type, const UnixFsMetadata& metadata) {
  LeafFrame frame;
  codec::ProtoWriter tail;
  tail.varint(kFileSize, content_size);
  write_metadata(tail, metadata);
  frame.tail = tail.take();

  codec::ProtoWriter start;
  start.varint(kType, static_cast<std::uint64_t>(type));
  Bytes head = start.take();
  // kubo leaves the data out of an empty file, but always states the size.
  if (content_size > 0) append_length_prefix(head, kData, content_size);
  append_length_prefix(frame.head, kPbData, head.size() + content_size + frame.tail.size());
  append(frame.head, head);
  return frame;
}

Bytes unixfs_file(std::uint64_t size, std::span<const std::uint64_t> part_sizes,
                  const UnixFsMetadata& metadata) {
  UnixFs node;
  node.type = UnixFs::Type::file;
  node.file_size = size;
  node.block_sizes.assign(part_sizes.begin(), part_sizes.end());
  node.metadata = metadata;
  return encode_unixfs(node);
}

Bytes unixfs_directory(const UnixFsMetadata& metadata) {
  UnixFs node;
  node.type = UnixFs::Type::directory;
  node.metadata = metadata;
  return encode_unixfs(node);
}

Bytes unixfs_symlink(std::string_view target, const UnixFsMetadata& metadata) {
  UnixFs node;
  node.type = UnixFs::Type::symlink;
  node.data = as_bytes(target);
  node.metadata = metadata;
  return encode_unixfs(node);
}

Bytes unixfs_shard(ByteView bitfield, std::uint64_t fanout, const UnixFsMetadata& metadata) {
  UnixFs node;
  node.type = UnixFs::Type::shard;
  node.data = bitfield;
  node.hash_type = kMurmur3;
  node.fanout = fanout;
  node.metadata = metadata;
  return encode_unixfs(node);
}

}  // namespace p2p::content
