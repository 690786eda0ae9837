#include "content/torrent/magnet.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/basen.h"
#include "base/units.h"

namespace p2p::torrent {

namespace {

constexpr std::string_view kScheme = "magnet:?";
constexpr std::string_view kBtih = "urn:btih:";
constexpr std::string_view kBtmh = "urn:btmh:";
/// The multihash prefix of a SHA-256: its code, 0x12, and its size, 32.
constexpr std::string_view kSha256Prefix = "1220";

std::string escape(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += "%" + ascii_upper(hex_encode(ByteView(&byte, 1)));
    }
  }
  return out;
}

/// Percent-encoding and '+' for a space; nothing where a '%' is not followed by two hex digits.
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto byte = hex_decode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += static_cast<char>(byte->front());
      i += 2;
    }
  }
  return out;
}

template <class Digest>
Result<void> set_hash(std::optional<Digest>& hash, const Bytes& bytes) {
  Digest value;
  if (bytes.size() != value.size()) return fail(Code::parse, "an infohash of the wrong length");
  std::ranges::copy(bytes, value.begin());
  if (hash && *hash != value) return fail(Code::parse, "two different infohashes of one version");
  hash = value;
  return {};
}

Result<void> read_topic(Magnet& magnet, std::string_view topic) {
  const auto prefix = ascii_lower(topic.substr(0, kBtih.size()));
  const auto rest = topic.substr(std::min(topic.size(), kBtih.size()));
  if (prefix == kBtih) {
    constexpr std::size_t kBase32Size = 32;
    auto bytes = rest.size() == kBase32Size ? base32_decode(ascii_lower(rest)) : hex_decode(rest);
    if (!bytes) return fail(Code::parse, "an infohash that is neither hex nor base32");
    return set_hash(magnet.hashes.v1, *bytes);
  }
  if (prefix == kBtmh) {
    if (!rest.starts_with(kSha256Prefix)) {
      return fail(Code::parse, "an infohash that is no SHA-256 multihash");
    }
    const auto bytes = hex_decode(rest.substr(kSha256Prefix.size()));
    if (!bytes) return fail(Code::parse, "an infohash that is no hex");
    return set_hash(magnet.hashes.v2, *bytes);
  }
  return {};
}

/// "tr" of "tr", "TR" and "tr.1".
std::string plain_name(std::string_view name) {
  const auto dot = name.find('.');
  const auto number = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  const bool numbered = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return ascii_lower(numbered ? name.substr(0, dot) : name);
}

}  // namespace

Magnet magnet_of(const Metainfo& meta, const InfoHashes& hashes) {
  Magnet magnet;
  magnet.hashes = hashes;
  magnet.name = meta.name;
  for (const auto& tier : meta.trackers) {
    magnet.trackers.insert(magnet.trackers.end(), tier.begin(), tier.end());
  }
  magnet.web_seeds = meta.web_seeds;
  return magnet;
}

std::string format_magnet(const Magnet& magnet) {
  std::string link;
  const auto add = [&](std::string_view name, const std::string& value) {
    link += std::string(link.empty() ? kScheme : "&") + std::string(name) + "=" + value;
  };
  if (magnet.hashes.v1) add("xt", std::string(kBtih) + hex_encode(*magnet.hashes.v1));
  if (magnet.hashes.v2) {
    add("xt", std::string(kBtmh) + std::string(kSha256Prefix) + hex_encode(*magnet.hashes.v2));
  }
  if (!magnet.name.empty()) add("dn", escape(magnet.name));
  if (magnet.size) add("xl", std::to_string(*magnet.size));
  for (const auto& url : magnet.trackers) add("tr", escape(url));
  for (const auto& url : magnet.web_seeds) add("ws", escape(url));
  return link;
}

Result<Magnet> parse_magnet(std::string_view link) {
  if (link.size() > kMaxMagnetSize) return fail(Code::limit, "a magnet link of more than 64 KiB");
  if (ascii_lower(link.substr(0, kScheme.size())) != kScheme) {
    return fail(Code::parse, "no magnet link");
  }
  link.remove_prefix(kScheme.size());
  Magnet magnet;
  while (!link.empty()) {
    const auto part = link.substr(0, link.find('&'));
    link.remove_prefix(std::min(link.size(), part.size() + 1));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = plain_name(part.substr(0, equals));
    const auto value = unescape(part.substr(equals + 1));
    if (!value || value->empty()) continue;
    if (name == "xt") {
      P2P_CHECK(read_topic(magnet, *value));
    } else if (name == "dn") {
      magnet.name = *value;
    } else if (name == "xl") {
      const auto size = parse_number(*value, 0, kMaxTotalSize);
      if (size) magnet.size = *size;
    } else if (name == "tr") {
      magnet.trackers.push_back(*value);
    } else if (name == "ws") {
      magnet.web_seeds.push_back(*value);
    }
  }
  if (!magnet.hashes.v1 && !magnet.hashes.v2) return fail(Code::parse, "no infohash in the link");
  return magnet;
}

}  // namespace p2p::torrent
