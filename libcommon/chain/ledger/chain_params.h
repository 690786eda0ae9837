// A chain of ours, derived from its spec alone: header rules, genesis block, subsidy. The same spec
// gives the same genesis id on every machine.
#pragma once

#include "chain/consensus/params.h"
#include "chain/ledger/block.h"

namespace p2p::chain {

class ChainParams {
 public:
  /// Refuses a spec that the rules cannot work with (check_params), a name that is empty, too long
  /// or not printable, and a reward and halving whose sum of all coins passes 2^53 - 1.
  static Result<ChainParams> from_spec(const ChainSpec& spec);
  /// Reads a genesis block, and refuses one that its own spec does not give.
  static Result<ChainParams> from_genesis(ByteView raw);

  const ChainSpec& spec() const { return spec_; }
  const HeaderParams& headers() const { return headers_; }
  const Block& genesis() const { return genesis_; }
  const BlockId& genesis_id() const { return headers_.genesis_id; }

  /// New coins in the block at `height`: the reward, halved every `halving` blocks; none at 0.
  std::uint64_t subsidy(std::uint32_t height) const;

 private:
  ChainSpec spec_;
  HeaderParams headers_;
  Block genesis_;
};

}  // namespace p2p::chain
