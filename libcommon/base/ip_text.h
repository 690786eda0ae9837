// IP addresses as text: dotted decimal, and RFC 4291's forms of IPv6 read, RFC 5952's written.
// Strict: no leading zeros, no brackets, no zone.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p {

/// "127.0.0.1": four decimal numbers, nothing else (not inet_aton's octal or short forms).
Result<std::array<std::uint8_t, 4>> parse_ip4(std::string_view text);
/// "::1", "2001:db8::5", "::ffff:192.0.2.1"; either case.
Result<std::array<std::uint8_t, 16>> parse_ip6(std::string_view text);

std::string format_ip4(std::span<const std::uint8_t, 4> ip);
/// Lower case, the longest run of two or more zero groups as "::", the first one of equals; an
/// IPv4-mapped address keeps its dotted part.
std::string format_ip6(std::span<const std::uint8_t, 16> ip);

}  // namespace p2p
