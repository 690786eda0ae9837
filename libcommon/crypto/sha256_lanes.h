// SHA-256's compression of sixteen messages at once, one in each lane of AVX-512's vectors; private
// to crypto/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace p2p::crypto {

inline constexpr std::size_t kSha256Lanes = 16;

/// Whether this processor and its operating system can run it.
bool sha256_lanes_available();
/// Takes `blocks` blocks of 64 bytes from each of sixteen inputs into the eight words of its state.
/// States may be shared by lanes with the same input.
void sha256_lanes(std::uint32_t* const* states, const std::uint8_t* const* inputs,
                  std::size_t blocks);

}  // namespace p2p::crypto
