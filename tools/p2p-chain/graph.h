// Branches as lines of characters, in the manner of `git log --graph`.
#pragma once

#include <string>
#include <vector>

#include "chain/consensus/header.h"

namespace p2p::chaintool {

/// Blocks come children first; each is given once.
class Graph {
 public:
  struct Rows {
    std::vector<std::string> before;  ///< where branches meet, above the block
    std::string prefix;               ///< in front of the block's own line
  };
  /// `parent` is null for the first block.
  Rows add(const chain::BlockId& id, const chain::BlockId* parent);

 private:
  std::string meet(std::size_t keep, std::size_t gone) const;

  /// What each column waits for, left to right.
  std::vector<chain::BlockId> columns_;
};

}  // namespace p2p::chaintool
