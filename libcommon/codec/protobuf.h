// Protobuf's wire format, https://protobuf.dev/programming-guides/encoding, field by field: the
// messages here are small and fixed by their specifications, so there is no schema compiler.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::codec {

struct ProtoField {
  enum class Type { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

  std::uint32_t number = 0;
  Type type = Type::varint;
  std::uint64_t value = 0;  ///< of varint, fixed64 and fixed32
  ByteView bytes;           ///< of bytes, borrowed from the message

  bool is_varint(std::uint32_t n) const { return number == n && type == Type::varint; }
  bool is_bytes(std::uint32_t n) const { return number == n && type == Type::bytes; }
};

/// Reads a message's fields in the order they come. Whoever reads skips the fields it does not
/// know, and fields of a known number but another type, as protobuf asks.
class ProtoReader {
 public:
  explicit ProtoReader(ByteView message) : left_(message) {}

  /// The next field; an empty optional at the message's end. Code::parse for a varint of more than
  /// ten bytes or past 64 bits, a length past the end, a field number of 0, and groups.
  Result<std::optional<ProtoField>> next();

 private:
  Result<std::uint64_t> varint();

  ByteView left_;
};

/// Writes fields in the order of the calls, each in its shortest form.
class ProtoWriter {
 public:
  ProtoWriter& varint(std::uint32_t field, std::uint64_t value);
  ProtoWriter& boolean(std::uint32_t field, bool value) { return varint(field, value ? 1 : 0); }
  ProtoWriter& fixed64(std::uint32_t field, std::uint64_t value);
  ProtoWriter& bytes(std::uint32_t field, ByteView value);
  ProtoWriter& text(std::uint32_t field, std::string_view value) {
    return bytes(field, as_bytes(value));
  }

  const Bytes& message() const { return out_; }
  Bytes take() { return std::exchange(out_, {}); }

 private:
  void varint(std::uint64_t value);
  void tag(std::uint32_t field, ProtoField::Type type);

  Bytes out_;
};

}  // namespace p2p::codec
