// Peers at known addresses: connected to, identified, reported.
#include "commands.h"
#include "libp2p/probe.h"

namespace p2p::discover {

namespace {

using cli::ExitStatus;
using multiformats::Multiaddr;
using runtime::Task;

/// Addresses asked at the same time.
constexpr std::size_t kJobs = 16;

struct BootstrapOptions {
  std::vector<std::string> operands;
  Duration timeout{std::chrono::seconds(15)};
};

struct Run {
  Run(cli::Context& world, const Options& options, crypto::SigningKey identity)
      : context(world),
        key(std::move(identity)),
        sink(world.console, "bootstrap", options),
        asking(world.runtime.queue) {}

  cli::Context& context;
  crypto::SigningKey key;
  Sink sink;
  bool failed = false;
  bool expired = false;
  runtime::TaskGroup asking;
};

Task<void> ask(Run& run, Multiaddr addr, Duration timeout) {
  libp2p::ProbeOptions options;
  options.pings = 0;
  options.timeout = timeout;
  libp2p::HostConfig config(run.key);
  auto probing = libp2p::probe(run.context.runtime, std::move(config), addr, options);
  const libp2p::ProbeReport report = co_await std::move(probing);
  if (!report.ok()) {
    (report.error->code == Code::timeout ? run.expired : run.failed) = true;
    run.context.console.warn(addr.text() + ": " + std::string(name_of(report.phase)) + ": " +
                             report.error->why);
    co_return;
  }
  std::vector<Multiaddr> addrs(1, addr);
  for (const Multiaddr& other : report.identity->listen_addrs) {
    if (other.without_peer() != addr.without_peer()) addrs.push_back(other);
  }
  run.sink.found(*report.peer, addrs, &*report.identity);
}

Task<Result<ExitStatus>> discover(cli::Context& context, const Options& options,
                                  const BootstrapOptions& chosen) {
  std::vector<Multiaddr> addrs;
  for (const std::string& text : chosen.operands) {
    P2P_CO_TRY(auto addr, cli::parse_address(text));
    addrs.push_back(std::move(addr));
  }
  P2P_CO_TRY(auto key, cli::load_key(options.key, context.runtime.random));
  Run run(context, options, std::move(key));
  for (const Multiaddr& addr : addrs) {
    co_await run.asking.below(kJobs);
    if (run.sink.full()) break;
    run.asking.spawn(ask(run, addr, chosen.timeout));
  }
  while (!run.asking.empty() && !run.sink.full()) co_await run.asking.below(run.asking.size());
  const ExitStatus status = run.sink.status();
  co_return status == ExitStatus::no&& run.expired && !run.failed ? ExitStatus::expired : status;
}

}  // namespace

void add_bootstrap(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<BootstrapOptions>();
  cli::Command& command = tool.subcommand("bootstrap", "connect to known addresses and identify");
  command.usage("p2p-discover bootstrap [OPTION]... ADDR...")
      .describe(
          "Connects to each address, identifies the peer there, and prints it with the addresses "
          "it "
          "says it has.")
      .duration("--timeout", "D", chosen->timeout, "for each address")
      .operands("ADDR", chosen->operands, "a multiaddr", cli::Complete::none, true)
      .action(cli::networked([chosen, &options](cli::Context& context) {
        return discover(context, options, *chosen);
      }));
}

}  // namespace p2p::discover
