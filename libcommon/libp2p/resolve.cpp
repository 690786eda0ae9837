#include "libp2p/resolve.h"

#include <algorithm>
#include <deque>

#include "base/endian.h"
#include "libp2p/dnsaddr.h"

namespace p2p::libp2p {

namespace {

using multiformats::Component;
using multiformats::Proto;

bool is(const Component& part, Proto proto) {
  return part.code == static_cast<std::uint32_t>(proto);
}

/// The text of parts[from..].
std::string tail_text(const Multiaddr& addr, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < addr.parts().size(); ++i) {
    const Component& part = addr.parts()[i];
    text += "/" + part.name();
    if (const auto value = part.value_text(); !value.empty()) text += "/" + value;
  }
  return text;
}

struct Search {
  struct Step {
    Multiaddr addr;
    int depth;
  };
  std::deque<Step> open;
  std::size_t lookups = 0;
  std::vector<Target> found;
  std::optional<Error> failed;
  std::string unsupported;

  void note(Error error) {
    if (!failed) failed = std::move(error);
  }
  void add(Multiaddr addr, int depth) {
    if (open.size() < kMaxTargets) open.push_back(Step{std::move(addr), depth});
  }
  void found_endpoint(const Multiaddr& addr) {
    auto endpoint = endpoint_of(addr);
    if (!endpoint) {
      if (unsupported.empty()) unsupported = addr.text();
      return;
    }
    Target target{*endpoint, addr.without_peer(), addr.peer()};
    const auto same = [&target](const Target& other) {
      return other.endpoint == target.endpoint && other.peer == target.peer;
    };
    if (found.size() < kMaxTargets && std::ranges::none_of(found, same)) {
      found.push_back(std::move(target));
    }
  }
};

Task<void> follow_link(runtime::Resolver& resolver, Search& search, Multiaddr link, int depth) {
  if (depth >= kMaxDnsaddrDepth) {
    search.note(Error(Code::limit, "dnsaddr records nest too deep"));
    co_return;
  }
  auto following = follow_dnsaddr(resolver, std::move(link));
  auto addrs = co_await std::move(following);
  if (!addrs) {
    search.note(std::move(addrs).error());
    co_return;
  }
  for (Multiaddr& addr : *addrs) search.add(std::move(addr), depth + 1);
}

Task<void> follow_name(runtime::Resolver& resolver, Search& search, Multiaddr addr, int depth) {
  const Component name = addr.parts().front();
  auto family = runtime::Resolver::Family::any;
  if (is(name, Proto::dns4)) family = runtime::Resolver::Family::v4;
  if (is(name, Proto::dns6)) family = runtime::Resolver::Family::v6;
  auto ips = co_await resolver.addresses(name.value_text(), family);
  if (!ips) {
    search.note(std::move(ips).error());
    co_return;
  }
  const std::string tail = tail_text(addr, 1);
  for (const auto& ip : *ips) {
    auto resolved = Multiaddr::parse((ip.v6 ? "/ip6/" : "/ip4/") + ip.text() + tail);
    if (resolved) search.add(std::move(*resolved), depth);
  }
}

}  // namespace

Result<runtime::Endpoint> endpoint_of(const Multiaddr& addr) {
  const auto& parts = addr.parts();
  const bool tcp = parts.size() >= 2 && is(parts[1], Proto::tcp) &&
                   (is(parts[0], Proto::ip4) || is(parts[0], Proto::ip6)) &&
                   (parts.size() == 2 || (parts.size() == 3 && is(parts[2], Proto::p2p)));
  if (!tcp) {
    return fail(Code::unsupported, "it is no /ip4 or /ip6 address with /tcp");
  }
  runtime::Endpoint endpoint;
  endpoint.ip.v6 = is(parts[0], Proto::ip6);
  std::ranges::copy(parts[0].value, endpoint.ip.bytes.begin());
  endpoint.port = load_be<std::uint16_t>(parts[1].value.data());
  return endpoint;
}

Task<Result<std::vector<Target>>> resolve(runtime::Resolver& resolver, Multiaddr addr) {
  Search search;
  search.add(std::move(addr), 0);
  while (!search.open.empty()) {
    const Search::Step step = std::move(search.open.front());
    search.open.pop_front();
    if (step.addr.empty()) continue;
    const Component& first = step.addr.parts().front();
    const bool link = is(first, Proto::dnsaddr);
    const bool name = is(first, Proto::dns) || is(first, Proto::dns4) || is(first, Proto::dns6);
    if (!link && !name) {
      search.found_endpoint(step.addr);
    } else if (search.lookups++ < kMaxLookups) {
      if (link) {
        co_await follow_link(resolver, search, step.addr, step.depth);
      } else {
        co_await follow_name(resolver, search, step.addr, step.depth);
      }
    }
  }
  if (!search.found.empty()) co_return std::move(search.found);
  if (!search.unsupported.empty()) {
    co_return fail(Code::unsupported,
                   search.unsupported + " is not spoken, only /ip4, /ip6 and /dns with /tcp are");
  }
  if (search.failed) co_return fail(std::move(*search.failed));
  co_return fail(Code::not_found, "the address leads to no other address");
}

}  // namespace p2p::libp2p
