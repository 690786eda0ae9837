// Peers that a domain name lists in dnsaddr records.
#include <algorithm>

#include "base/units.h"
#include "commands.h"
#include "libp2p/dnsaddr.h"
#include "runtime/deadline.h"

namespace p2p::discover {

namespace {

using cli::ExitStatus;
using multiformats::Multiaddr;
using multiformats::PeerId;
using multiformats::Proto;
using runtime::Task;

struct DnsOptions {
  std::string name;
  Duration timeout{std::chrono::seconds(15)};
};

/// "/dnsaddr/NAME…" is taken for NAME.
Result<std::string> domain_of(const std::string& text) {
  if (!text.starts_with('/')) return text;
  P2P_TRY(const auto addr, cli::parse_address(text));
  const auto* part = addr.find(Proto::dnsaddr);
  if (part == nullptr) {
    return fail(Error(Code::invalid_argument, "read name", text, "it is no /dnsaddr address")
                    .with_hint("p2p-discover bootstrap asks other addresses"));
  }
  return part->value_text();
}

/// What we can dial comes first.
bool dialable(const Multiaddr& addr) {
  return addr.find(Proto::tcp) != nullptr && addr.find(Proto::ws) == nullptr &&
         addr.find(Proto::wss) == nullptr;
}

Task<Result<ExitStatus>> discover(cli::Context& context, const Options& options,
                                  const DnsOptions& chosen) {
  P2P_CO_TRY(const std::string name, domain_of(chosen.name));
  auto expanding = libp2p::expand_dnsaddr(context.runtime.net.resolver(), name);
  auto bounded =
      runtime::before(context.runtime.queue, context.runtime.clock,
                      context.runtime.clock.now() + chosen.timeout, std::move(expanding));
  auto outcome = co_await std::move(bounded);
  if (!outcome) {
    co_return fail(Code::timeout, "look up", name,
                   "no answer within " + format_duration(chosen.timeout));
  }
  if (!*outcome && (*outcome).error().code == Code::not_found) {
    context.console.warn(name + ": " + (*outcome).error().why);
    co_return ExitStatus::no;
  }
  if (!*outcome) co_return fail(std::move(*outcome).error().during("look up", name));

  std::vector<Multiaddr> addrs;
  for (const bool wanted : {true, false}) {
    std::ranges::copy_if(**outcome, std::back_inserter(addrs),
                         [wanted](const Multiaddr& addr) { return dialable(addr) == wanted; });
  }
  Sink sink(context.console, "dns", options);
  for (const Multiaddr& addr : addrs) {
    const auto peer = addr.peer();
    if (!peer) {
      sink.found(addr);
      continue;
    }
    std::vector<Multiaddr> all;
    std::ranges::copy_if(addrs, std::back_inserter(all),
                         [&peer](const Multiaddr& other) { return other.peer() == peer; });
    sink.found(*peer, all);
  }
  co_return sink.status();
}

}  // namespace

void add_dns(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<DnsOptions>();
  cli::Command& command = tool.subcommand("dns", "look a name's dnsaddr records up");
  command.usage("p2p-discover dns [OPTION]... NAME")
      .describe("Follows the TXT records of _dnsaddr.NAME, and those that they point to.")
      .duration("--timeout", "D", chosen->timeout, "for all lookups")
      .operand("NAME", chosen->name, "a domain name, or a /dnsaddr address")
      .action(cli::networked([chosen, &options](cli::Context& context) {
        return discover(context, options, *chosen);
      }));
}

}  // namespace p2p::discover
