#include "reward.h"

namespace p2p::chaintool {

void add_reward(cli::Command& command, RewardOptions& options) {
  command
      .text("--reward-key", "FILE", options.key, "whose key gets the reward", cli::Complete::file)
      .text("--to", "ADDR", options.to, "the address that gets the reward");
}

Result<chain::Address> reward_address(cli::Context& context, const Options& options,
                                      const RewardOptions& chosen) {
  if (chosen.to) return chain::Address::parse(*chosen.to);
  if (chosen.key) {
    P2P_TRY(const auto key, cli::read_key_file(*chosen.key));
    return chain::Address::of(key.public_key());
  }
  const std::string file = (options.path() / "reward.key").string();
  P2P_TRY(const auto key, cli::read_or_create_key_file(file, context.runtime.random));
  return chain::Address::of(key.public_key());
}

}  // namespace p2p::chaintool
