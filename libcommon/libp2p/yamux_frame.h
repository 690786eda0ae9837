// Internal to the yamux session: frames as they stand on the wire.
#pragma once

#include <cstdint>

#include "base/endian.h"
#include "libp2p/yamux.h"

namespace p2p::libp2p::yamux {

enum Type : std::uint8_t { kData = 0, kWindowUpdate = 1, kPing = 2, kGoAway = 3 };
enum Flag : std::uint16_t { kSyn = 1, kAck = 2, kFin = 4, kRst = 8 };

inline void append_header(Bytes& out, std::uint8_t type, std::uint16_t flags, YamuxStreamId id,
                          std::uint32_t length) {
  std::uint8_t raw[kYamuxHeaderSize] = {0, type};
  store_be(raw + 2, flags);
  store_be(raw + 4, id);
  store_be(raw + 8, length);
  append(out, raw);
}

}  // namespace p2p::libp2p::yamux
