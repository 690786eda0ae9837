#include "chain/ledger/chain_params.h"

#include "base/utf8.h"
#include "chain/consensus/compact.h"

namespace p2p::chain {

namespace {

/// Beyond these a chain is a mistake in typing.
constexpr std::uint64_t kLongestSpacing = 7 * 24 * 60 * 60;
constexpr std::uint64_t kLargestWindow = 1'000'000;

Result<void> check_spec(const ChainSpec& spec) {
  const auto bad = [&](std::string why) {
    return fail(Code::invalid_argument, "make chain", spec.name, std::move(why));
  };
  if (spec.name.empty() || spec.name.size() > kMaxChainName || !is_utf8(spec.name)) {
    return bad("a name has 1 to " + std::to_string(kMaxChainName) + " bytes of UTF-8");
  }
  for (const char c : spec.name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad("control characters in name");
  }
  if (spec.spacing_s == 0 || spec.spacing_s > kLongestSpacing) {
    return bad("the spacing must be between a second and a week");
  }
  // A period of one block has no interval to measure.
  if (spec.window < 2 || spec.window > kLargestWindow) {
    return bad("the window must be between 2 and " + std::to_string(kLargestWindow) + " blocks");
  }
  if (spec.halving == 0 || spec.halving > UINT32_MAX)
    return bad("the halving interval is no height");
  // Halving in whole numbers, all coins ever are fewer than 2 · reward · halving.
  if (multiply_overflows(spec.reward, U256(2) * U256(spec.halving)) ||
      U256(spec.reward) * U256(2) * U256(spec.halving) > U256(kMaxCoins)) {
    return bad("reward and halving make more than 2^53 - 1 coins");
  }
  return {};
}

}  // namespace

Result<ChainParams> ChainParams::from_spec(const ChainSpec& spec) {
  P2P_CHECK(check_spec(spec));
  ChainParams out;
  out.spec_ = spec;
  Transaction tx;
  tx.type = TxType::genesis;
  tx.spec = spec;
  out.genesis_.txs.push_back(tx);
  BlockHeader& genesis = out.genesis_.header;
  genesis.version = kBlockVersion;
  genesis.merkle_root = merkle_root(out.genesis_.txs);
  genesis.time = spec.time;
  genesis.bits = spec.bits;

  HeaderParams& headers = out.headers_;
  headers.name = spec.name;
  headers.genesis = genesis;
  headers.genesis_id = genesis.id();
  headers.pow_limit = decode_compact(spec.bits).target;
  headers.limit_bits = spec.bits;
  headers.spacing_s = static_cast<std::uint32_t>(spec.spacing_s);
  headers.window = static_cast<std::uint32_t>(spec.window);
  const std::uint64_t timespan = spec.spacing_s * spec.window;
  if (timespan > UINT32_MAX) {
    return fail(Code::invalid_argument, "make chain", spec.name, "a window takes over 136 years");
  }
  headers.timespan_s = static_cast<std::uint32_t>(timespan);
  headers.bip54 = true;
  if (encode_compact(headers.pow_limit) != spec.bits) {
    return fail(Code::invalid_argument, "make chain", spec.name,
                "the initial bits are not in their canonical form");
  }
  P2P_CHECK(check_params(headers));
  return out;
}

Result<ChainParams> ChainParams::from_genesis(ByteView raw) {
  P2P_TRY(const Block block, Block::decode(raw));
  if (block.txs.size() != 1 || block.txs.front().type != TxType::genesis) {
    return fail(Code::mismatch, "not a genesis block");
  }
  P2P_TRY(ChainParams out, from_spec(block.txs.front().spec));
  if (out.genesis_ != block)
    return fail(Code::mismatch, "a genesis block that its spec does not give");
  return out;
}

std::uint64_t ChainParams::subsidy(std::uint32_t height) const {
  if (height == 0) return 0;
  const std::uint64_t halvings = height / spec_.halving;
  return halvings >= 64 ? 0 : spec_.reward >> halvings;
}

}  // namespace p2p::chain
