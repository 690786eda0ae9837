#include "libp2p/probe.h"

#include <algorithm>

#include "base/units.h"
#include "libp2p/ping.h"
#include "runtime/deadline.h"

namespace p2p::libp2p {

namespace {

/// For the peer to close its side when we have taken leave: a peer that is well does so within a
/// round trip. The answer is known by then, and whoever asked waits for it.
constexpr Duration kFarewell = std::chrono::milliseconds(100);

/// What to try, where the error itself does not say.
std::string hint_for(Phase phase, Code code) {
  switch (phase) {
    case Phase::resolve:
      if (code == Code::unsupported) return "p2p-utils speaks libp2p over TCP";
      if (code == Code::not_found) return "check the name; p2p-discover dns shows what it leads to";
      return "is a DNS server reachable?";
    case Phase::dial:
      if (code == Code::refused)
        return "nothing listens there: is the peer up, and the port right?";
      if (code == Code::timeout) return "the host is down, or a firewall drops what we send";
      if (code == Code::limit) return "ask for less at a time, or raise the limit: ulimit -n";
      return "is there a route to that address?";
    case Phase::negotiate:
      if (code == Code::timeout) {
        return "something accepts connections there, but it says nothing a libp2p peer would say";
      }
      if (code == Code::unsupported) return "the peer may speak TLS only, which p2p-utils does not";
      if (code == Code::closed || code == Code::reset) {
        return "the peer may limit connections, or be part of a private network";
      }
      return "is the port right? libp2p often listens at 4001";
    case Phase::secure:
      if (code == Code::mismatch) return "another peer has this address now; ask it without /p2p";
      if (code == Code::timeout) return "the peer is overloaded, or the network loses packets";
      return "something between us may change what is sent";
    case Phase::multiplex:
      return "the peer shares no stream multiplexer with us, which is /yamux/1.0.0";
    case Phase::identify:
      return "the peer stands, but does not serve /ipfs/id/1.0.0: is it overloaded?";
    case Phase::ping:
      return "the peer stands, but does not answer pings: is it overloaded?";
    case Phase::done:
      break;
  }
  return {};
}

std::string late(const ProbeReport& report, const ProbeOptions& options) {
  const std::string within = " within " + format_duration(options.timeout);
  if (report.pings.empty()) return "no answer" + within;
  return std::to_string(report.pings.size()) + " of " + std::to_string(options.pings) +
         " pings were answered" + within;
}

Task<Result<void>> run(Host& host, const ProbeOptions& options, ProbeReport& report) {
  const runtime::Runtime runtime = host.runtime();
  auto dialing = host.dial(report.addr, &report.trace);
  auto peer = co_await std::move(dialing);
  if (!peer) co_return fail(std::move(peer).error());
  report.peer = *peer;

  report.phase = Phase::identify;
  const Time began = runtime.clock.now();
  auto identifying = host.identity_of(*peer);
  auto identity = co_await std::move(identifying);
  if (!identity) co_return fail(std::move(identity).error());
  report.identity = std::move(*identity);
  report.trace.took[Phase::identify] = runtime.clock.now() - began;

  report.phase = Phase::ping;
  Pinger pinger(host, *peer);
  for (std::uint64_t i = 0; i < options.pings; ++i) {
    if (i > 0 && options.interval > Duration::zero()) {
      co_await runtime::sleep_for(runtime.clock, options.interval);
    }
    auto pinging = pinger.ping();
    auto took = co_await std::move(pinging);
    if (!took) co_return fail(std::move(took).error());
    report.pings.push_back(*took);
  }
  report.phase = Phase::done;
  co_return Result<void>();
}

bool in_set(std::string_view set, char c) {
  const bool negated = !set.empty() && (set[0] == '!' || set[0] == '^');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found = found || (set[i] <= c && c <= set[i + 2]);
      i += 2;
    } else {
      found = found || set[i] == c;
    }
  }
  return found != negated;
}

/// The length of the pattern's first element if it matches `c`, else 0. Not for `*`.
std::size_t match_one(std::string_view pattern, char c) {
  switch (pattern.front()) {
    case '?':
      return 1;
    case '\\':
      if (pattern.size() > 1) return pattern[1] == c ? 2 : 0;
      return c == '\\' ? 1 : 0;
    case '[':
      // The first byte of a set may be its closing bracket.
      if (const auto close = pattern.find(']', pattern.substr(1, 1) == "!" ? 3 : 2);
          close != std::string_view::npos) {
        return in_set(pattern.substr(1, close - 1), c) ? close + 1 : 0;
      }
      return c == '[' ? 1 : 0;
    default:
      return pattern.front() == c ? 1 : 0;
  }
}

}  // namespace

RoundTrips::RoundTrips(std::vector<Duration> times) {
  std::ranges::sort(times);
  const std::size_t middle = times.size() / 2;
  least = times.front();
  most = times.back();
  median = times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

Task<ProbeReport> probe(runtime::Runtime runtime, HostConfig config, Multiaddr addr,
                        ProbeOptions options) {
  ProbeReport report(std::move(addr));
  Host host(runtime, std::move(config));
  const Time began = runtime.clock.now();
  auto running = run(host, options, report);
  auto bounded =
      runtime::before(runtime.queue, runtime.clock, began + options.timeout, std::move(running));
  auto outcome = co_await std::move(bounded);
  report.total = runtime.clock.now() - began;
  if (!report.peer) report.phase = report.trace.phase;
  if (!outcome) {
    report.error.emplace(Code::timeout, late(report, options));
  } else if (!*outcome) {
    report.error = std::move(*outcome).error();
  }
  if (report.error && report.error->hint.empty()) {
    report.error->hint = hint_for(report.phase, report.error->code);
  }
  co_await host.close(kFarewell);
  co_return report;
}

Result<Expectation> Expectation::parse(std::string_view text) {
  const auto made = [text](Kind kind) { return Expectation(std::string(text), std::move(kind)); };
  const auto wrong = [text](std::string why) {
    return fail(Error(Code::invalid_argument, "read expectation", std::string(text), std::move(why))
                    .with_hint("agent=GLOB, protocol=ID, peer=ID or rtt<50ms"));
  };
  const std::size_t sign = text.find_first_of("=<");
  if (sign == std::string_view::npos) return wrong("it has neither = nor <");
  const std::string_view key = text.substr(0, sign);
  const std::string_view value = text.substr(sign + 1);
  if (value.empty()) return wrong("it has no value");
  const bool less = text[sign] == '<';
  if (key == "rtt" && less) {
    const auto below = parse_duration(value);
    if (!below) return wrong(below.error().why);
    return made(Rtt{*below});
  }
  if (less || key == "rtt") return wrong("only rtt is compared by <, and by nothing else");
  if (key == "agent") return made(Agent{std::string(value)});
  if (key == "protocol") return made(Protocol{std::string(value)});
  if (key == "peer") {
    auto id = PeerId::parse(value);
    if (!id) return wrong(id.error().why);
    return made(Peer{std::move(*id)});
  }
  return wrong("there is nothing to expect by that name");
}

std::string Expectation::unmet_by(const ProbeReport& report) const {
  if (const auto* peer = std::get_if<Peer>(&kind_)) {
    if (!report.peer) return "no peer answered";
    return *report.peer == peer->id ? "" : "peer is " + report.peer->text();
  }
  if (const auto* rtt = std::get_if<Rtt>(&kind_)) {
    if (report.pings.empty()) return "no ping was answered";
    const Duration median = RoundTrips(report.pings).median;
    return median < rtt->below ? "" : "rtt is " + format_duration(median);
  }
  if (!report.identity) return "the peer was not identified";
  if (const auto* agent = std::get_if<Agent>(&kind_)) {
    const std::string& is = report.identity->agent;
    return matches_glob(agent->glob, is) ? "" : "agent is " + (is.empty() ? "not said" : is);
  }
  const auto& wanted = std::get<Protocol>(kind_);
  const auto& offered = report.identity->protocols;
  const bool found = std::ranges::find(offered, wanted.id) != offered.end();
  return found ? "" : "it offers " + std::to_string(offered.size()) + " other protocols";
}

// Linear in its way back: only the last * seen can still give.
bool matches_glob(std::string_view pattern, std::string_view text) {
  std::string_view after_star;
  std::string_view retry;
  bool star = false;
  while (!text.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      retry = text;
      star = true;
      continue;
    }
    const std::size_t length = pattern.empty() ? 0 : match_one(pattern, text.front());
    if (length > 0) {
      pattern.remove_prefix(length);
      text.remove_prefix(1);
    } else if (star) {
      retry.remove_prefix(1);
      pattern = after_star;
      text = retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

}  // namespace p2p::libp2p
