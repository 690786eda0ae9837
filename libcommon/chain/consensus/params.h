// A network's header rules as data: Bitcoin's networks and our own chains are parameter sets of the
// same code. Bitcoin Core, src/kernel/chainparams.cpp and src/consensus/params.h.
#pragma once

#include "chain/consensus/header.h"

namespace p2p::chain {

/// A header may be at most this far ahead of our clock: Bitcoin's MAX_FUTURE_BLOCK_TIME.
inline constexpr std::int64_t kMaxFutureSeconds = 2 * 60 * 60;
/// Headers whose median a new header's time must pass: Bitcoin's nMedianTimeSpan.
inline constexpr std::uint32_t kMedianTimeSpan = 11;

struct HeaderParams {
  std::string name;
  BlockHeader genesis;
  BlockId genesis_id;             ///< that of `genesis`
  U256 pow_limit;                 ///< the easiest target allowed
  std::uint32_t limit_bits = 0;   ///< the same, as a header carries it
  std::uint32_t spacing_s = 600;  ///< aimed at between two blocks
  std::uint32_t window = 2016;    ///< blocks between retargets
  /// What a window should take. spacing_s · window everywhere but in Bitcoin's regtest.
  std::uint32_t timespan_s = 600 * 2016;

  bool no_retarget = false;  ///< the bits never change (regtest)
  bool min_difficulty =
      false;           ///< after 2 · spacing_s without a block, bits are the limit's (testnets)
  bool bip94 = false;  ///< testnet4: retarget from a period's first block; 600 s time warp rule
  bool bip54 = false;  ///< both timestamp rules of BIP54, from genesis

  /// From these heights versions below 2, 3 and 4 are refused.
  std::uint32_t version2_height = 1;
  std::uint32_t version3_height = 1;
  std::uint32_t version4_height = 1;
};

/// Refuses what the rules cannot work with: a window or spacing of zero, a limit that is no target,
/// and a timespan with which retargeting overflows: 4 · timespan · limit must stay below 2^256.
Result<void> check_params(const HeaderParams& params);

HeaderParams bitcoin_main();
HeaderParams bitcoin_testnet3();
HeaderParams bitcoin_testnet4();
HeaderParams bitcoin_signet();
HeaderParams bitcoin_regtest();

}  // namespace p2p::chain
