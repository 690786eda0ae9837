#include "chain/consensus/params.h"

#include "chain/consensus/compact.h"

namespace p2p::chain {

namespace {

constexpr std::string_view kMerkleRoot =
    "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
constexpr std::string_view kTestnet4MerkleRoot =
    "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e";

HeaderParams bitcoin(std::string name, U256 limit, std::string_view merkle_root, std::uint32_t time,
                     std::uint32_t nonce) {
  HeaderParams out;
  out.name = std::move(name);
  out.pow_limit = limit;
  out.limit_bits = encode_compact(limit);
  out.genesis.version = 1;
  out.genesis.merkle_root = U256::parse_hex(merkle_root).value_or(0).to_le();
  out.genesis.time = time;
  out.genesis.bits = out.limit_bits;
  out.genesis.nonce = nonce;
  out.genesis_id = out.genesis.id();
  return out;
}

U256 common_limit() { return U256::max() >> 32; }

}  // namespace

Result<void> check_params(const HeaderParams& params) {
  const auto bad = [&](std::string why) {
    return fail(Code::invalid_argument, "check parameters of", "chain " + params.name,
                std::move(why));
  };
  if (params.spacing_s == 0) return bad("the spacing is zero");
  if (params.window == 0) return bad("the window is zero");
  if (params.timespan_s < 4) return bad("a window takes less than four seconds");
  if (!target_of(params.limit_bits, U256::max())) {
    return bad("the initial bits are no valid target");
  }
  if (!target_of(params.genesis.bits, params.pow_limit)) {
    return bad("the first block's bits pass the limit");
  }
  if (!params.no_retarget &&
      multiply_overflows(params.pow_limit, U256(4) * U256(params.timespan_s))) {
    return fail(Error(Code::invalid_argument, "check parameters of", "chain " + params.name,
                      "4 · timespan · limit passes 2^256, so retargeting would overflow")
                    .with_hint("take a shorter window or spacing, or a harder initial target"));
  }
  return {};
}

HeaderParams bitcoin_main() {
  HeaderParams out = bitcoin("main", common_limit(), kMerkleRoot, 1231006505, 2083236893);
  out.version2_height = 227931;
  out.version3_height = 363725;
  out.version4_height = 388381;
  return out;
}

HeaderParams bitcoin_testnet3() {
  HeaderParams out = bitcoin("testnet3", common_limit(), kMerkleRoot, 1296688602, 414098458);
  out.min_difficulty = true;
  out.version2_height = 21111;
  out.version3_height = 330776;
  out.version4_height = 581885;
  return out;
}

HeaderParams bitcoin_testnet4() {
  HeaderParams out =
      bitcoin("testnet4", common_limit(), kTestnet4MerkleRoot, 1714777860, 393743547);
  out.min_difficulty = true;
  out.bip94 = true;
  return out;
}

HeaderParams bitcoin_signet() {
  // The largest limit with which 4 · timespan · limit stays below 2^256.
  return bitcoin("signet", U256(0x0377ae) << 216, kMerkleRoot, 1598918400, 52613770);
}

HeaderParams bitcoin_regtest() {
  HeaderParams out = bitcoin("regtest", U256::max() >> 1, kMerkleRoot, 1296688602, 2);
  out.window = 144;
  out.timespan_s = 24 * 60 * 60;
  out.no_retarget = true;
  out.min_difficulty = true;
  return out;
}

}  // namespace p2p::chain
