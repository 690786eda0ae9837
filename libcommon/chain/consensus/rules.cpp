#include "chain/consensus/rules.h"

#include <algorithm>

#include "chain/consensus/compact.h"

namespace p2p::chain {

namespace {

/// How far a period's first block may be before the last one's end: BIP54's grace and BIP94's.
constexpr std::int64_t kBip54GraceSeconds = 7200;
constexpr std::int64_t kBip94GraceSeconds = 600;

/// Testnets: after twice the spacing without a block, the limit; otherwise the last bits that were
/// not such an exception. A period's first block ends the search.
std::uint32_t min_difficulty_bits(const HeaderParams& params, const HeaderContext& chain,
                                  std::uint32_t time) {
  const BlockHeader& last = chain.back(0);
  if (std::int64_t{time} > std::int64_t{last.time} + 2 * std::int64_t{params.spacing_s}) {
    return params.limit_bits;
  }
  std::uint32_t back = 0;
  while (back < chain.height() && (chain.height() - back) % params.window != 0 &&
         chain.back(back).bits == params.limit_bits) {
    ++back;
  }
  return chain.back(back).bits;
}

}  // namespace

std::uint32_t median_time_past(const HeaderContext& chain) {
  std::array<std::uint32_t, kMedianTimeSpan> times;
  const std::size_t count = std::min<std::size_t>(kMedianTimeSpan, std::size_t{chain.height()} + 1);
  for (std::size_t i = 0; i < count; ++i) {
    times[i] = chain.back(static_cast<std::uint32_t>(i)).time;
  }
  const auto end = times.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(times.begin(), end);
  return times[count / 2];
}

std::int64_t earliest_time(const HeaderParams& params, const HeaderContext& chain) {
  const std::uint32_t height = chain.height() + 1;
  std::int64_t time = std::int64_t{median_time_past(chain)} + 1;
  if (height % params.window == 0) {
    const std::int64_t last = chain.back(0).time;
    if (params.bip94) time = std::max(time, last - kBip94GraceSeconds);
    if (params.bip54) time = std::max(time, last - kBip54GraceSeconds);
  }
  if (params.bip54 && params.window > 1 && height % params.window == params.window - 1) {
    time = std::max(time, std::int64_t{chain.back(params.window - 2).time});
  }
  return time;
}

std::uint32_t retarget(const HeaderParams& params, std::uint32_t base_bits, std::int64_t actual_s) {
  const std::int64_t aimed = params.timespan_s;
  // Clamped before it is multiplied, and signed until then: a window's last block may be earlier
  // than its first.
  const std::int64_t span = std::clamp(actual_s, aimed / 4, aimed * 4);
  const U256 base = decode_compact(base_bits).target;
  const U256 target =
      base * U256(static_cast<std::uint64_t>(span)) / U256(static_cast<std::uint64_t>(aimed));
  return encode_compact(std::min(target, params.pow_limit));
}

std::uint32_t next_bits(const HeaderParams& params, const HeaderContext& chain,
                        std::uint32_t time) {
  const BlockHeader& last = chain.back(0);
  const std::uint32_t height = chain.height() + 1;
  if (height % params.window != 0) {
    return params.min_difficulty ? min_difficulty_bits(params, chain, time) : last.bits;
  }
  if (params.no_retarget) return last.bits;
  // From the period's first block to its last: window - 1 intervals, Bitcoin's off-by-one.
  const BlockHeader& first = chain.back(params.window - 1);
  const std::uint32_t base = params.bip94 ? first.bits : last.bits;
  return retarget(params, base, std::int64_t{last.time} - std::int64_t{first.time});
}

bool meets_target(const BlockId& id, std::uint32_t bits, const U256& limit) {
  const auto target = target_of(bits, limit);
  return target && id.number() <= *target;
}

Outcome check_work(const HeaderParams& params, const BlockHeader& header, const BlockId& id) {
  if (meets_target(id, header.bits, params.pow_limit)) return Outcome::valid();
  return Outcome::invalid(Rule::high_hash, "hash " + id.text() + " does not meet its target");
}

Outcome check_context(const HeaderParams& params, const BlockHeader& header,
                      const HeaderContext& chain, std::int64_t now_s) {
  const std::uint32_t height = chain.height() + 1;
  const std::int64_t time = header.time;
  const std::int64_t last_time = chain.back(0).time;
  if (const std::uint32_t bits = next_bits(params, chain, header.time); header.bits != bits) {
    return Outcome::invalid(
        Rule::bad_bits, "bits " + std::to_string(header.bits) + ", not " + std::to_string(bits));
  }
  if (const std::uint32_t median = median_time_past(chain); header.time <= median) {
    return Outcome::invalid(
        Rule::time_too_old,
        "time " + std::to_string(time) + " is not after the median " + std::to_string(median));
  }
  if (height % params.window == 0) {
    if ((params.bip94 && time < last_time - kBip94GraceSeconds) ||
        (params.bip54 && time < last_time - kBip54GraceSeconds)) {
      return Outcome::invalid(
          Rule::time_warp,
          "a period starts " + std::to_string(last_time - time) + " s before the last one's end");
    }
  }
  if (params.bip54 && params.window > 1 && height % params.window == params.window - 1) {
    const std::int64_t first = chain.back(params.window - 2).time;
    if (time < first) {
      return Outcome::invalid(
          Rule::time_murch_zawy,
          "a period's last block is " + std::to_string(first - time) + " s before its first");
    }
  }
  if (time > now_s + kMaxFutureSeconds) {
    return Outcome::of(Verdict::future, Rule::time_too_new,
                       "time is " + std::to_string(time - now_s) + " s ahead of our clock");
  }
  if ((header.version < 2 && height >= params.version2_height) ||
      (header.version < 3 && height >= params.version3_height) ||
      (header.version < 4 && height >= params.version4_height)) {
    return Outcome::invalid(Rule::bad_version, "version " + std::to_string(header.version));
  }
  return Outcome::valid();
}

}  // namespace p2p::chain
