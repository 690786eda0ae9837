// node: keep a chain in step with its peers, and mine.
#include <memory>

#include "chain/sync/control.h"
#include "cli/options.h"
#include "libp2p/mdns/service.h"
#include "records.h"
#include "reward.h"
#include "writer.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;
using multiformats::Multiaddr;
using multiformats::PeerId;
using runtime::Task;

struct NodeOptions {
  bool mine = false;
  RewardOptions reward;
  cli::ListenOptions listen;
  cli::KeyOptions key;
  bool mdns = false;
  std::vector<std::string> peers;
};

/// Prints what happens as records.
class Events final : public chain::ChainObserver, public chain::NodeObserver {
 public:
  Events(cli::Console& console, chain::ChainManager& chain) : console_(console), chain_(chain) {
    chain_.add_observer(*this);
  }
  ~Events() override { chain_.remove_observer(*this); }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  void on_block(const chain::HeaderNode& node, const chain::Block& block) override {
    console_.print(block_record(node, block));
  }
  void on_reorg(const chain::Reorg& reorg) override {
    record::Record record("reorg");
    record.set("to", shown(reorg.to->id));
    record.set("from", shown(reorg.from->id));
    record.set("fork", shown(reorg.fork->id));
    record.set("depth", reorg.from->height - reorg.fork->height);
    record.set("height", reorg.to->height);
    console_.print(record);
  }
  void on_transaction(const chain::Transaction& tx, const chain::TxId&) override {
    console_.print(tx_record(tx, std::nullopt));
  }
  void on_peer_connected(const PeerId& peer, const Multiaddr& remote) override {
    record::Record record("peer_event");
    record.set("peer_id", peer.text()).set("event", "connected").set("addr", remote.text());
    console_.print(record);
  }
  void on_peer_disconnected(const PeerId& peer, const std::string& why) override {
    record::Record record("peer_event");
    record.set("peer_id", peer.text()).set("event", "disconnected").set("why", why);
    console_.print(record);
  }
  void on_peer_given_up(const Multiaddr& addr, const Error& why) override {
    record::Record record("verdict");
    record.set("subject", "peer " + addr.text()).set("ok", false);
    record.set("cause", "given up, for it never answered: " + why.why);
    console_.print(record);
  }
  void on_refused(const chain::Refused& refused) override {
    record::Record record("verdict");
    record.set("subject", "block " + refused.id.text()).set("ok", false);
    record.set("cause", refused.outcome.message() + ", from " + refused.from.text());
    record.set("rule", name_of(refused.outcome.rule));
    console_.print(record);
  }

 private:
  cli::Console& console_;
  chain::ChainManager& chain_;
};

Task<void> follow_mdns(libp2p::mdns::Service& mdns, chain::Node& node) {
  while (true) {
    const libp2p::mdns::Found found = co_await mdns.next();
    node.discovered(found.addrs);
  }
}

Result<chain::NodeConfig> node_config(cli::Context& context, const Options& options,
                                      const NodeOptions& chosen) {
  chain::NodeConfig config;
  for (const std::string& text : chosen.peers) {
    P2P_TRY(auto peer, cli::parse_address(text));
    config.peers.push_back(std::move(peer));
  }
  if (chosen.mine) {
    P2P_TRY(config.mine_to, reward_address(context, options, chosen.reward));
  } else if (chosen.reward.key || chosen.reward.to) {
    return fail(Error(Code::invalid_argument, "--reward-key and --to go with --mine")
                    .with_hint("try 'p2p-chain node --help'"));
  }
  return config;
}

Task<Result<ExitStatus>> run_node(cli::Context& context, const Options& options,
                                  const NodeOptions& chosen) {
  P2P_CO_TRY(auto config, node_config(context, options, chosen));
  std::vector<Multiaddr> listen = chosen.listen.listen;
  if (listen.empty()) {
    P2P_CO_TRY(auto any, Multiaddr::parse("/ip4/0.0.0.0/tcp/0"));
    listen.push_back(std::move(any));
  }
  P2P_CO_TRY(auto key, cli::load_key(chosen.key, context.runtime.random));
  auto opened = co_await open_writer(context, options.path(), "node");
  P2P_CO_TRY(auto writer, std::move(opened));
  if (!writer) co_return fail(node_is_running(options.path()));

  libp2p::HostConfig host(std::move(key));
  host.log = context.console.log();
  Events events(context.console, *writer->chain);
  chain::Node node(context.runtime, *writer->chain, std::move(host), std::move(config), &events);
  for (const Multiaddr& at : listen) P2P_CO_CHECK(node.listen(at));
  chain::ControlServer control(context.runtime, node);
  P2P_CO_CHECK(control.listen(options.path()));

  const std::vector<Multiaddr> addrs = node.addresses();
  if (addrs.empty()) co_return fail(Code::unreachable, "listen", "", "no interface has an address");
  libp2p::mdns::Service mdns(context.runtime, libp2p::mdns::Config(), context.console.log());
  runtime::TaskGroup tasks(context.runtime.queue);
  if (chosen.mdns) {
    P2P_CO_CHECK(mdns.start());
    mdns.announce(node.id(), addrs);
    tasks.spawn(follow_mdns(mdns, node));
  }
  node.start();
  P2P_CO_CHECK(cli::announce(context.console, chosen.listen, node.id(), addrs));
  co_return fail(co_await node.run());
}

}  // namespace

void add_node(cli::Command& tool, const Options& options) {
  auto chosen = std::make_shared<NodeOptions>();
  auto& command = tool.subcommand("node", "keep in step with peers, and mine");
  command.usage("p2p-chain [--dir DIR] node [--mine] [OPTION]... [PEER]...")
      .describe(
          "Joins the peers of this chain: sends and takes blocks and transactions, fetches what it "
          "missed, and moves to the branch with the most work. Peers that are lost are dialed "
          "again; one that sends what breaks a rule is cut off and kept away for ten minutes. "
          "Prints a record for each block, reorganisation, transaction, refused block, and peer "
          "that comes or goes, until a signal ends it.")
      .describe(
          "While it runs, submit, mine and peer reach it through DIR/node.sock, and all commands "
          "that read work beside it. Without --listen it takes connections on every interface, at "
          "a "
          "free port. With --mine the reward goes to DIR/reward.key, which is made where there is "
          "none, unless an option names another receiver.");
  command.group("Mining").flag("--mine", chosen->mine, "mine without end");
  add_reward(command, chosen->reward);
  command.group("Network");
  cli::add_listen(command, chosen->listen);
  command.flag("--mdns", chosen->mdns, "find peers on the local network, and be found");
  cli::add_key(command, chosen->key);
  command.operands("PEER", chosen->peers, "a multiaddr to dial, and to keep connected to")
      .example("p2p-chain --dir a node --mine --write-addr a.addr", "mine, and wait for peers")
      .example("p2p-chain --dir b node \"$(head -1 a.addr)\"", "follow it")
      .example("p2p-chain --dir a node --json | jq -c 'select(.type == \"reorg\")'",
               "watch for changes of mind")
      .action(cli::networked([&options, chosen](cli::Context& context) {
        return run_node(context, options, *chosen);
      }));
}

}  // namespace p2p::chaintool
