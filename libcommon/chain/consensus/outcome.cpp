#include "chain/consensus/outcome.h"

namespace p2p::chain {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::invalid:
      return "invalid";
    case Verdict::future:
      return "future";
    case Verdict::mutated:
      return "mutated";
    case Verdict::orphan:
      return "orphan";
  }
  return "unknown";
}

std::string_view name_of(Rule rule) {
  switch (rule) {
    case Rule::none:
      return "none";
    case Rule::high_hash:
      return "high-hash";
    case Rule::bad_bits:
      return "bad-bits";
    case Rule::time_too_old:
      return "time-too-old";
    case Rule::time_too_new:
      return "time-too-new";
    case Rule::time_warp:
      return "time-warp";
    case Rule::time_murch_zawy:
      return "time-murch-zawy";
    case Rule::bad_version:
      return "bad-version";
    case Rule::bad_prev:
      return "bad-prev";
    case Rule::bad_genesis:
      return "bad-genesis";
    case Rule::bad_merkle_root:
      return "bad-merkle-root";
    case Rule::bad_encoding:
      return "bad-encoding";
    case Rule::block_too_big:
      return "block-too-big";
    case Rule::no_coinbase:
      return "no-coinbase";
    case Rule::bad_coinbase:
      return "bad-coinbase";
    case Rule::bad_transaction:
      return "bad-transaction";
    case Rule::bad_signature:
      return "bad-signature";
    case Rule::bad_nonce:
      return "bad-nonce";
    case Rule::low_balance:
      return "low-balance";
  }
  return "unknown";
}

std::string Outcome::message() const {
  std::string out(name_of(verdict));
  if (rule != Rule::none) {
    out += ": ";
    out += name_of(rule);
  }
  if (!detail.empty()) {
    out += ": ";
    out += detail;
  }
  return out;
}

}  // namespace p2p::chain
