// Who gets a mined block's reward.
#pragma once

#include <optional>
#include <string>

#include "chain/ledger/address.h"
#include "commands.h"

namespace p2p::chaintool {

struct RewardOptions {
  std::optional<std::string> key;  ///< --reward-key FILE
  std::optional<std::string> to;   ///< --to ADDR
};
void add_reward(cli::Command& command, RewardOptions& options);

/// --to, the key in --reward-key, or DIR/reward.key, which is made if need be.
Result<chain::Address> reward_address(cli::Context& context, const Options& options,
                                      const RewardOptions& chosen);

}  // namespace p2p::chaintool
