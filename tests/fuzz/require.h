// What a fuzzer says about its subject: a property that does not hold ends the run.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// True of about one input in `n`, and always of the same ones: for a property that takes far
/// longer to check than the decoder under test does.
inline bool one_in(std::uint32_t n, p2p::ByteView input) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const std::uint8_t byte : input) hash = (hash ^ byte) * 16777619;
  return (hash ^ hash >> 16) % n == 0;
}
