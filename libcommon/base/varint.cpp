#include "base/varint.h"

namespace p2p {

void append_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

Result<std::optional<Varint>> peek_varint(ByteView in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i == kMaxVarintSize) return fail(Code::parse, "varint is longer than nine bytes");
    value |= static_cast<std::uint64_t>(in[i] & 0x7f) << (7 * i);
    if (in[i] < 0x80) {
      if (in[i] == 0 && i > 0) return fail(Code::parse, "varint is not in its minimal form");
      return Varint{value, i + 1};
    }
  }
  if (in.size() >= kMaxVarintSize) return fail(Code::parse, "varint is longer than nine bytes");
  return std::nullopt;
}

Result<std::uint64_t> read_varint(ByteView& in) {
  P2P_TRY(const auto varint, peek_varint(in));
  if (!varint) return fail(Code::parse, "varint is cut short");
  in = in.subspan(varint->size);
  return varint->value;
}

}  // namespace p2p
