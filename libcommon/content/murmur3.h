// MurmurHash3's x64 variant, first half of its 128 bits, seed 0: where an entry stands in a sharded
// directory. Not for anything an attacker may choose.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace p2p::content {

std::uint64_t murmur3_x64_64(ByteView data);

}  // namespace p2p::content
