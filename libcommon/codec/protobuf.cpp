#include "codec/protobuf.h"

#include "base/endian.h"

namespace p2p::codec {

// base/varint.h reads multiformats' varints, which must be minimal and at most nine bytes; protobuf
// allows neither rule to be relied on.
Result<std::uint64_t> ProtoReader::varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < left_.size() && i < 10; ++i) {
    const std::uint8_t byte = left_[i];
    if (i == 9 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      left_ = left_.subspan(i + 1);
      return value;
    }
  }
  return fail(Code::parse, left_.size() < 10 ? "protobuf varint is cut short"
                                             : "protobuf varint is longer than 64 bits");
}

Result<std::optional<ProtoField>> ProtoReader::next() {
  if (left_.empty()) return std::nullopt;
  P2P_TRY(const std::uint64_t tag, varint());
  if (tag >> 3 == 0 || tag >> 32 != 0) return fail(Code::parse, "protobuf field number is invalid");
  ProtoField field;
  field.number = static_cast<std::uint32_t>(tag >> 3);
  std::size_t size = 0;
  switch (tag & 7) {
    case 0: {
      P2P_TRY(field.value, varint());
      return field;
    }
    case 1:
      field.type = ProtoField::Type::fixed64;
      size = 8;
      break;
    case 2: {
      field.type = ProtoField::Type::bytes;
      P2P_TRY(const std::uint64_t length, varint());
      if (length > left_.size()) return fail(Code::parse, "protobuf field is cut short");
      size = static_cast<std::size_t>(length);
      break;
    }
    case 5:
      field.type = ProtoField::Type::fixed32;
      size = 4;
      break;
    default:
      return fail(Code::parse, "protobuf wire type " + std::to_string(tag & 7) + " is not read");
  }
  if (size > left_.size()) return fail(Code::parse, "protobuf field is cut short");
  field.bytes = left_.first(size);
  left_ = left_.subspan(size);
  if (field.type == ProtoField::Type::fixed64) {
    field.value = load_le<std::uint64_t>(field.bytes.data());
  } else if (field.type == ProtoField::Type::fixed32) {
    field.value = load_le<std::uint32_t>(field.bytes.data());
  }
  return field;
}

void ProtoWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 0x80));
  out_.push_back(static_cast<std::uint8_t>(value));
}

void ProtoWriter::tag(std::uint32_t field, ProtoField::Type type) {
  varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(type));
}

ProtoWriter& ProtoWriter::varint(std::uint32_t field, std::uint64_t value) {
  tag(field, ProtoField::Type::varint);
  varint(value);
  return *this;
}

ProtoWriter& ProtoWriter::fixed64(std::uint32_t field, std::uint64_t value) {
  tag(field, ProtoField::Type::fixed64);
  append_le(out_, value);
  return *this;
}

ProtoWriter& ProtoWriter::bytes(std::uint32_t field, ByteView value) {
  tag(field, ProtoField::Type::bytes);
  varint(value.size());
  append(out_, value);
  return *this;
}

}  // namespace p2p::codec
