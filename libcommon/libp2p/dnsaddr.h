// All that a /dnsaddr name leads to (specs/addressing, "dnsaddr links"): TXT records of
// _dnsaddr.NAME, which may point to further such names. For finding peers; to dial one, resolve.h
// is enough.
#pragma once

#include <string>
#include <vector>

#include "multiformats/multiaddr.h"
#include "runtime/net.h"

namespace p2p::libp2p {

using multiformats::Multiaddr;
using runtime::Task;

/// Lookups for one name, and addresses it may lead to. bootstrap.libp2p.io takes 6 and leads to 50.
inline constexpr std::size_t kMaxDnsaddrLookups = 64;
inline constexpr std::size_t kMaxDnsaddrAddrs = 1024;

/// The addresses behind `name` ("bootstrap.libp2p.io", with or without _dnsaddr. in front), in the
/// order found, each once. Records that are no addresses, and names that lead nowhere, are passed
/// over; when nothing at all is found, the first error, or Code::not_found.
Task<Result<std::vector<Multiaddr>>> expand_dnsaddr(runtime::Resolver& resolver, std::string name);

/// One step of that: what the records of `link`, a /dnsaddr address, say. Only addresses that end
/// as the link does: a link to one peer does not bring the name's others. Code::not_found where the
/// name has no dnsaddr record.
Task<Result<std::vector<Multiaddr>>> follow_dnsaddr(runtime::Resolver& resolver, Multiaddr link);

}  // namespace p2p::libp2p
