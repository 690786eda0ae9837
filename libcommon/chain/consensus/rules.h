// The header rules, pure: a header, its ancestors, the parameters and the time in; an outcome out.
// Bitcoin Core, src/pow.cpp and src/validation.cpp (ContextualCheckBlockHeader); BIP54, BIP94.
#pragma once

#include "chain/consensus/outcome.h"
#include "chain/consensus/params.h"

namespace p2p::chain {

/// What the rules see of the chain that a header extends. Implemented over a tree of headers
/// (header_tree.h) and over a plain sequence of them.
class HeaderContext {
 public:
  virtual ~HeaderContext() = default;
  /// The height of the last header.
  virtual std::uint32_t height() const = 0;
  /// The header `back` places before the last; 0 is the last itself. `back` never passes height().
  virtual const BlockHeader& back(std::uint32_t back) const = 0;
};

/// A plain sequence from genesis, for streams of headers such as Bitcoin's.
class HeaderSequence final : public HeaderContext {
 public:
  explicit HeaderSequence(const BlockHeader& genesis) : headers_{genesis} {}
  std::uint32_t height() const override { return static_cast<std::uint32_t>(headers_.size() - 1); }
  const BlockHeader& back(std::uint32_t back) const override {
    return headers_[headers_.size() - 1 - back];
  }
  void push(const BlockHeader& header) { headers_.push_back(header); }

 private:
  std::vector<BlockHeader> headers_;
};

/// The median of the last eleven times, or of all where there are fewer.
std::uint32_t median_time_past(const HeaderContext& chain);

/// The least time that the header after `chain` may carry: past the median, and within the time
/// warp rules.
std::int64_t earliest_time(const HeaderParams& params, const HeaderContext& chain);

/// The bits that the header after `chain` must carry. `time` is its own time, which only the
/// minimum-difficulty rule looks at.
std::uint32_t next_bits(const HeaderParams& params, const HeaderContext& chain, std::uint32_t time);

/// One retarget: the bits after a period that took `actual_s` (which may be negative) and whose
/// base difficulty is `base_bits`.
std::uint32_t retarget(const HeaderParams& params, std::uint32_t base_bits, std::int64_t actual_s);

/// Whether `id` meets the target of `bits`, and that target is allowed.
bool meets_target(const BlockId& id, std::uint32_t bits, const U256& limit);

/// Proof of work only: needs no ancestors, so it is checked before anything costs memory.
Outcome check_work(const HeaderParams& params, const BlockHeader& header, const BlockId& id);

/// The rules that need ancestors, in Bitcoin Core's order: bits, median time, time warp, clock,
/// version. `header.prev` must be the last of `chain`; `now_s` is our clock in Unix seconds.
Outcome check_context(const HeaderParams& params, const BlockHeader& header,
                      const HeaderContext& chain, std::int64_t now_s);

}  // namespace p2p::chain
