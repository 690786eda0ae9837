// peer: whom the running node is connected to, and to cut and heal that.
#include <memory>

#include "chain/sync/control.h"
#include "cli/options.h"
#include "commands.h"
#include "multiformats/peer_id.h"

namespace p2p::chaintool {

namespace {

using chain::ControlClient;
using cli::ExitStatus;
using runtime::Task;

Task<Result<ControlClient>> reach_node(cli::Context& context, const Options& options) {
  auto node = co_await ControlClient::connect(context.runtime, options.path());
  if (node) co_return std::move(*node);
  const bool none = node.error().code == Code::not_found || node.error().code == Code::refused;
  Error error = std::move(node).error();
  if (none) error.hint = "no node runs there: p2p-chain --dir DIR node";
  co_return fail(std::move(error));
}

record::Record event_record(const std::string& peer_id, const char* event) {
  record::Record record("peer_event");
  return record.set("peer_id", peer_id).set("event", event);
}

Task<Result<ExitStatus>> list(cli::Context& context, const Options& options) {
  auto reached = co_await reach_node(context, options);
  P2P_CO_TRY(ControlClient node, std::move(reached));
  const auto peers = co_await node.peers();
  P2P_CO_CHECK(peers);
  bool connected = false;
  for (const ControlClient::PeerLine& peer : *peers) {
    record::Record record = event_record(peer.peer_id, peer.state.c_str());
    if (!peer.addr.empty()) record.set("addr", peer.addr);
    if (!peer.agent.empty()) record.set("agent", peer.agent);
    record.set("height", peer.height);
    context.console.print(record);
    connected = connected || peer.state == "connected";
  }
  co_return connected ? ExitStatus::yes : ExitStatus::no;
}

Task<Result<ExitStatus>> connect(cli::Context& context, const Options& options, std::string addr) {
  P2P_CO_CHECK(cli::parse_address(addr));
  auto reached = co_await reach_node(context, options);
  P2P_CO_TRY(ControlClient node, std::move(reached));
  const auto peer = co_await node.connect_peer(addr);
  if (!peer) {
    context.console.error(peer.error());
    co_return peer.error().code == Code::timeout ? ExitStatus::expired : ExitStatus::no;
  }
  context.console.print(event_record(*peer, "connected").set("addr", addr));
  co_return ExitStatus::yes;
}

Task<Result<ExitStatus>> disconnect(cli::Context& context, const Options& options,
                                    std::string peer) {
  if (!multiformats::PeerId::parse(peer)) P2P_CO_CHECK(cli::parse_address(peer));
  auto reached = co_await reach_node(context, options);
  P2P_CO_TRY(ControlClient node, std::move(reached));
  const auto id = co_await node.disconnect_peer(peer);
  if (!id && id.error().code == Code::not_found) {
    context.console.error(id.error());
    co_return ExitStatus::no;
  }
  P2P_CO_CHECK(id);
  context.console.print(event_record(*id, "disconnected"));
  co_return ExitStatus::yes;
}

}  // namespace

void add_peer(cli::Command& tool, const Options& options) {
  auto& group = tool.subcommand("peer", "the peers of the running node");
  group.usage("p2p-chain [--dir DIR] peer list")
      .usage("p2p-chain [--dir DIR] peer connect ADDR")
      .usage("p2p-chain [--dir DIR] peer disconnect ADDR|ID");
  group.subcommand("list", "who is connected, and who is kept away")
      .usage("p2p-chain [--dir DIR] peer list")
      .exit_status(ExitStatus::no, "no peer is connected")
      .action(cli::networked([&options](cli::Context& context) { return list(context, options); }));
  auto target = std::make_shared<std::string>();
  group.subcommand("connect", "connect, and stay connected")
      .usage("p2p-chain [--dir DIR] peer connect ADDR")
      .describe("Ends what disconnect, or a ban, began.")
      .operand("ADDR", *target, "a multiaddr, with /p2p/ID where the peer was kept away")
      .action(cli::networked([&options, target](cli::Context& context) {
        return connect(context, options, *target);
      }));
  group.subcommand("disconnect", "disconnect, and stay so")
      .usage("p2p-chain [--dir DIR] peer disconnect ADDR|ID")
      .describe("Keeps the peer away, from either side, until connect or the node's end.")
      .operand("PEER", *target, "its address or its id")
      .action(cli::networked([&options, target](cli::Context& context) {
        return disconnect(context, options, *target);
      }));
}

}  // namespace p2p::chaintool
