// A node of a chain: a chain manager on a libp2p host, with gossip, sync, a miner and peers that it
// keeps connected. Runs on any runtime. Start here for chain/sync.
//
//     Node node(runtime, chain, std::move(host_config), NodeConfig());
//     P2P_CO_CHECK(node.listen(address));
//     node.start();
//     const auto why = co_await node.run();   // until the store fails
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "chain/miner/miner.h"
#include "chain/sync/service.h"
#include "libp2p/gossipsub/service.h"

namespace p2p::chain {

using multiformats::Multiaddr;

struct NodeConfig {
  std::vector<Multiaddr> peers;    ///< dialed, and dialed again when they are lost
  std::optional<Address> mine_to;  ///< mine without end, for this address
  SyncParams sync;
  /// How long a peer that broke a rule stays away: an honest one with a defect gets another chance,
  /// and a hostile one, which can take a new identity anyway, costs no memory for ever.
  Duration ban_time = std::chrono::minutes(10);
};

/// One line of `peer list`.
struct PeerView {
  PeerId id;
  /// connected; or away: by our user's word; or banned: for what it did.
  enum class State { connected, away, banned } state = State::connected;
  std::string addr;              ///< its end of the connection
  std::string agent;             ///< as it says itself
  std::optional<Status> status;  ///< as it said last
};
std::string_view name_of(PeerView::State state);

/// What the chain manager's observers are not told. Called from the loop.
class NodeObserver {
 public:
  virtual ~NodeObserver() = default;
  virtual void on_peer_connected(const PeerId&, const Multiaddr& /*remote*/) {}
  virtual void on_peer_disconnected(const PeerId&, const std::string& /*why*/) {}
  /// An address that connect was told of has never answered, and is dialed no more.
  virtual void on_peer_given_up(const Multiaddr&, const Error& /*the last dial's*/) {}
  virtual void on_refused(const Refused&) {}
};

class Node final : libp2p::HostObserver, ChainObserver {
 public:
  /// A dial, with all of its handshakes.
  static constexpr Duration kDialTime = std::chrono::seconds(15);
  /// Between two dials of a peer that is lost; doubled each time.
  static constexpr Duration kRedialFirst = std::chrono::seconds(1);
  static constexpr Duration kRedialMost = std::chrono::seconds(30);
  /// For an address that connect was told of to answer once: a mistyped one is not dialed for ever.
  /// Peers that were met once, or were named at the start, may come back after any time.
  static constexpr Duration kGiveUp = std::chrono::minutes(10);
  /// A connection that lives so long was a good one: the next redial is quick again.
  static constexpr Duration kStable = std::chrono::seconds(30);
  /// Peers that are kept connected: half of what the host takes by default.
  static constexpr std::size_t kMaxPeers = 128;
  /// A block under construction takes up new transactions at most this often, so that a stream of
  /// them does not keep the search at its start.
  static constexpr Duration kRenewal = std::chrono::seconds(1);
  /// And its time is set anew this often.
  static constexpr Duration kRestamp = std::chrono::seconds(15);

  /// `chain` (and the observer) outlive the node.
  Node(runtime::Runtime runtime, ChainManager& chain, libp2p::HostConfig host, NodeConfig config,
       NodeObserver* observer = nullptr);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// See libp2p::Host.
  Result<Multiaddr> listen(const Multiaddr& at) { return host_.listen(at); }
  std::vector<Multiaddr> addresses() const { return host_.addresses(); }
  const PeerId& id() const { return host_.id(); }

  /// Begins to dial and to mine.
  void start();
  /// Returns when the store has failed, with its error.
  Task<Error> run();
  /// Takes leave of the peers.
  Task<void> close();

  ChainManager& chain() { return chain_; }
  /// Accepts a transaction, on disk when it returns, and gossips it. True: it was new.
  Result<bool> submit(const Transaction& tx);
  /// Mines one block on the tip, whatever it takes, and gossips it.
  Task<Result<BlockId>> mine(Address reward);

  /// Connects, and keeps connected from now on, or tries to for kGiveUp; ends what disconnect or a
  /// ban began.
  Task<Result<PeerId>> connect(Multiaddr to);
  /// Disconnects, and keeps away until connect: from us and to us.
  void disconnect(const PeerId& peer);
  /// The connected peer at that address, or the one that it names.
  Result<PeerId> resolve(const std::string& addr_or_id) const;
  /// Dials, once, a peer that was heard of.
  void discovered(const std::vector<Multiaddr>& addrs);
  std::vector<PeerView> peers() const;

 private:
  struct Target {
    Multiaddr addr;
    std::optional<PeerId> peer;  ///< once known
    Time give_up = kNever;       ///< unless it has answered by then
  };
  struct Hunt {
    std::optional<BlockHeader> found;
    bool done = false;
  };

  // HostObserver.
  void on_connected(const PeerId& peer, const Multiaddr& remote, bool outbound) override;
  void on_disconnected(const PeerId& peer, const Error& why) override;
  // ChainObserver.
  void on_block(const HeaderNode& node, const Block& block) override;
  void on_reorg(const Reorg& reorg) override;
  void on_transaction(const Transaction& tx, const TxId& id) override;

  SyncEvents sync_events();
  Time now() const { return runtime_.clock.now(); }
  std::int64_t wall_s() const { return unix_seconds(runtime_.clock.wall()); }
  bool kept_away(const PeerId& peer) const {
    return away_.contains(peer) || banned_.contains(peer);
  }
  void ban(const PeerId& peer, const std::string& why);
  void end_bans();
  void publish_block(const Block& block);
  void tick();

  static Task<libp2p::gossipsub::Verdict> judge_block(Node& self,
                                                      libp2p::gossipsub::Received received);
  static Task<libp2p::gossipsub::Verdict> judge_transaction(Node& self,
                                                            libp2p::gossipsub::Received received);
  static Task<void> keep_connected(Node& self, std::shared_ptr<Target> target);
  static Task<Result<PeerId>> dial(Node& self, std::vector<Multiaddr> to);
  static Task<void> try_once(Node& self, std::vector<Multiaddr> addrs);
  static Task<void> mine_for_ever(Node& self, Address reward);
  static Task<void> search(Node& self, std::shared_ptr<Hunt> hunt, BlockHeader header);

  runtime::Runtime runtime_;
  ChainManager& chain_;
  NodeConfig config_;
  NodeObserver* observer_;
  libp2p::Host host_;
  libp2p::gossipsub::Service gossip_;
  SyncService sync_;
  std::string block_topic_;
  std::string transaction_topic_;

  std::map<PeerId, Multiaddr> remotes_;      ///< of connected peers
  std::map<PeerId, std::string> farewells_;  ///< why we are ending a connection
  std::set<PeerId> away_;
  std::map<PeerId, Time> banned_;  ///< until when
  std::unique_ptr<runtime::Timer> ban_timer_;
  std::vector<std::shared_ptr<Target>> targets_;
  runtime::WaitList peers_changed_;

  Bytes salt_;                     ///< tells our blocks from those that others make for our address
  std::uint64_t extra_ = 0;        ///< so that no two searches are the same
  std::uint64_t mempool_age_ = 0;  ///< grows with each transaction
  std::size_t miners_ = 0;
  std::unique_ptr<runtime::Timer> mining_timer_;
  runtime::WaitList work_changed_;

  std::optional<Error> failed_;
  runtime::WaitList failure_;
  runtime::TaskGroup tasks_;
};

}  // namespace p2p::chain
