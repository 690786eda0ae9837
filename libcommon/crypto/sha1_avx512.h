// SHA-1's compression of eight or sixteen messages at once, one in each column, where the processor
// has AVX-512's rotations and functions of three operands; private to crypto/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace p2p::crypto {

/// State word by state word, a column each.
using Sha1Columns = std::array<std::array<std::uint32_t, 16>, 5>;

/// Whether this processor and its operating system can run it.
bool sha1_avx512_available();
/// Takes `blocks` blocks of 64 bytes from each of `columns` inputs, 8 or 16 of them, for the first
/// columns; of zeros where `inputs` is null.
void sha1_avx512(Sha1Columns& state, std::size_t columns, const std::uint8_t* const* inputs,
                 std::size_t blocks);

}  // namespace p2p::crypto
