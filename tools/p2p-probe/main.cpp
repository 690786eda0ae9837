// p2p-probe: what is this peer, and is it well?
#include <unistd.h>

#include "cli/command.h"
#include "commands.h"

namespace {

using p2p::Code;
using p2p::Error;
using p2p::fail;
using p2p::Result;
using p2p::cli::Command;
using p2p::cli::Context;
using p2p::cli::ExitStatus;
using p2p::cli::Option;
using p2p::probe::Options;

Option listen_option(Options& options) {
  Option listen;
  listen.takes = Option::Takes::optional_value;
  listen.metavar = "LISTEN";
  listen.fallback = "/ip4/0.0.0.0/tcp/0";
  listen.help = "answer instead of asking: identify and ping are served there";
  listen.set = [&options](std::string_view text) {
    options.listening = true;
    if (!text.empty()) options.listen_at.emplace_back(text);
    return Result<void>();
  };
  return listen;
}

Option expect_option(Options& options) {
  Option expect;
  expect.metavar = "K=V";
  expect.repeats = true;
  expect.help = "fail unless agent=GLOB, protocol=ID, peer=ID or rtt<50ms; may be repeated";
  expect.set = [&options](std::string_view text) -> Result<void> {
    P2P_TRY(auto expectation, p2p::libp2p::Expectation::parse(text));
    options.expect.push_back(std::move(expectation));
    return {};
  };
  return expect;
}

void declare(Command& command, Options& options) {
  command.usage("p2p-probe [OPTION]... [ADDR]...")
      .usage("p2p-probe -l [LISTEN] [OPTION]...")
      .describe(
          "Dials each address, agrees on a protocol, secures, multiplexes, identifies and pings; "
          "prints one record each, as soon as it is known. Without ADDR it reads records (lines of "
          "text, JSON or CBOR) from standard input and probes them at the same time.")
      .describe(
          "A line of text is: address, ok or fail, network, peer id, agent, and then the median "
          "round trip in milliseconds, or the failed phase and the cause. /dns, /dns4, /dns6 and "
          "/dnsaddr addresses resolve.");
  command.group("Asking");
  add_count(command, options.count, "pings for each address (3); with -l, peers to answer");
  command.duration("--interval", "D", options.interval, "wait between the pings of an address (0s)")
      .duration("--timeout", "D", options.timeout, "for each address (15s); with -l, as --max-time")
      .duration("--max-time", "D", options.max_time, "for everything together")
      .number("-j,--jobs", "N", options.jobs, {1, 1024}, "addresses probed at the same time (16)")
      .option("--expect", expect_option(options))
      .flag("-v,--verbose", options.verbose, "each phase's time and more, on standard error");
  command.group("Answering")
      .option("-l,--listen", listen_option(options))
      .text("--write-addr", "FILE", options.write_addr,
            "write the dialable addresses there once it answers", p2p::cli::Complete::file)
      .flag("--mdns", options.mdns, "announce it on the local network");
  command.group("Identity");
  add_key(command, options.key);
  command.operands("ADDR", options.operands, "a multiaddr, as /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…")
      .example("p2p-probe /dnsaddr/bootstrap.libp2p.io/p2p/QmNnooD…",
               "is that peer well? Its agent and round trip")
      .example("p2p-discover mdns --for 3s | p2p-probe", "probe what the local network has")
      .example("p2p-probe --expect 'agent=kubo/*' --expect 'rtt<50ms' \"$ADDR\"",
               "an assertion for CI")
      .exit_status(ExitStatus::yes, "every address was probed, every expectation met")
      .exit_status(ExitStatus::no,
                   "a probe failed, an expectation was not met, or there was "
                   "nothing to probe")
      .exit_status(ExitStatus::error, "usage, or an error that prevented an answer")
      .exit_status(ExitStatus::expired, "some did not answer in time, and nothing else failed");
}

Result<void> check_options(Options& options) {
  const auto usage = [](std::string why) {
    return fail(Error(Code::invalid_argument, std::move(why)).with_hint("try 'p2p-probe --help'"));
  };
  for (const auto& [given, name] :
       {std::pair(!options.expect.empty(), "--expect"),
        std::pair(options.interval.has_value(), "--interval"),
        std::pair(options.jobs.has_value(), "--jobs"), std::pair(options.verbose, "--verbose")}) {
    if (options.listening && given) return usage(std::string(name) + " does not go with -l");
  }
  if (!options.listening && options.mdns) return usage("--mdns goes with -l only");
  if (!options.listening && options.write_addr) {
    return usage("--write-addr goes with -l only");
  }
  if (!options.listening && options.operands.empty() && ::isatty(STDIN_FILENO) == 1) {
    return usage("no address, and standard input is a terminal");
  }
  for (const auto* texts : {&options.listen_at, &options.operands}) {
    for (const std::string& text : *texts) {
      P2P_TRY(auto address, p2p::cli::parse_address(text));
      options.addrs.push_back(std::move(address));
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  Command command("p2p-probe", "what is this peer, and is it well?");
  declare(command, options);
  command.action([&options](p2p::cli::Console& console) -> Result<ExitStatus> {
    P2P_CHECK(check_options(options));
    const auto run = p2p::cli::networked([&options](Context& context) {
      return options.listening ? p2p::probe::answer(context, options)
                               : p2p::probe::ask(context, options);
    });
    return run(console);
  });
  return p2p::cli::run(argc, argv, command);
}
