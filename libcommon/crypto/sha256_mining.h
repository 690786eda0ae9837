// SHA-256d of 80-byte block headers, made for trying nonces: the first 64 bytes are hashed once,
// the rest of the work is two compressions a nonce. The fastest implementation that the processor
// has is chosen at run time: sixteen nonces at a time with AVX-512, two with SHA-NI, or one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace p2p::crypto {

/// The implementations, for tests and benchmarks; callers use `best`.
enum class MiningPath { best, portable, sha_ni, avx512 };

/// Whether this processor can run it.
bool mining_path_available(MiningPath path);
/// "avx512", "sha-ni" or "portable": what `best` is here.
std::string_view mining_path_name();

class NonceSearch {
 public:
  /// `header` has 80 bytes; its last four, the nonce, are ignored. `target` has 32 bytes, least
  /// significant first: a hash meets it if it is, read the same way, not larger.
  NonceSearch(ByteView header, ByteView target, MiningPath path = MiningPath::best);

  /// The lowest nonce of the `count` from `first` on (not past 2^32 - 1) whose hash meets the
  /// target.
  std::optional<std::uint32_t> scan(std::uint32_t first, std::uint64_t count) const;

 private:
  std::array<std::uint32_t, 8> midstate_;
  std::array<std::uint32_t, 3> tail_;    ///< words 16 to 18 of the header, as SHA-256 reads them
  std::array<std::uint8_t, 32> target_;  ///< least significant first
  MiningPath path_;
};

}  // namespace p2p::crypto
