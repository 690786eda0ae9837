// From an address as people write it to the TCP endpoints behind it: /dns, /dns4 and /dns6 by
// address lookup, /dnsaddr by the TXT records of _dnsaddr.NAME (specs/addressing, "dnsaddr links").
#pragma once

#include <optional>
#include <vector>

#include "multiformats/multiaddr.h"
#include "runtime/net.h"

namespace p2p::libp2p {

using multiformats::Multiaddr;
using multiformats::PeerId;
using runtime::Task;

/// dnsaddr records may point to further ones; go-libp2p follows as many.
inline constexpr int kMaxDnsaddrDepth = 4;
/// Lookups for one address, and endpoints it may lead to: a name must not make us scan a network.
inline constexpr std::size_t kMaxLookups = 32;
inline constexpr std::size_t kMaxTargets = 32;

struct Target {
  runtime::Endpoint endpoint;
  Multiaddr addr;              ///< with the name replaced, without /p2p
  std::optional<PeerId> peer;  ///< who must answer there
};

/// The endpoint of an /ip4 or /ip6 …/tcp/PORT address, with or without /p2p; Code::unsupported for
/// any other.
Result<runtime::Endpoint> endpoint_of(const Multiaddr& addr);

/// At least one target, in the order found. Code::unsupported where the address leads to no TCP
/// endpoint, and the resolver's error where it led nowhere at all.
Task<Result<std::vector<Target>>> resolve(runtime::Resolver& resolver, Multiaddr addr);

}  // namespace p2p::libp2p
