// Peers of the local network.
#include "commands.h"
#include "libp2p/mdns/service.h"
#include "runtime/deadline.h"

namespace p2p::discover {

namespace {

using cli::ExitStatus;
using runtime::Task;

struct MdnsOptions {
  Duration span{std::chrono::seconds(5)};
};

Task<bool> listen(libp2p::mdns::Service& service, Sink& sink) {
  while (!sink.full()) {
    const libp2p::mdns::Found found = co_await service.next();
    sink.found(found.peer, found.addrs);
  }
  co_return true;
}

Task<Result<ExitStatus>> discover(cli::Context& context, const Options& options, Duration span) {
  const Time ends = context.runtime.clock.now() + span;
  Sink sink(context.console, "mdns", options);
  libp2p::mdns::Service service(context.runtime, libp2p::mdns::Config(), context.console.log());
  P2P_CO_CHECK(service.start());
  auto listening = listen(service, sink);
  auto bounded =
      runtime::before(context.runtime.queue, context.runtime.clock, ends, std::move(listening));
  (void)co_await std::move(bounded);
  co_return sink.status();
}

}  // namespace

void add_mdns(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<MdnsOptions>();
  cli::Command& command = tool.subcommand("mdns", "ask the local network, by multicast");
  command.usage("p2p-discover mdns [OPTION]...")
      .describe("Multicasts libp2p's question on every interface, and prints who answers.")
      .duration("--for", "D", chosen->span, "listen so long")
      .action(cli::networked([chosen, &options](cli::Context& context) {
        return discover(context, options, chosen->span);
      }));
}

}  // namespace p2p::discover
