#include "multiformats/multiaddr.h"

#include <algorithm>

#include "base/endian.h"
#include "base/varint.h"
#include "multiformats/multiaddr_table.h"

namespace p2p::multiformats {
namespace {

std::unexpected<Error> too_long() {
  return fail(Code::limit, "address is longer than 4,096 bytes");
}

/// Removes and returns what stands before the next slash of `text`.
std::string_view take_segment(std::string_view& text) {
  const auto segment = text.substr(0, text.find('/'));
  text.remove_prefix(std::min(segment.size() + 1, text.size()));
  return segment;
}

bool is(const Component& part, Proto proto) {
  return part.code == static_cast<std::uint32_t>(proto);
}

}  // namespace

std::string Component::name() const {
  const auto* protocol = addr_protocol(code);
  return protocol == nullptr ? std::to_string(code) : std::string(protocol->name);
}

std::string Component::value_text() const {
  const auto* protocol = addr_protocol(code);
  return protocol == nullptr || protocol->size == 0 ? std::string() : protocol->to_text(value);
}

Result<Multiaddr> Multiaddr::parse(std::string_view text) {
  // No protocol's text is shorter than its binary form by more than its name is long, and escaping
  // at most triples it.
  if (text.size() > 3 * kMaxMultiaddrSize) return too_long();
  const auto bad = [whole = text](Code code, const std::string& why) {
    return fail(code, "\"" + std::string(whole) + "\" is not a multiaddr: " + why);
  };
  auto rest = text;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) return bad(Code::parse, "it is empty");
  if (!rest.starts_with('/')) return bad(Code::parse, "it does not begin with a slash");
  rest.remove_prefix(1);
  Multiaddr addr;
  while (!rest.empty()) {
    const auto name = take_segment(rest);
    const auto* protocol = addr_protocol(name);
    if (protocol == nullptr) {
      return bad(Code::unsupported, "unknown protocol \"" + std::string(name) + "\"");
    }
    Component part{static_cast<std::uint32_t>(protocol->code), {}};
    if (protocol->size != 0) {
      // A path keeps its leading slash and takes all the rest.
      const auto path = "/" + std::string(rest);
      const auto segment = protocol->path ? std::exchange(rest, {}) : take_segment(rest);
      auto value = protocol->from_text(protocol->path ? std::string_view(path) : segment);
      if (!value) {
        return bad(Code::parse, "/" + std::string(name) + ": " + value.error().why);
      }
      part.value = std::move(*value);
    }
    addr.parts_.push_back(std::move(part));
  }
  if (addr.encode().size() > kMaxMultiaddrSize) return too_long();
  return addr;
}

Result<Multiaddr> Multiaddr::decode(ByteView binary) {
  if (binary.size() > kMaxMultiaddrSize) return too_long();
  if (binary.empty()) return fail(Code::parse, "empty multiaddr");
  Multiaddr addr;
  bool ended = false;
  while (!binary.empty()) {
    if (ended) return fail(Code::parse, "multiaddr goes on after a path");
    P2P_TRY(const auto code, read_varint(binary));
    const auto* protocol = addr_protocol(code);
    if (protocol == nullptr) {
      return fail(Code::unsupported, "unknown multiaddr protocol " + std::to_string(code));
    }
    std::uint64_t size = static_cast<std::uint64_t>(std::max(protocol->size, 0));
    if (protocol->size == AddrProtocol::kVariable) {
      P2P_TRY(size, read_varint(binary));
    }
    if (size > binary.size()) return fail(Code::parse, "multiaddr is cut short");
    const auto value = binary.first(size);
    if (protocol->size != 0) {
      P2P_CHECK(protocol->check(value));
    }
    addr.parts_.push_back({static_cast<std::uint32_t>(code), to_bytes(value)});
    binary = binary.subspan(size);
    ended = protocol->path;
  }
  return addr;
}

Multiaddr Multiaddr::tcp(bool v6, ByteView ip, std::uint16_t port) {
  Multiaddr addr;
  Bytes port_value;
  append_be(port_value, port);
  addr.parts_.push_back({static_cast<std::uint32_t>(v6 ? Proto::ip6 : Proto::ip4), to_bytes(ip)});
  addr.parts_.push_back({static_cast<std::uint32_t>(Proto::tcp), std::move(port_value)});
  return addr;
}

std::string Multiaddr::text() const {
  std::string text;
  for (const auto& part : parts_) {
    text += "/" + part.name();
    const auto value = part.value_text();
    if (value.empty()) continue;
    // A path brings its own slash.
    if (!value.starts_with('/')) text += '/';
    text += value;
  }
  return text;
}

Bytes Multiaddr::encode() const {
  Bytes out;
  for (const auto& part : parts_) {
    append_varint(out, part.code);
    const auto* protocol = addr_protocol(part.code);
    if (protocol != nullptr && protocol->size == AddrProtocol::kVariable) {
      append_varint(out, part.value.size());
    }
    append(out, part.value);
  }
  return out;
}

const Component* Multiaddr::find(Proto proto) const {
  const auto found =
      std::ranges::find_if(parts_, [&](const Component& part) { return is(part, proto); });
  return found == parts_.end() ? nullptr : &*found;
}

std::optional<PeerId> Multiaddr::peer() const {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (is(*part, Proto::p2p_circuit)) return std::nullopt;
    if (!is(*part, Proto::p2p)) continue;
    auto peer = PeerId::from_bytes(part->value);
    if (peer) return std::move(*peer);
  }
  return std::nullopt;
}

Multiaddr Multiaddr::without_peer() const {
  Multiaddr addr = *this;
  if (!addr.parts_.empty() && is(addr.parts_.back(), Proto::p2p)) addr.parts_.pop_back();
  return addr;
}

Multiaddr Multiaddr::with_peer(const PeerId& peer) const {
  Multiaddr addr = without_peer();
  addr.parts_.push_back({static_cast<std::uint32_t>(Proto::p2p), peer.bytes()});
  return addr;
}

Multiaddr Multiaddr::operator+(const Multiaddr& tail) const {
  Multiaddr addr = *this;
  addr.parts_.insert(addr.parts_.end(), tail.parts_.begin(), tail.parts_.end());
  return addr;
}

}  // namespace p2p::multiformats
