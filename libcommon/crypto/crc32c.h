// CRC-32C, RFC 3720 section B.4: Castagnoli's polynomial, reflected, all bits inverted before and
// after. With the processor's own instruction where it has one (SSE4.2), by table otherwise.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace p2p::crypto {

/// The implementations, for tests; callers use `best`.
enum class Crc32cPath { best, portable };

/// The checksum of what `crc` is the checksum of, followed by `data`. That of nothing is 0.
std::uint32_t crc32c(std::uint32_t crc, ByteView data, Crc32cPath path = Crc32cPath::best);

}  // namespace p2p::crypto
