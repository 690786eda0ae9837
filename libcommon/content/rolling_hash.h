// The hashes that content-defined chunkers roll over a file, and a search for where their low bits
// are zero. Private to content/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace p2p::content {

/// Rabin fingerprints of 16 bytes over kubo's polynomial, as whyrusleeping/chunker computes them.
struct Rabin {
  static constexpr std::size_t kWindow = 16;
  static constexpr std::size_t kLanes = 6;  ///< as many as its chain of loads leaves room for
  using State = std::uint64_t;

  /// Rolls `in` into the fingerprint; `out` came in kWindow bytes before.
  static State roll(State state, std::uint8_t out, std::uint8_t in);
  static State start(const std::uint8_t* window);
};

/// Buzhash of 32 bytes, with boxo's table.
struct Buzhash {
  static constexpr std::size_t kWindow = 32;
  static constexpr std::size_t kLanes = 4;
  using State = std::uint32_t;

  static State roll(State state, std::uint8_t out, std::uint8_t in);
  static State start(const std::uint8_t* window);
};

/// The first end from `first` to `last` where the hash of the window that ends there has only zeros
/// under `mask`; null if there is none. The bytes from first - kWindow to `last` are read.
template <class Hash>
const std::uint8_t* find_zero(const std::uint8_t* first, const std::uint8_t* last,
                              std::uint64_t mask);

}  // namespace p2p::content
