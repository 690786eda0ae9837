// What a check of a header or block can say. The kinds are kept apart because they are treated
// apart: an invalid block is remembered as such and its sender pays; one from the future may be
// valid later; a mutated one says nothing about the header it came under; an orphan waits for its
// parent.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace p2p::chain {

enum class Verdict {
  ok,
  invalid,  ///< breaks a rule, now and for ever
  future,   ///< its time is too far ahead of our clock: temporary, never to be remembered
  mutated,  ///< the body is not the one its header commits to: blame the sender, not the header
  orphan,   ///< its parent is unknown
};

std::string_view name_of(Verdict verdict);

/// The consensus rules, named in records as name_of spells them.
enum class Rule {
  none,
  // Headers.
  high_hash,        ///< proof of work: the hash passes the target
  bad_bits,         ///< the compact target is not the one the chain demands
  time_too_old,     ///< not after the median of the last eleven
  time_too_new,     ///< more than two hours ahead of the clock
  time_warp,        ///< a period starts too far before the last one's end (BIP54, BIP94)
  time_murch_zawy,  ///< a period's last block is earlier than its first (BIP54)
  bad_version,      ///< an outdated block version
  bad_prev,         ///< builds on an invalid block
  bad_genesis,      ///< another chain's first block
  // Bodies.
  bad_merkle_root,  ///< transactions that the header does not commit to
  bad_encoding,     ///< not the one canonical form
  block_too_big,
  no_coinbase,   ///< the first transaction, and only that, is the coinbase
  bad_coinbase,  ///< its amount is not subsidy plus fees, or its height is wrong
  // Transactions.
  bad_transaction,  ///< a field out of its range
  bad_signature,
  bad_nonce,  ///< not the account's next number
  low_balance,
};

std::string_view name_of(Rule rule);
/// Rule::none for a name that is none.
Rule rule_by_name(std::string_view name);

struct Outcome {
  Verdict verdict = Verdict::ok;
  Rule rule = Rule::none;
  std::string detail;  ///< the figures, for people

  static Outcome valid() { return {}; }
  static Outcome invalid(Rule rule, std::string detail) {
    return {Verdict::invalid, rule, std::move(detail)};
  }
  static Outcome of(Verdict verdict, Rule rule, std::string detail) {
    return {verdict, rule, std::move(detail)};
  }

  /// What reason() said of an invalid one, as a store remembers it.
  static Outcome parse_invalid(std::string_view text);

  bool ok() const { return verdict == Verdict::ok; }
  /// "bad-bits: …": the rule and the figures.
  std::string reason() const;
  /// "invalid: bad-bits: …", for an error line.
  std::string message() const;
};

}  // namespace p2p::chain
