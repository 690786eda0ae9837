// Durations and sizes as people write them: a decimal number and its unit, always both.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace p2p {

/// "250ms", "5s", "1.5m", "2h", "100us", "1d". No sign, no bare number, nothing finer than a
/// microsecond, at most 10 years. Errors are Code::invalid_argument, here and below.
Result<Duration> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back exactly. A negative duration, which it does not
/// read, gets a minus sign.
std::string format_duration(Duration d);

/// "64KiB", "1MiB", "2GiB", "10kB", "5MB", "1.5GiB", "100B". Unit required; whole bytes, at most
/// 2^63-1.
Result<std::uint64_t> parse_size(std::string_view text);
/// For people: "1.5 MiB".
std::string format_size(std::uint64_t bytes);

/// A plain decimal number: digits only, no sign, no leading zeros (but "0"), within [low, high].
Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t low, std::uint64_t high);

}  // namespace p2p
