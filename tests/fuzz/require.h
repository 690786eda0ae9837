// What a fuzzer says about its subject: a property that does not hold ends the run.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// True of about one input in `n`, and always of the same ones: for a property that takes far
/// longer to check than the decoder under test does. A replay of a corpus checks it on all.
inline bool one_in([[maybe_unused]] std::uint32_t n, [[maybe_unused]] p2p::ByteView input) {
#ifdef P2P_FUZZ_REPLAY
  return true;
#else
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const std::uint8_t byte : input) hash = (hash ^ byte) * 16777619;
  return (hash ^ hash >> 16) % n == 0;
#endif
}
