// What is this peer? Dials an address, step by step, until the peer is identified and its round
// trips are measured, and keeps account of every step, so that a failure says where and why it
// happened and what to try. Also the expectations that make a probe an assertion.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libp2p/host.h"

namespace p2p::libp2p {

struct ProbeOptions {
  ProbeOptions() {}  // see the rule about aggregates in runtime/task.h
  std::uint64_t pings = 3;
  Duration interval{0};                        ///< between the end of a ping and the next
  Duration timeout{std::chrono::seconds(15)};  ///< for all of it
};

struct ProbeReport {
  explicit ProbeReport(Multiaddr address) : addr(std::move(address)) {}

  Multiaddr addr;                ///< as it was given
  Phase phase = Phase::resolve;  ///< done, or the step that failed
  std::optional<Error> error;    ///< why, and what to try; none when done
  std::optional<PeerId> peer;    ///< proven by its key
  std::optional<Identity> identity;
  std::vector<Duration> pings;  ///< in the order they were answered
  DialTrace trace;              ///< of resolve to multiplex; identify is added to `took`
  Duration total{0};

  bool ok() const { return !error; }
};

/// Of round trips; `times` must not be empty. The median of an even number is the mean of the
/// middle two.
struct RoundTrips {
  explicit RoundTrips(std::vector<Duration> times);
  Duration least;
  Duration median;
  Duration most;
};

/// Probes `addr` with a host of its own, of identity and agent as `config` says. An expired timeout
/// is a failure of the step that was under way, with Code::timeout.
Task<ProbeReport> probe(runtime::Runtime runtime, HostConfig config, Multiaddr addr,
                        ProbeOptions options);

/// What a probe must show: "agent=GLOB", "protocol=ID", "peer=ID", "rtt<50ms" (the median).
class Expectation {
 public:
  /// Code::invalid_argument for any other form.
  static Result<Expectation> parse(std::string_view text);

  const std::string& text() const { return text_; }
  /// Empty when met, else why not: "agent is kubo/0.39.0/".
  std::string unmet_by(const ProbeReport& report) const;

 private:
  struct Agent {
    std::string glob;
  };
  struct Protocol {
    std::string id;
  };
  struct Peer {
    PeerId id;
  };
  struct Rtt {
    Duration below;
  };
  using Kind = std::variant<Agent, Protocol, Peer, Rtt>;
  Expectation(std::string text, Kind kind) : text_(std::move(text)), kind_(std::move(kind)) {}

  std::string text_;
  Kind kind_;
};

/// Shell patterns: `*` any text, `?` one byte, `[a-z]` and `[!a-z]` one byte of a set, `\` takes
/// the next byte as it is.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace p2p::libp2p
