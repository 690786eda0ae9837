#include "libp2p/dnsaddr.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "libp2p/resolve.h"

namespace p2p::libp2p {

namespace {

using multiformats::Multiaddr;
using multiformats::Proto;

constexpr std::string_view kLabel = "_dnsaddr.";
constexpr std::string_view kPrefix = "dnsaddr=";

/// A name still to be looked up. Of the addresses behind it those count that end as the link did: a
/// link to one peer does not bring the name's others.
struct Link {
  std::string name;
  std::optional<PeerId> peer;
  int depth = 0;
};

struct Expansion {
  std::deque<Link> links;
  std::set<std::pair<std::string, std::optional<PeerId>>> followed;
  std::vector<Multiaddr> found;
  std::optional<Error> failed;

  void follow(Link link) {
    if (link.depth > kMaxDnsaddrDepth || followed.size() >= kMaxDnsaddrLookups) return;
    if (followed.emplace(link.name, link.peer).second) links.push_back(std::move(link));
  }

  void take(const Link& from, std::string_view text) {
    if (!text.starts_with(kPrefix)) return;
    auto addr = Multiaddr::parse(text.substr(kPrefix.size()));
    if (!addr || (from.peer && addr->peer() != from.peer)) return;
    if (addr->parts().front().code == static_cast<std::uint32_t>(Proto::dnsaddr)) {
      follow(Link{addr->parts().front().value_text(), addr->peer(), from.depth + 1});
    } else if (found.size() < kMaxDnsaddrAddrs && std::ranges::find(found, *addr) == found.end()) {
      found.push_back(std::move(*addr));
    }
  }
};

}  // namespace

runtime::Task<Result<std::vector<Multiaddr>>> expand_dnsaddr(runtime::Resolver& resolver,
                                                             std::string name) {
  Expansion expansion;
  if (name.starts_with(kLabel)) name.erase(0, kLabel.size());
  expansion.follow(Link{name, std::nullopt, 0});
  while (!expansion.links.empty()) {
    const Link link = std::move(expansion.links.front());
    expansion.links.pop_front();
    auto records = co_await resolver.txt(std::string(kLabel) + link.name);
    if (records) {
      for (const std::string& record : *records) expansion.take(link, record);
    } else if (!expansion.failed) {
      expansion.failed = std::move(records).error();
    }
  }
  if (!expansion.found.empty()) co_return std::move(expansion.found);
  if (expansion.failed) co_return fail(std::move(*expansion.failed));
  co_return fail(Code::not_found, "the name has no dnsaddr record that leads to an address");
}

}  // namespace p2p::libp2p
