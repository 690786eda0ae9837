// Durations and sizes as people write them: a decimal number and its unit, always both.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace p2p {

/// "250ms", "5s", "1.5m", "2h", "100us", "1d". No sign, no bare number, at most 10 years.
Result<Duration> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back exactly.
std::string format_duration(Duration d);

/// "64KiB", "1MiB", "2GiB", "10kB", "5MB", "100B". Unit required; at most 2^63-1 bytes.
Result<std::uint64_t> parse_size(std::string_view text);
/// For people: "1.5 MiB".
std::string format_size(std::uint64_t bytes);

/// A plain decimal number: digits only, no sign, no leading zeros (but "0"), within [low, high].
Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t low, std::uint64_t high);

}  // namespace p2p
