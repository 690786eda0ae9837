#include "base/units.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

namespace p2p {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> kDurationUnits = {{{"us", 1},
                                                 {"ms", 1'000},
                                                 {"s", 1'000'000},
                                                 {"m", 60'000'000},
                                                 {"h", 3'600'000'000},
                                                 {"d", 86'400'000'000}}};
/// Ten years: longer is a typing error, and no sum of a few such durations overflows.
constexpr std::uint64_t kMaxDuration = 3650 * kDurationUnits[5].factor;

constexpr std::array<Unit, 11> kSizeUnits = {{{"B", 1},
                                              {"kB", 1'000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000},
                                              {"TB", 1'000'000'000'000},
                                              {"KiB", 1ULL << 10},
                                              {"MiB", 1ULL << 20},
                                              {"GiB", 1ULL << 30},
                                              {"TiB", 1ULL << 40},
                                              {"PiB", 1ULL << 50},
                                              {"EiB", 1ULL << 60}}};
constexpr std::uint64_t kMaxSize = (1ULL << 63) - 1;

/// More decimals than any exact multiple of a microsecond or byte can need; 10^18 fits in 64 bits.
constexpr std::size_t kMaxDecimals = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string list_of(std::span<const Unit> units) {
  std::string names;
  for (const auto& unit : units) names += (names.empty() ? "" : ", ") + std::string(unit.name);
  return names;
}

/// "1.5m" with its unit's factor applied; exact, at most `most`.
Result<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                      std::uint64_t most) {
  const auto end = std::ranges::find_if(text, [](char c) { return !is_digit(c) && c != '.'; });
  const auto number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  const auto suffix = text.substr(number.size());
  const auto unit = std::ranges::find(units, suffix, &Unit::name);
  if (number.empty()) return fail(Code::invalid_argument, quoted(text) + " has no number");
  if (unit == units.end()) {
    return fail(Code::invalid_argument, quoted(text) + " needs one of the units " + list_of(units));
  }
  const auto point = number.find('.');
  P2P_TRY(const auto whole, parse_number(number.substr(0, point), 0, most / unit->factor));
  std::uint64_t value = whole * unit->factor;
  if (point != number.npos) {
    const auto decimals = number.substr(point + 1);
    if (decimals.empty() || decimals.size() > kMaxDecimals ||
        !std::ranges::all_of(decimals, is_digit)) {
      return fail(Code::invalid_argument, quoted(number) + " is not a decimal number");
    }
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
    for (const char c : decimals) {
      numerator = numerator * 10 + static_cast<std::uint64_t>(c - '0');
      denominator *= 10;
    }
    const auto common = std::gcd(numerator, denominator);
    if (unit->factor % (denominator / common) != 0) {
      return fail(Code::invalid_argument, quoted(text) + " is finer than can be counted");
    }
    value += numerator / common * (unit->factor / (denominator / common));
  }
  if (value > most) return fail(Code::invalid_argument, quoted(text) + " is too large");
  return value;
}

/// `value` in `unit` as an exact decimal, or empty where that never ends.
std::string exact_decimal(std::uint64_t value, const Unit& unit) {
  std::string text = std::to_string(value / unit.factor);
  std::uint64_t rest = value % unit.factor;
  if (rest > 0) text += '.';
  for (std::size_t i = 0; rest > 0; ++i) {
    if (i == kMaxDecimals) return {};
    text += static_cast<char>('0' + rest * 10 / unit.factor);
    rest = rest * 10 % unit.factor;
  }
  return text + std::string(unit.name);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  P2P_TRY(const auto count, parse_with_unit(text, kDurationUnits, kMaxDuration));
  return Duration(static_cast<Duration::rep>(count));
}

std::string format_duration(Duration d) {
  if (d.count() == 0) return "0s";
  const bool negative = d.count() < 0;
  const auto count = static_cast<std::uint64_t>(d.count());
  const std::uint64_t value = negative ? 0 - count : count;
  std::string best;
  for (const auto& unit : kDurationUnits) {
    const auto text = exact_decimal(value, unit);
    if (!text.empty() && (best.empty() || text.size() < best.size())) best = text;
  }
  return (negative ? "-" : "") + best;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits, kMaxSize);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array<std::string_view, 6> names = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t name = 0;
  unsigned shift = 10;
  // One decimal, rounded; what rounds up to 1024.0 belongs to the next unit.
  const auto tenths = [&] {
    const std::uint64_t whole = bytes >> shift;
    const std::uint64_t rest = bytes & ((1ULL << shift) - 1);
    const auto part = static_cast<double>(rest) / static_cast<double>(1ULL << shift);
    return whole * 10 + static_cast<std::uint64_t>(part * 10 + 0.5);
  };
  while (name + 1 < names.size() && tenths() >= 10240) {
    ++name;
    shift += 10;
  }
  const auto value = tenths();
  return std::to_string(value / 10) + "." + std::to_string(value % 10) + " " +
         std::string(names[name]);
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t low, std::uint64_t high) {
  const bool plain = !text.empty() && std::ranges::all_of(text, is_digit) &&
                     (text.size() == 1 || text.front() != '0');
  if (!plain) return fail(Code::invalid_argument, quoted(text) + " is not a plain decimal number");
  std::uint64_t value = 0;
  bool fits = true;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    fits = fits && value <= (~std::uint64_t{0} - digit) / 10;
    if (fits) value = value * 10 + digit;
  }
  if (!fits || value < low || value > high) {
    return fail(Code::invalid_argument, quoted(text) + " is not between " + std::to_string(low) +
                                            " and " + std::to_string(high));
  }
  return value;
}

}  // namespace p2p
