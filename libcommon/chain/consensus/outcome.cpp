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

Rule rule_by_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Rule::low_balance); ++i) {
    const Rule rule = static_cast<Rule>(i);
    if (name_of(rule) == name) return rule;
  }
  return Rule::none;
}

Outcome Outcome::parse_invalid(std::string_view text) {
  const auto colon = text.find(": ");
  const Rule rule = rule_by_name(text.substr(0, colon));
  if (rule == Rule::none || colon == std::string_view::npos) {
    return invalid(rule, rule == Rule::none ? std::string(text) : std::string());
  }
  return invalid(rule, std::string(text.substr(colon + 2)));
}

std::string Outcome::reason() const {
  std::string out(rule == Rule::none ? "" : name_of(rule));
  if (!out.empty() && !detail.empty()) out += ": ";
  return out + detail;
}

std::string Outcome::message() const {
  const std::string why = reason();
  return std::string(name_of(verdict)) + (why.empty() ? "" : ": ") + why;
}

}  // namespace p2p::chain
