// Rechecks a store from genesis: every header and rule, every transaction and signature, the Merkle
// roots, the work, and that replaying gives the very accounts that are stored and what undoes each
// block.
#pragma once

#include "chain/store/store.h"

namespace p2p::chain {

struct VerifyReport {
  std::uint64_t headers = 0;       ///< known, side branches included
  std::uint64_t blocks = 0;        ///< on the active chain, genesis included
  std::uint64_t transactions = 0;  ///< in them
  std::uint64_t accounts = 0;
  std::uint64_t waiting = 0;  ///< transactions that are not in a block yet
};

/// Code::corrupt or Code::rejected names the first thing that is wrong and where. The clock plays
/// no part: a header was not too new when it was accepted. Reads one snapshot, so a running node
/// does not disturb it.
Result<VerifyReport> verify_store(Store& store);

}  // namespace p2p::chain
