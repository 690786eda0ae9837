// p2p-discover: who is out there?
#include "commands.h"

int main(int argc, char** argv) {
  using p2p::cli::ExitStatus;
  p2p::discover::Options options;
  p2p::cli::Command tool("p2p-discover", "who is out there? Peers from several sources");
  tool.usage("p2p-discover SOURCE [OPTION]... [OPERAND]...")
      .describe(
          "Prints peers as they are found, each once. A line of text is: the address to dial with "
          "its /p2p id, the source, and the peer's other addresses.")
      .example("p2p-discover mdns --for 3s | p2p-probe", "probe what the local network has")
      .example("p2p-discover mdns --count 1 --for 30s", "wait until somebody is there")
      .example("p2p-discover dns bootstrap.libp2p.io --json | jq -r .peer_id",
               "the ids of the public bootstrap peers")
      .exit_status(ExitStatus::yes, "peers were found (with --count, as many)")
      .exit_status(ExitStatus::no, "none, or fewer")
      .exit_status(ExitStatus::error, "usage, or an error that prevented an answer")
      .exit_status(ExitStatus::expired, "nobody answered in time");
  tool.group("Discovery");
  p2p::cli::add_count(tool, options.count, "stop after so many peers");
  p2p::cli::add_key(tool, options.key);
  p2p::discover::add_mdns(tool, options);
  p2p::discover::add_bootstrap(tool, options);
  p2p::discover::add_dns(tool, options);
  return p2p::cli::run(argc, argv, tool);
}
