// What p2p-probe does: ask peers (probe.cpp) or answer them (answer.cpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/options.h"
#include "libp2p/probe.h"

namespace p2p::probe {

struct Options {
  std::vector<std::string> operands;
  std::vector<std::string> listen_at;
  std::vector<multiformats::Multiaddr> addrs;  ///< both of these: to ask, or to listen at
  std::optional<std::uint64_t> count;
  std::optional<Duration> timeout;
  std::optional<Duration> max_time;
  std::optional<Duration> interval;
  std::optional<std::uint64_t> jobs;
  std::vector<libp2p::Expectation> expect;
  bool verbose = false;
  cli::KeyOptions key;
  bool listening = false;
  std::optional<std::string> write_addr;
  bool mdns = false;
};

/// What asking without --timeout gives each address, and without --count pings it.
inline constexpr Duration kTimeout = std::chrono::seconds(15);
inline constexpr std::uint64_t kPings = 3;
/// Addresses probed at the same time, without --jobs.
inline constexpr std::uint64_t kJobs = 16;

/// Probes the operands, or what standard input names.
runtime::Task<Result<cli::ExitStatus>> ask(cli::Context& context, const Options& options);
/// The answering side.
runtime::Task<Result<cli::ExitStatus>> answer(cli::Context& context, const Options& options);

}  // namespace p2p::probe
