// p2p-gossip: say it to everyone in a topic.
#include "run.h"

namespace {

using p2p::Code;
using p2p::Error;
using p2p::fail;
using p2p::Result;
using p2p::cli::Command;
using p2p::cli::Complete;
using p2p::cli::Console;
using p2p::cli::ExitStatus;
using p2p::gossip::Options;
using p2p::gossip::Work;

std::unexpected<Error> usage(std::string why) {
  return fail(Error(Code::invalid_argument, std::move(why)).with_hint("try 'p2p-gossip --help'"));
}

Result<void> check_options(const Options& options, Work work) {
  if (options.peers.empty() && !options.peers_from && !options.mdns &&
      options.listen.listen.empty()) {
    return usage("there is nobody to talk to: give a PEER, --peers-from, --mdns or --listen");
  }
  if (options.null && options.raw) return usage("--null and --raw exclude each other");
  if (!work.receives && options.span) return usage("--for is for those who hear: sub and join");
  if (!work.publishes) {
    for (const auto& [given, name] : {std::pair(options.rate.has_value(), "--rate"),
                                      std::pair(options.wait.has_value(), "--wait"),
                                      std::pair(options.min_peers.has_value(), "--min-peers")}) {
      if (given) return usage(std::string(name) + " is for those who speak: pub and join");
    }
  }
  if (work.publishes && options.peers_from == "-") {
    return usage("standard input holds the messages; --peers-from needs a file");
  }
  if (options.listen.write_addr && options.listen.listen.empty() && !options.mdns) {
    return usage("--write-addr needs --listen");
  }
  return {};
}

void add(Command& command, std::string name, std::string summary, Options& options, Work work) {
  Command& sub = command.subcommand(std::move(name), std::move(summary));
  sub.operand("TOPIC", options.topic, "what to talk about: any text, the same for everybody")
      .operands("PEER", options.peers, "whom to connect to: an address or a record");
  const auto body = [&options, work](p2p::cli::Context& context) {
    return p2p::gossip::run(context, options, work);
  };
  auto networked = p2p::cli::networked(body, &options.timeout);
  sub.action([&options, work, act = std::move(networked)](Console& console) -> Result<ExitStatus> {
    P2P_CHECK(check_options(options, work));
    return act(console);
  });
}

void declare(Command& command, Options& options) {
  command.usage("p2p-gossip pub TOPIC [OPTION]... [PEER]...")
      .usage("p2p-gossip sub TOPIC [OPTION]... [PEER]...")
      .usage("p2p-gossip join TOPIC [OPTION]... [PEER]...")
      .describe(
          "Says lines to everyone in a topic, and hears what they say, over libp2p's gossipsub. "
          "`pub` sends each line of standard input, waits until a peer has it, and ends with the "
          "input. `sub` prints each message as a line. `join` does both, and goes on hearing when "
          "the input ends.")
      .describe(
          "A message that is printed as text is escaped so that it stays one line: control "
          "characters and bytes that are not UTF-8 as \\n, \\t, \\r or \\xHH. Use -0, --raw, "
          "--json or --cbor where every byte counts.");

  command.group("Peers");
  add_listen(command, options.listen);
  command.flag("--mdns", options.mdns, "find peers on the local network, and be found")
      .text("--peers-from", "FILE", options.peers_from,
            "connect to the peers of these records or lines too; - is standard input (sub only)",
            Complete::file);
  add_key(command, options.key);

  command.group("Messages")
      .flag("-0,--null", options.null, "messages end with NUL, on input and output")
      .flag("--raw", options.raw,
            "standard input is one message; messages are printed as they are, nothing between");
  add_count(command, options.count, "end after N messages were received (pub: sent)");

  command.group("Time")
      .duration("--wait", "D", options.wait, "how long a message may wait for its first peer (30s)")
      .number("--min-peers", "N", options.min_peers, p2p::cli::Bounds{1, 1000},
              "peers of the topic to wait for before the first message (1)");
  command.number("--rate", "N", options.rate, p2p::cli::Bounds{1, 1'000'000},
                 "send at most N messages a second; without it as fast as the peers are known to "
                 "take them: 33 where one is kubo, 1,000 where one is not p2p-utils");
  add_for(command, options.span, "hear for this long, then end: 0 if there was a message, else 1");
  add_timeout(command, options.timeout, "end with 124 if not done by then");

  add(command, "pub", "Send standard input's lines as messages.", options, Work{true, false});
  add(command, "sub", "Print the messages of a topic.", options, Work{false, true});
  add(command, "join", "Send standard input's lines and print others' messages.", options,
      Work{true, true});

  command.exit_status(ExitStatus::yes, "every message has reached a peer; --count messages came")
      .exit_status(ExitStatus::no, "no peer could be reached; --for ended without a message")
      .exit_status(ExitStatus::expired, "--timeout or --wait expired first")
      .example("echo hello | p2p-gossip pub news \"$ADDR\"", "say hello to the topic news")
      .example("p2p-gossip sub news --mdns --json | jq -r .sender", "who speaks, on this network")
      .example("p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr addr -n 1",
               "wait for one message; addr says where")
      .feature("protocols: /meshsub/1.1.0, /meshsub/1.0.0, /floodsub/1.0.0");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  Command command("p2p-gossip", "Say it to everyone in a topic.");
  declare(command, options);
  return p2p::cli::run(argc, argv, command);
}
