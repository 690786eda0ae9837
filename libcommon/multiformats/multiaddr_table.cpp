#include "multiformats/multiaddr_table.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/ascii.h"
#include "base/basen.h"
#include "base/endian.h"
#include "base/ip_text.h"
#include "base/units.h"
#include "base/utf8.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"

namespace p2p::multiformats {
namespace {

Result<void> any_value(ByteView) { return {}; }

Result<Bytes> ip4_from(std::string_view text) {
  P2P_TRY(const auto ip, parse_ip4(text));
  return to_bytes(ip);
}
std::string ip4_text(ByteView value) { return format_ip4(value.first<4>()); }

Result<Bytes> ip6_from(std::string_view text) {
  P2P_TRY(const auto ip, parse_ip6(text));
  return to_bytes(ip);
}
std::string ip6_text(ByteView value) { return format_ip6(value.first<16>()); }

/// Big-endian unsigned numbers: ports, ipcidr's mask, memory's id.
template <std::unsigned_integral T>
Result<Bytes> number_from(std::string_view text) {
  P2P_TRY(const auto number, parse_number(text, 0, std::numeric_limits<T>::max()));
  Bytes out;
  append_be(out, static_cast<T>(number));
  return out;
}
template <std::unsigned_integral T>
std::string number_text(ByteView value) {
  return std::to_string(load_be<T>(value.data()));
}

/// Names, zones and paths stand in the text as they are, so they must fit in one printable line.
Result<void> check_text(ByteView value) {
  const auto text = as_text(value);
  const bool control =
      std::ranges::any_of(value, [](std::uint8_t byte) { return byte < 0x20 || byte == 0x7f; });
  if (text.empty()) return fail(Code::parse, "empty value");
  if (control || !is_utf8(text)) return fail(Code::parse, "value is not printable text");
  return {};
}
Result<void> check_name(ByteView value) {
  P2P_CHECK(check_text(value));
  if (as_text(value).find('/') != std::string_view::npos) {
    return fail(Code::parse, "value contains a slash");
  }
  return {};
}
Result<void> check_path(ByteView value) {
  P2P_CHECK(check_text(value));
  if (value.size() < 2 || value.front() != '/' || value.back() == '/') {
    return fail(Code::parse, "path does not begin with a slash, or ends in one");
  }
  return {};
}
template <Result<void> (*check)(ByteView)>
Result<Bytes> text_from(std::string_view text) {
  P2P_CHECK(check(as_bytes(text)));
  return to_bytes(text);
}
std::string plain_text(ByteView value) { return to_text(value); }

Result<void> check_peer(ByteView value) {
  P2P_CHECK(PeerId::from_bytes(value));
  return {};
}
Result<Bytes> peer_from(std::string_view text) {
  P2P_TRY(const auto peer, PeerId::parse(text));
  return peer.bytes();
}
std::string peer_text(ByteView value) { return base58_encode(value); }

/// onion and onion3: a base32 host of HostSize bytes, a colon, a port that is not 0.
template <std::size_t HostSize>
Result<void> check_onion(ByteView value) {
  if (load_be<std::uint16_t>(&value[HostSize]) == 0) return fail(Code::parse, "port is 0");
  return {};
}
template <std::size_t HostSize>
Result<Bytes> onion_from(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos) return fail(Code::parse, "onion address has no port");
  P2P_TRY(auto value, base32_decode(ascii_lower(text.substr(0, colon))));
  if (value.size() != HostSize) return fail(Code::parse, "onion address has the wrong length");
  P2P_TRY(const auto port, parse_number(text.substr(colon + 1), 1, 65535));
  append_be(value, static_cast<std::uint16_t>(port));
  return value;
}
template <std::size_t HostSize>
std::string onion_text(ByteView value) {
  return base32_encode(value.first(HostSize)) + ":" +
         std::to_string(load_be<std::uint16_t>(&value[HostSize]));
}

/// I2P writes base64 with '-' and '~' for '+' and '/'.
std::string swap_characters(std::string text, std::string_view from, std::string_view to) {
  for (auto& c : text) {
    if (const auto at = from.find(c); at != from.npos) c = to[at];
  }
  return text;
}
Result<void> check_garlic64(ByteView value) {
  if (value.size() < 386) return fail(Code::parse, "I2P destination has fewer than 386 bytes");
  return {};
}
Result<Bytes> garlic64_from(std::string_view text) {
  if (text.find('+') != text.npos) return fail(Code::parse, "character '+' is not I2P's base64");
  P2P_TRY(auto value, base64_decode(swap_characters(std::string(text), "-~", "+/")));
  P2P_CHECK(check_garlic64(value));
  return value;
}
std::string garlic64_text(ByteView value) {
  return swap_characters(base64_encode(value), "+/", "-~");
}

/// 32 bytes, or at least 35 for an encrypted leaseset (geti2p.net/spec/b32encrypted).
Result<void> check_garlic32(ByteView value) {
  if (value.size() != 32 && value.size() < 35) {
    return fail(Code::parse, "I2P address has neither 32 bytes nor 35 and more");
  }
  return {};
}
Result<Bytes> garlic32_from(std::string_view text) {
  P2P_TRY(auto value, base32_decode(text));
  P2P_CHECK(check_garlic32(value));
  return value;
}

Result<void> check_certhash(ByteView value) {
  P2P_CHECK(Multihash::decode(value));
  return {};
}
Result<Bytes> certhash_from(std::string_view text) {
  P2P_TRY(auto decoded, multibase_decode(text));
  P2P_CHECK(check_certhash(decoded.bytes));
  return std::move(decoded.bytes);
}
std::string certhash_text(ByteView value) { return multibase_encode(Multibase::base64_url, value); }

/// http-path is escaped as go-multiaddr does it, by the rules of a query: a space is '+'. Any bytes
/// can be escaped, so any are valid.
Result<void> check_http_path(ByteView value) {
  if (value.empty()) return fail(Code::parse, "empty path");
  return {};
}
Result<Bytes> http_path_from(std::string_view text) {
  Bytes value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      P2P_TRY(const auto byte, hex_decode(text.substr(i + 1, 2)));
      if (byte.size() != 1) return fail(Code::parse, "percent sign without two hex digits");
      value.push_back(byte[0]);
      i += 2;
    } else {
      value.push_back(text[i] == '+' ? std::uint8_t{' '} : static_cast<std::uint8_t>(text[i]));
    }
  }
  P2P_CHECK(check_http_path(value));
  return value;
}
std::string http_path_text(ByteView value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const auto byte : value) {
    const auto c = static_cast<char>(byte);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      text += c;
    } else if (c == ' ') {
      text += '+';
    } else {
      text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text;
}

constexpr int kVariable = AddrProtocol::kVariable;

constexpr AddrProtocol flag(Proto code, std::string_view name) {
  return {.code = code, .name = name};
}

template <std::unsigned_integral T>
constexpr AddrProtocol number(Proto code, std::string_view name) {
  return {.code = code,
          .name = name,
          .size = sizeof(T),
          .from_text = number_from<T>,
          .to_text = number_text<T>,
          .check = any_value};
}

constexpr AddrProtocol named(Proto code, std::string_view name) {
  return {.code = code,
          .name = name,
          .size = kVariable,
          .from_text = text_from<check_name>,
          .to_text = plain_text,
          .check = check_name};
}

constexpr auto kTable = std::to_array<AddrProtocol>({
    {Proto::ip4, "ip4", 4, false, ip4_from, ip4_text, any_value},
    number<std::uint16_t>(Proto::tcp, "tcp"),
    number<std::uint16_t>(Proto::udp, "udp"),
    number<std::uint16_t>(Proto::dccp, "dccp"),
    {Proto::ip6, "ip6", 16, false, ip6_from, ip6_text, any_value},
    named(Proto::ip6zone, "ip6zone"),
    number<std::uint8_t>(Proto::ipcidr, "ipcidr"),
    named(Proto::dns, "dns"),
    named(Proto::dns4, "dns4"),
    named(Proto::dns6, "dns6"),
    named(Proto::dnsaddr, "dnsaddr"),
    number<std::uint16_t>(Proto::sctp, "sctp"),
    flag(Proto::p2p_circuit, "p2p-circuit"),
    flag(Proto::utp, "utp"),
    flag(Proto::udt, "udt"),
    {Proto::unix, "unix", kVariable, true, text_from<check_path>, plain_text, check_path},
    {Proto::p2p, "p2p", kVariable, false, peer_from, peer_text, check_peer},
    // After p2p, so that it is only ever read: the code finds p2p first.
    {Proto::p2p, "ipfs", kVariable, false, peer_from, peer_text, check_peer},
    {Proto::onion, "onion", 12, false, onion_from<10>, onion_text<10>, check_onion<10>},
    {Proto::onion3, "onion3", 37, false, onion_from<35>, onion_text<35>, check_onion<35>},
    {Proto::garlic64, "garlic64", kVariable, false, garlic64_from, garlic64_text, check_garlic64},
    {Proto::garlic32, "garlic32", kVariable, false, garlic32_from, base32_encode, check_garlic32},
    flag(Proto::tls, "tls"),
    named(Proto::sni, "sni"),
    flag(Proto::noise, "noise"),
    flag(Proto::quic, "quic"),
    flag(Proto::quic_v1, "quic-v1"),
    flag(Proto::webtransport, "webtransport"),
    {Proto::certhash, "certhash", kVariable, false, certhash_from, certhash_text, check_certhash},
    flag(Proto::http, "http"),
    flag(Proto::https, "https"),
    flag(Proto::ws, "ws"),
    flag(Proto::wss, "wss"),
    flag(Proto::p2p_webrtc_star, "p2p-webrtc-star"),
    flag(Proto::p2p_webrtc_direct, "p2p-webrtc-direct"),
    flag(Proto::p2p_stardust, "p2p-stardust"),
    flag(Proto::p2p_websocket_star, "p2p-websocket-star"),
    flag(Proto::webrtc_direct, "webrtc-direct"),
    flag(Proto::webrtc, "webrtc"),
    {Proto::http_path, "http-path", kVariable, false, http_path_from, http_path_text,
     check_http_path},
    // The table says V; go-multiaddr, which defines it, has eight bytes without a length.
    number<std::uint64_t>(Proto::memory, "memory"),
    flag(Proto::plaintextv2, "plaintextv2"),
});

}  // namespace

const AddrProtocol* addr_protocol(std::uint64_t code) {
  const auto found = std::ranges::find_if(
      kTable, [&](const auto& entry) { return static_cast<std::uint64_t>(entry.code) == code; });
  return found == kTable.end() ? nullptr : &*found;
}

const AddrProtocol* addr_protocol(std::string_view name) {
  const auto found = std::ranges::find(kTable, name, &AddrProtocol::name);
  return found == kTable.end() ? nullptr : &*found;
}

}  // namespace p2p::multiformats
