// Bitcoin's compact target ("nBits") and the work that a target stands for. Bitcoin Core,
// src/arith_uint256.cpp (SetCompact, GetCompact) and src/chain.cpp (GetBlockProof).
#pragma once

#include "chain/consensus/u256.h"

namespace p2p::chain {

struct Compact {
  U256 target;            ///< as far as it fits 256 bits; meaningless when negative or overflowing
  bool negative = false;  ///< sign bit set on a mantissa that is not zero
  bool overflow = false;  ///< more than 256 bits
};

Compact decode_compact(std::uint32_t bits);
/// The mantissa is truncated to 23 bits: consensus depends on it.
std::uint32_t encode_compact(const U256& target);

/// The target that `bits` stands for, unless it is zero, negative, overflowing or above `limit`.
std::optional<U256> target_of(std::uint32_t bits, const U256& limit);

/// The expected number of hashes to meet `target`: 2^256 / (target + 1), rounded down.
U256 work_of(const U256& target);
/// The same for compact bits; 0 where they are no target.
U256 work_of_bits(std::uint32_t bits);

}  // namespace p2p::chain
