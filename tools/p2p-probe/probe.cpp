#include <set>

#include "commands.h"
#include "record/reader.h"
#include "record/schema.h"
#include "record/writer.h"
#include "runtime/deadline.h"

namespace p2p::probe {

namespace {

using cli::ExitStatus;
using libp2p::Phase;
using libp2p::ProbeReport;
using libp2p::RoundTrips;
using multiformats::Multiaddr;
using record::Record;
using runtime::Task;

/// One run of the tool: what is under way, and how it stands.
struct Run {
  Run(cli::Context& world, const Options& chosen, crypto::SigningKey identity)
      : context(world),
        options(chosen),
        key(std::move(identity)),
        ends(chosen.max_time ? world.runtime.clock.now() + *chosen.max_time : kNever),
        probes(world.runtime.queue) {}

  cli::Context& context;
  const Options& options;
  crypto::SigningKey key;
  Time ends;
  bool any = false;
  bool failed = false;
  bool hindered = false;  ///< by what this machine grants us, which says nothing of the peer
  bool expired = false;
  std::set<std::string> hinted;
  /// Peers that are being probed, one after the other where they have several addresses: all probes
  /// have our identity, of which a peer takes only so much at a time (go-libp2p eight connections,
  /// and two streams of pings).
  std::set<std::string> asked;
  runtime::WaitList answered;  ///< one of them was
  runtime::TaskGroup probes;
};

std::vector<std::string> texts(const std::vector<Multiaddr>& addrs) {
  std::vector<std::string> all;
  for (const Multiaddr& addr : addrs) all.push_back(addr.text());
  return all;
}

std::vector<std::string> unmet(const Options& options, const ProbeReport& report) {
  std::vector<std::string> all;
  for (const auto& expectation : options.expect) {
    const std::string why = expectation.unmet_by(report);
    if (!why.empty()) all.push_back(expectation.text() + ": " + why);
  }
  return all;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += (all.empty() ? "" : "; ") + line;
  return all;
}

Record record_of(const ProbeReport& report, const std::vector<std::string>& unmet) {
  Record record("probe");
  record.set("addr", report.addr.text()).set("ok", report.ok() && unmet.empty());
  if (!report.trace.security.empty()) record.set("network", "libp2p");
  const std::string& dialed = report.trace.address;
  if (report.trace.phase > Phase::dial && dialed != report.addr.without_peer().text()) {
    record.set("dialed_addr", dialed);
  }
  if (report.peer) record.set("peer_id", report.peer->text());
  if (const auto& identity = report.identity) {
    record.set("agent", identity->agent)
        .set("addrs", texts(identity->listen_addrs))
        .set("protocols", identity->protocols)
        .set("protocol_version", identity->protocol_version)
        .set("signed_record", identity->signed_record);
    if (identity->observed) record.set("observed_addr", identity->observed->text());
  }
  if (report.error) {
    record.set("phase", name_of(report.phase))
        .set("cause", report.error->why)
        .set("error", name_of(report.error->code));
    if (!report.error->hint.empty()) record.set("hint", report.error->hint);
  } else if (!unmet.empty()) {
    record.set("phase", "expect").set("cause", joined(unmet)).set("unmet", unmet);
  }
  if (!report.trace.security.empty()) record.set("security", report.trace.security);
  if (!report.trace.muxer.empty()) record.set("muxer", report.trace.muxer);
  record.set("pings", report.pings.size());
  if (!report.pings.empty()) {
    const RoundTrips times(report.pings);
    record.set("ping_median_ms", milliseconds(times.median))
        .set("ping_min_ms", milliseconds(times.least))
        .set("ping_max_ms", milliseconds(times.most));
  }
  for (const auto& [phase, took] : report.trace.took) {
    record.set(std::string(name_of(phase)) + "_ms", milliseconds(took));
  }
  record.set("total_ms", milliseconds(report.total));
  return record;
}

std::string number(double value) {
  std::string text = std::to_string(value);
  text.resize(text.find('.') + 4);
  return text;
}

/// What people want to see and a line of text has no room for.
void explain(cli::Console& console, const ProbeReport& report) {
  // Protocols are named by the peer, whose words are not to drive a terminal.
  const auto say = [&console](const std::string& line) {
    console.message(record::escape_text(line));
  };
  std::string phases;
  for (const auto& [phase, took] : report.trace.took) {
    phases += (phases.empty() ? "" : ", ") + std::string(name_of(phase)) + " " +
              number(milliseconds(took)) + " ms";
  }
  say(report.addr.text());
  say("  phases: " + phases);
  if (!report.trace.muxer.empty()) {
    say("  secured by " + report.trace.security + ", multiplexed by " + report.trace.muxer +
        (report.trace.early_muxer ? " (agreed on in the handshake)" : ""));
  }
  if (!report.pings.empty()) {
    const RoundTrips times(report.pings);
    say("  ping: least " + number(milliseconds(times.least)) + " ms, median " +
        number(milliseconds(times.median)) + " ms, most " + number(milliseconds(times.most)) +
        " ms of " + std::to_string(report.pings.size()));
  }
  if (!report.identity) return;
  if (report.identity->observed) {
    say("  it sees us at " + report.identity->observed->text());
  }
  for (const auto& addr : report.identity->listen_addrs) {
    say("  listens at " + addr.text());
  }
  for (const auto& protocol : report.identity->protocols) say("  speaks " + protocol);
}

void print(Run& run, const ProbeReport& report) {
  cli::Console& console = run.context.console;
  const auto missed = report.ok() ? unmet(run.options, report) : std::vector<std::string>();
  const bool expired = report.error && report.error->code == Code::timeout;
  run.expired = run.expired || expired;
  run.hindered = run.hindered ||
                 (report.error && report.error->code == Code::limit && report.phase == Phase::dial);
  run.failed = run.failed || (!report.ok() && !expired) || !missed.empty();
  console.print(record_of(report, missed));
  if (run.options.verbose) explain(console, report);
  if (report.error && !report.error->hint.empty() && console.format() == cli::Format::text &&
      run.hinted.insert(report.error->hint).second) {
    console.note("hint: " + report.error->hint);
  }
}

Task<void> probe_one(Run& run, Multiaddr addr) {
  const auto peer = addr.peer();
  const std::string name = peer ? peer->text() : addr.text();
  while (!run.asked.insert(name).second) co_await run.answered.wait();
  libp2p::HostConfig config(run.key);
  libp2p::ProbeOptions options;
  options.pings = run.options.count.value_or(kPings);
  options.interval = run.options.interval.value_or(Duration(0));
  options.timeout =
      std::min(run.options.timeout.value_or(kTimeout), run.ends - run.context.runtime.clock.now());
  auto probing = libp2p::probe(run.context.runtime, std::move(config), std::move(addr), options);
  const ProbeReport report = co_await std::move(probing);
  run.asked.erase(name);
  run.answered.wake_all();
  print(run, report);
}

/// Starts a probe once fewer than --jobs are under way.
Task<void> begin(Run& run, Multiaddr addr) {
  run.any = true;
  co_await run.probes.below(run.options.jobs.value_or(kJobs));
  run.probes.spawn(probe_one(run, std::move(addr)));
}

/// What a record says is no address: a failed probe of it.
void refuse(Run& run, const std::string& datum, const Error& error) {
  run.any = run.failed = true;
  Record record("probe");
  record.set("addr", datum)
      .set("ok", false)
      .set("phase", name_of(Phase::resolve))
      .set("cause", error.why)
      .set("error", name_of(error.code));
  run.context.console.print(record);
}

Task<Result<void>> read_input(Run& run) {
  record::Reader reader("peer");
  bool more = true;
  while (more) {
    auto reading = run.context.input.read();
    auto bounded = runtime::before(run.context.runtime.queue, run.context.runtime.clock, run.ends,
                                   std::move(reading));
    auto chunk = co_await std::move(bounded);
    if (!chunk) {
      run.expired = true;
      co_return Result<void>();
    }
    if (!*chunk) co_return fail(std::move(*chunk).error());
    more = !(*chunk)->empty();
    if (more) {
      reader.feed(**chunk);
    } else {
      reader.end();
    }
    while (true) {
      P2P_CO_TRY(const auto record, reader.next());
      if (!record) break;
      if (record->type() == "error") continue;
      const std::string* field = record->text("addr");
      const std::string datum = field != nullptr ? *field : record::datum(*record);
      auto addr = Multiaddr::parse(datum);
      if (addr) {
        co_await begin(run, std::move(*addr));
      } else {
        refuse(run, datum, addr.error());
      }
    }
  }
  co_return Result<void>();
}

}  // namespace

Task<Result<ExitStatus>> ask(cli::Context& context, const Options& options) {
  P2P_CO_TRY(auto key, cli::load_key(options.key, context.runtime.random));
  Run run(context, options, std::move(key));
  Result<void> input;
  for (const Multiaddr& addr : options.addrs) co_await begin(run, addr);
  if (options.addrs.empty()) input = co_await read_input(run);
  co_await run.probes.join();
  if (!input) co_return fail(std::move(input).error());
  if (!run.any && !run.expired) {
    context.console.note("standard input named no address to probe");
    co_return ExitStatus::no;
  }
  if (run.hindered) co_return ExitStatus::error;
  if (run.failed) co_return ExitStatus::no;
  co_return run.expired ? ExitStatus::expired : ExitStatus::yes;
}

}  // namespace p2p::probe
