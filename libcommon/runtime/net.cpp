#include "runtime/net.h"

#include <algorithm>

#include "base/ip_text.h"
#include "base/units.h"

namespace p2p::runtime {

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  IpAddress address;
  address.bytes[0] = a;
  address.bytes[1] = b;
  address.bytes[2] = c;
  address.bytes[3] = d;
  return address;
}

IpAddress IpAddress::any(bool v6) {
  IpAddress address;
  address.v6 = v6;
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  if (const auto four = parse_ip4(text)) {
    std::copy(four->begin(), four->end(), address.bytes.begin());
    return address;
  }
  const auto percent = text.find('%');
  if (const auto six = parse_ip6(text.substr(0, percent))) {
    address.v6 = true;
    address.bytes = *six;
    if (percent == std::string_view::npos) return address;
    if (const auto scope = parse_number(text.substr(percent + 1), 1, UINT32_MAX)) {
      address.scope = static_cast<std::uint32_t>(*scope);
      return address;
    }
  }
  return fail(Code::parse, "parse IP address", std::string(text), "not an IPv4 or IPv6 address");
}

std::string IpAddress::text() const {
  if (!v6) return format_ip4(std::span(bytes).first<4>());
  auto out = format_ip6(bytes);
  if (scope != 0) out += '%' + std::to_string(scope);
  return out;
}

bool IpAddress::is_any() const {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (!v6) return bytes[0] == 127;
  return bytes[15] == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_multicast() const { return v6 ? bytes[0] == 0xff : (bytes[0] & 0xf0) == 0xe0; }

std::string Endpoint::text() const {
  const auto host = ip.v6 ? '[' + ip.text() + ']' : ip.text();
  return host + ':' + std::to_string(port);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto ip = IpAddress::parse(host);
    const auto port = parse_number(text.substr(colon + 1), 0, 65535);
    if (ip && port && ip->v6 == bracketed) {
      Endpoint endpoint;
      endpoint.ip = *ip;
      endpoint.port = static_cast<std::uint16_t>(*port);
      return endpoint;
    }
  }
  return fail(Code::parse, "parse endpoint", std::string(text), "not IP:PORT or [IPV6]:PORT");
}

}  // namespace p2p::runtime
