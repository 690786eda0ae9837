#include "libp2p/dnsaddr.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <span>

#include "libp2p/resolve.h"

namespace p2p::libp2p {

namespace {

constexpr std::string_view kLabel = "_dnsaddr.";
constexpr std::string_view kPrefix = "dnsaddr=";

bool is_link(const Multiaddr& addr) {
  return addr.parts().front().code == static_cast<std::uint32_t>(multiformats::Proto::dnsaddr);
}

/// Whether `addr` ends with what follows the first part of `link`.
bool ends_like(const Multiaddr& addr, const Multiaddr& link) {
  const auto suffix = std::span(link.parts()).subspan(1);
  const auto parts = std::span(addr.parts());
  return parts.size() >= suffix.size() && std::ranges::equal(parts.last(suffix.size()), suffix);
}

struct Expansion {
  struct Link {
    Multiaddr addr;
    int depth = 0;
  };
  std::deque<Link> links;  // still to be looked up
  std::set<std::string> followed;
  std::vector<Multiaddr> found;
  std::optional<Error> failed;

  void take(Multiaddr addr, int depth) {
    if (is_link(addr)) {
      if (depth > kMaxDnsaddrDepth || followed.size() >= kMaxDnsaddrLookups) return;
      if (followed.insert(addr.text()).second) links.push_back(Link{std::move(addr), depth});
    } else if (found.size() < kMaxDnsaddrAddrs && std::ranges::find(found, addr) == found.end()) {
      found.push_back(std::move(addr));
    }
  }
};

}  // namespace

Task<Result<std::vector<Multiaddr>>> follow_dnsaddr(runtime::Resolver& resolver, Multiaddr link) {
  auto records = co_await resolver.txt(std::string(kLabel) + link.parts().front().value_text());
  P2P_CO_CHECK(records);
  bool any = false;
  std::vector<Multiaddr> out;
  for (const std::string& record : *records) {
    if (!record.starts_with(kPrefix)) continue;
    any = true;
    auto addr = Multiaddr::parse(std::string_view(record).substr(kPrefix.size()));
    if (addr && !addr->empty() && ends_like(*addr, link)) out.push_back(std::move(*addr));
  }
  if (!any) co_return fail(Code::not_found, "the name has no dnsaddr record");
  co_return std::move(out);
}

Task<Result<std::vector<Multiaddr>>> expand_dnsaddr(runtime::Resolver& resolver, std::string name) {
  Expansion expansion;
  if (name.starts_with(kLabel)) name.erase(0, kLabel.size());
  P2P_CO_TRY(Multiaddr first, Multiaddr::parse("/dnsaddr/" + name));
  expansion.take(std::move(first), 0);
  while (!expansion.links.empty()) {
    const Expansion::Link link = std::move(expansion.links.front());
    expansion.links.pop_front();
    auto following = follow_dnsaddr(resolver, link.addr);
    auto addrs = co_await std::move(following);
    if (addrs) {
      for (Multiaddr& addr : *addrs) expansion.take(std::move(addr), link.depth + 1);
    } else if (!expansion.failed) {
      expansion.failed = std::move(addrs).error();
    }
  }
  if (!expansion.found.empty()) co_return std::move(expansion.found);
  if (expansion.failed) co_return fail(std::move(*expansion.failed));
  co_return fail(Code::not_found, "the name has no dnsaddr record that leads to an address");
}

}  // namespace p2p::libp2p
