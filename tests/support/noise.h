// Bytes without a pattern, the same every time.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace p2p::test {

inline Bytes noise(std::size_t size, std::uint32_t seed = 0) {
  Bytes bytes(size);
  std::uint32_t state = seed * 2654435761U + 1;
  for (auto& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

}  // namespace p2p::test
