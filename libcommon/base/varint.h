// Unsigned varint, https://github.com/multiformats/unsigned-varint: little-endian groups of seven
// bits, at most nine bytes (63 bits), and the minimal form only.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p {

/// The specification's bound: nine bytes carry 63 bits.
inline constexpr std::size_t kMaxVarintSize = 9;

/// Appends `value`, which must be below 2^63.
void append_varint(Bytes& out, std::uint64_t value);

/// The number of bytes append_varint writes.
std::size_t varint_size(std::uint64_t value);

struct Varint {
  std::uint64_t value;
  std::size_t size;  ///< bytes taken from the front of the input
};

/// Reads a varint from the front of `in`. An empty optional means that more bytes are needed; an
/// over-long, non-minimal or too large one is Code::parse.
Result<std::optional<Varint>> peek_varint(ByteView in);

/// Reads a varint and removes it from the front of `in`; a truncated one is Code::parse too.
Result<std::uint64_t> read_varint(ByteView& in);

}  // namespace p2p
