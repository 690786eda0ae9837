#include "base/ip_text.h"

#include <algorithm>
#include <charconv>

#include "base/endian.h"
#include "base/units.h"

namespace p2p {
namespace {

std::unexpected<Error> not_an_address(std::string_view text, std::string_view kind) {
  return fail(Code::parse,
              "\"" + std::string(text) + "\" is not an " + std::string(kind) + " address");
}

/// Reads one group of up to four hex digits and removes it.
bool read_group(std::string_view& text, std::uint16_t& group) {
  const auto length = std::min<std::size_t>(text.size(), 4);
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, group, 16);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Result<std::array<std::uint8_t, 4>> parse_ip4(std::string_view text) {
  std::array<std::uint8_t, 4> ip{};
  auto rest = text;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto end = i < 3 ? rest.find('.') : rest.size();
    if (end == rest.npos) return not_an_address(text, "IPv4");
    const auto number = parse_number(rest.substr(0, end), 0, 255);
    if (!number) return not_an_address(text, "IPv4");
    ip[i] = static_cast<std::uint8_t>(*number);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return ip;
}

Result<std::array<std::uint8_t, 16>> parse_ip6(std::string_view text) {
  std::array<std::uint8_t, 16> ip{};
  std::size_t filled = 0;
  std::size_t gap = ip.size() + 1;  // where "::" stands, if anywhere
  auto rest = text;
  if (rest.starts_with("::")) {
    gap = 0;
    rest.remove_prefix(2);
  }
  while (!rest.empty()) {
    // A dotted tail takes the place of the last two groups.
    if (rest.find(':') == rest.npos && rest.find('.') != rest.npos) {
      const auto tail = parse_ip4(rest);
      if (!tail || filled + 4 > ip.size()) return not_an_address(text, "IPv6");
      std::ranges::copy(*tail, ip.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += 4;
      break;
    }
    std::uint16_t group = 0;
    if (filled + 2 > ip.size() || !read_group(rest, group)) return not_an_address(text, "IPv6");
    store_be(&ip[filled], group);
    filled += 2;
    if (rest.empty()) break;
    if (rest.starts_with("::") && gap > ip.size()) {
      gap = filled;
      rest.remove_prefix(2);
    } else if (rest.size() > 1 && rest[0] == ':' && rest[1] != ':') {
      rest.remove_prefix(1);
    } else {
      return not_an_address(text, "IPv6");
    }
  }
  // "::" stands for at least one group.
  const bool complete = gap > ip.size() ? filled == ip.size() : filled < ip.size();
  if (!complete) return not_an_address(text, "IPv6");
  if (gap <= ip.size()) {
    const auto at = [&](std::size_t i) { return ip.begin() + static_cast<std::ptrdiff_t>(i); };
    std::rotate(at(gap), at(filled), ip.end());
  }
  return ip;
}

std::string format_ip4(std::span<const std::uint8_t, 4> ip) {
  std::string text;
  for (const auto byte : ip) {
    if (!text.empty()) text += '.';
    text += std::to_string(byte);
  }
  return text;
}

std::string format_ip6(std::span<const std::uint8_t, 16> ip) {
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::ranges::equal(ip.first<12>(), mapped)) return "::ffff:" + format_ip4(ip.last<4>());
  std::array<std::uint16_t, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) groups[i] = load_be<std::uint16_t>(&ip[2 * i]);
  std::size_t gap = 8;
  std::size_t gap_size = 1;  // a single zero group is written out
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > gap_size) {
      gap = i;
      gap_size = end - i;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < 8;) {
    if (i == gap) {
      text += "::";
      i += gap_size;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + 4, groups[i], 16).ptr;
    text.append(digits.data(), end);
    ++i;
  }
  return text;
}

}  // namespace p2p
