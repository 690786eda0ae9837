// The search for a nonce, in slices on the Workers, so that the protocol thread never waits; a
// stale search ends within a millisecond or so.
#pragma once

#include <optional>

#include "chain/consensus/header.h"
#include "runtime/workers.h"

namespace p2p::chain {

/// Nonces tried in one job: 30 to 200 ms of one core, so that handing it over costs nothing.
inline constexpr std::uint32_t kMiningSlice = 1u << 20;

/// A header with the lowest nonce, from header.nonce on, whose hash meets header.bits; empty if
/// none does up to the last nonce (then change the coinbase's extra bytes, or the time, and go on).
/// Destroying the task stops the search. Uses as many workers as there are threads; the result does
/// not depend on how many.
runtime::Task<std::optional<BlockHeader>> search_nonce(runtime::Workers& workers,
                                                       BlockHeader header);

/// The same at once, without Workers, for at most `count` nonces.
std::optional<BlockHeader> search_nonce_now(BlockHeader header, std::uint64_t count);

}  // namespace p2p::chain
