#include "chain/sync/node.h"

#include <algorithm>

#include "runtime/deadline.h"

namespace p2p::chain {

namespace {

namespace gossipsub = libp2p::gossipsub;

/// Dials of discovered peers at one time.
constexpr std::size_t kMaxTasks = 256;
/// Bans remembered; one past it ends the one that is nearest to its end.
constexpr std::size_t kMaxBans = 1024;

/// The genesis keeps chains apart; its first bytes shown are those without proof of work, which
/// differ most.
std::string topic(const ChainManager& chain, std::string_view what) {
  const std::string id = chain.params().genesis_id().text();
  return "/p2p-utils/chain/" + id.substr(id.size() - 16) + "/" + std::string(what);
}

gossipsub::ServiceConfig gossip_config(std::function<void(const gossipsub::Penalty&)> on_penalty) {
  gossipsub::ServiceConfig out;
  out.on_penalty = std::move(on_penalty);
  return out;
}

/// Invalid and mutated blocks are somebody's fault; orphans and blocks from the future are not.
gossipsub::Verdict verdict_on(const Outcome& outcome) {
  if (outcome.ok()) return gossipsub::Verdict::accept;
  const bool guilty = outcome.rule != Rule::none &&
                      (outcome.verdict == Verdict::invalid || outcome.verdict == Verdict::mutated);
  return guilty ? gossipsub::Verdict::reject : gossipsub::Verdict::ignore;
}

}  // namespace

std::string_view name_of(PeerView::State state) {
  switch (state) {
    case PeerView::State::connected:
      return "connected";
    case PeerView::State::away:
      return "away";
    case PeerView::State::banned:
      return "banned";
  }
  return "?";
}

Node::Node(runtime::Runtime runtime, ChainManager& chain, libp2p::HostConfig host,
           NodeConfig config, NodeObserver* observer)
    : runtime_(runtime),
      chain_(chain),
      config_(std::move(config)),
      observer_(observer),
      host_(runtime, host),
      gossip_(host_, host.key, gossip_config([this](const gossipsub::Penalty& penalty) {
                if (penalty.offence != gossipsub::Offence::bad_message) return;
                ban(penalty.peer, "it gossips messages that are not signed as they must be");
              })),
      sync_(host_, chain_, sync_events(), config_.sync),
      block_topic_(topic(chain, "blocks")),
      transaction_topic_(topic(chain, "transactions")),
      ban_timer_(runtime.clock.timer([this] { end_bans(); })),
      salt_(runtime.random.bytes(8)),
      mining_timer_(runtime.clock.timer([this] { tick(); })),
      tasks_(runtime.queue) {
  host_.add_observer(*this);
  chain_.add_observer(*this);
  const auto blocks = [this](gossipsub::Received received) {
    return judge_block(*this, std::move(received));
  };
  const auto transactions = [this](gossipsub::Received received) {
    return judge_transaction(*this, std::move(received));
  };
  gossip_.subscribe(block_topic_, blocks, false);
  gossip_.subscribe(transaction_topic_, transactions, false);
}

Node::~Node() {
  chain_.remove_observer(*this);
  host_.remove_observer(*this);
}

SyncEvents Node::sync_events() {
  SyncEvents events;
  events.on_drop = [this](const Drop& drop) {
    if (drop.ban) return ban(drop.peer, drop.why.message());
    farewells_[drop.peer] = drop.why.message();
    host_.disconnect(drop.peer);
  };
  events.on_refused = [this](const Refused& refused) {
    if (observer_ != nullptr) observer_->on_refused(refused);
  };
  events.on_fresh_transaction = [this](Bytes raw) {
    // Its own gossip was before our time; those beyond us may have missed it too.
    (void)gossip_.publish(transaction_topic_, std::move(raw));
  };
  events.on_failed = [this](const Error& why) {
    failed_ = why;
    failure_.wake_all();
  };
  return events;
}

void Node::start() {
  for (const Multiaddr& addr : config_.peers) {
    auto target = std::make_shared<Target>(Target{addr, addr.peer(), kNever});
    targets_.push_back(target);
    tasks_.spawn(keep_connected(*this, target));
  }
  if (config_.mine_to) tasks_.spawn(mine_for_ever(*this, *config_.mine_to));
}

Task<Error> Node::run() {
  while (!failed_) co_await failure_.wait();
  co_return *failed_;
}

Task<void> Node::close() {
  tasks_.cancel();
  co_await gossip_.close();
  co_await host_.close();
}

// Gossip.

Task<gossipsub::Verdict> Node::judge_block(Node& self, gossipsub::Received received) {
  if (self.kept_away(received.from)) co_return gossipsub::Verdict::ignore;
  const Outcome outcome = self.sync_.on_gossip_block(received.from, received.message->payload());
  co_return verdict_on(outcome);
}

Task<gossipsub::Verdict> Node::judge_transaction(Node& self, gossipsub::Received received) {
  if (self.kept_away(received.from)) co_return gossipsub::Verdict::ignore;
  const Outcome outcome =
      self.sync_.on_gossip_transaction(received.from, received.message->payload());
  co_return verdict_on(outcome);
}

Result<bool> Node::submit(const Transaction& tx) {
  P2P_TRY(const bool fresh, chain_.submit(tx, Origin::local));
  // Gossip is told on a best effort; peers that come later ask for what waits.
  if (fresh) (void)gossip_.publish(transaction_topic_, tx.encode());
  return fresh;
}

void Node::publish_block(const Block& block) {
  (void)gossip_.publish(block_topic_, block.encode());
  // A peer whose gossip has not begun yet would hear of it late.
  if (gossip_.peers(block_topic_).size() < remotes_.size()) sync_.announce();
}

// Mining.

void Node::on_block(const HeaderNode&, const Block&) { work_changed_.wake_all(); }

/// What the lost branch had confirmed waits again, here; the other branch's nodes may never have
/// heard of it.
void Node::on_reorg(const Reorg& reorg) {
  std::size_t told = 0;
  // In the order in which they build on each other.
  for (std::uint32_t height = reorg.fork->height + 1; height <= reorg.from->height; ++height) {
    const auto raw = chain_.block(reorg.from->ancestor(height)->id);
    if (!raw || !*raw) return;  // the store's failure shows elsewhere
    const auto block = Block::decode(**raw);
    if (!block) return;
    for (const Transaction& tx : block->txs) {
      if (!chain_.mempool().contains(tx.id())) continue;
      if (++told > kMaxTransactions) return;
      (void)gossip_.publish(transaction_topic_, tx.encode());
    }
  }
}

void Node::on_transaction(const Transaction&, const TxId&) {
  ++mempool_age_;
  work_changed_.wake_all();
}

void Node::tick() {
  if (miners_ == 0) return;
  work_changed_.wake_all();
  mining_timer_->arm(now() + kRenewal);
}

Task<void> Node::search(Node& self, std::shared_ptr<Hunt> hunt, BlockHeader header) {
  Task<std::optional<BlockHeader>> searching = search_nonce(self.runtime_.workers, header);
  hunt->found = co_await std::move(searching);
  hunt->done = true;
  self.work_changed_.wake_all();
}

Task<Result<BlockId>> Node::mine(Address reward) {
  const struct Counted {
    explicit Counted(Node& counting) : node(counting) {
      if (node.miners_++ == 0) node.tick();
    }
    ~Counted() { --node.miners_; }
    Node& node;
  } counted(*this);
  while (true) {
    Bytes extra = salt_;
    append(extra, as_bytes(std::to_string(++extra_)));
    auto made = chain_.make_template(reward, extra, wall_s());
    P2P_CO_CHECK(made);
    Block block = std::move(*made);
    const HeaderNode* const parent = &chain_.tip();
    const std::uint64_t age = mempool_age_;
    const Time begun = now();
    const auto stale = [&] {
      return &chain_.tip() != parent || now() >= begun + kRestamp ||
             (mempool_age_ != age && now() >= begun + kRenewal);
    };
    const auto hunt = std::make_shared<Hunt>();
    runtime::TaskGroup hunting(runtime_.queue);
    hunting.spawn(search(*this, hunt, block.header));
    while (!hunt->done && !stale()) co_await work_changed_.wait();
    if (!hunt->found) continue;
    block.header = *hunt->found;
    auto outcome = chain_.accept_block(block, wall_s());
    P2P_CO_CHECK(outcome);
    if (outcome->verdict == Verdict::future) {
      // Blocks came faster than one a second for long: the earliest time allowed is ahead of us.
      co_await runtime::sleep_for(runtime_.clock, kRenewal);
      continue;
    }
    if (!outcome->ok()) {
      co_return fail(Code::internal, "mine", block.id().text(), outcome->message());
    }
    publish_block(block);
    co_return block.id();
  }
}

Task<void> Node::mine_for_ever(Node& self, Address reward) {
  while (true) {
    auto mined = co_await self.mine(reward);
    if (mined) continue;
    self.failed_ = mined.error();
    self.failure_.wake_all();
    co_return;
  }
}

// Peers.

void Node::on_connected(const PeerId& peer, const Multiaddr& remote, bool) {
  remotes_.insert_or_assign(peer, remote);
  if (observer_ != nullptr) observer_->on_peer_connected(peer, remote);
  peers_changed_.wake_all();
}

void Node::on_disconnected(const PeerId& peer, const Error& why) {
  remotes_.erase(peer);
  const auto reason = farewells_.extract(peer);
  if (observer_ != nullptr) {
    observer_->on_peer_disconnected(peer, reason.empty() ? why.message() : reason.mapped());
  }
  peers_changed_.wake_all();
}

void Node::ban(const PeerId& peer, const std::string& why) {
  if (banned_.size() >= kMaxBans) {
    const auto first =
        std::ranges::min_element(banned_, {}, [](const auto& entry) { return entry.second; });
    const PeerId forgiven = first->first;
    banned_.erase(first);
    if (!away_.contains(forgiven)) host_.unban(forgiven);
  }
  banned_[peer] = now() + config_.ban_time;
  if (remotes_.contains(peer)) farewells_[peer] = "banned: " + why;
  host_.ban(peer);
  end_bans();
}

void Node::end_bans() {
  Time next = kNever;
  for (auto it = banned_.begin(); it != banned_.end();) {
    if (it->second > now()) {
      next = std::min(next, it->second);
      ++it;
      continue;
    }
    if (!away_.contains(it->first)) host_.unban(it->first);
    it = banned_.erase(it);
    peers_changed_.wake_all();
  }
  ban_timer_->arm(next);
}

Task<Result<PeerId>> Node::connect(Multiaddr to) {
  if (const auto peer = to.peer()) {
    away_.erase(*peer);
    banned_.erase(*peer);
    host_.unban(*peer);
  }
  const auto same = [&to](const auto& target) { return target->addr == to; };
  if (std::ranges::none_of(targets_, same)) {
    if (targets_.size() >= kMaxPeers) {
      co_return fail(Code::limit, "connect", to.text(),
                     "there are " + std::to_string(kMaxPeers) + " peers already");
    }
    auto target = std::make_shared<Target>(Target{to, to.peer(), now() + kGiveUp});
    targets_.push_back(target);
    tasks_.spawn(keep_connected(*this, target));
  }
  peers_changed_.wake_all();
  std::vector<Multiaddr> addrs(1, std::move(to));
  co_return co_await dial(*this, std::move(addrs));
}

void Node::disconnect(const PeerId& peer) {
  away_.insert(peer);
  if (remotes_.contains(peer)) farewells_[peer] = "disconnected by the user";
  host_.ban(peer);
}

Result<PeerId> Node::resolve(const std::string& addr_or_id) const {
  if (auto id = PeerId::parse(addr_or_id)) return id;
  P2P_TRY(const Multiaddr addr, Multiaddr::parse(addr_or_id));
  if (const auto peer = addr.peer()) return *peer;
  for (const auto& [peer, remote] : remotes_) {
    if (remote.without_peer() == addr) return peer;
  }
  for (const auto& target : targets_) {
    if (target->addr == addr && target->peer) return *target->peer;
  }
  return fail(Code::not_found, "no peer is connected at " + addr_or_id);
}

Task<Result<PeerId>> Node::dial(Node& self, std::vector<Multiaddr> to) {
  const std::string text = to.front().text();
  Task<Result<PeerId>> connecting = self.host_.connect(std::move(to));
  auto connected = co_await runtime::before(self.runtime_.queue, self.runtime_.clock,
                                            self.now() + kDialTime, std::move(connecting));
  if (!connected) co_return fail(Code::timeout, "connect", text, "no answer in time");
  co_return std::move(*connected);
}

Task<void> Node::keep_connected(Node& self, std::shared_ptr<Target> target) {
  Duration delay = kRedialFirst;
  while (true) {
    if (target->peer && self.kept_away(*target->peer)) {
      co_await self.peers_changed_.wait();
      continue;
    }
    const Time begun = self.now();
    std::vector<Multiaddr> addrs(1, target->addr);
    auto connected = co_await dial(self, std::move(addrs));
    if (connected) {
      target->give_up = kNever;
      target->peer = *connected;
      while (self.host_.connected(*target->peer)) co_await self.peers_changed_.wait();
      if (self.now() - begun >= kStable) delay = kRedialFirst;
    } else if (self.now() >= target->give_up) {
      std::erase(self.targets_, target);
      if (self.observer_) self.observer_->on_peer_given_up(target->addr, connected.error());
      co_return;
    }
    // Half of it by chance: nodes that lost each other do not dial in step for ever.
    const auto half = static_cast<std::uint64_t>(delay.count() / 2);
    const Duration pause(static_cast<Duration::rep>(half + self.runtime_.random.below(half)));
    co_await runtime::sleep_for(self.runtime_.clock, pause);
    delay = std::min(delay * 2, Duration(kRedialMost));
  }
}

void Node::discovered(const std::vector<Multiaddr>& addrs) {
  if (addrs.empty() || tasks_.size() >= kMaxTasks) return;
  const auto peer = addrs.front().peer();
  if (!peer || *peer == host_.id() || kept_away(*peer) || host_.connected(*peer)) return;
  tasks_.spawn(try_once(*this, addrs));
}

Task<void> Node::try_once(Node& self, std::vector<Multiaddr> addrs) {
  static_cast<void>(co_await dial(self, std::move(addrs)));
}

std::vector<PeerView> Node::peers() const {
  std::vector<PeerView> out;
  for (const auto& [peer, remote] : remotes_) {
    PeerView view;
    view.id = peer;
    view.addr = remote.text();
    if (const libp2p::Identity* identity = host_.known_identity(peer)) view.agent = identity->agent;
    view.status = sync_.status_of(peer);
    out.push_back(std::move(view));
  }
  const auto add = [&](const PeerId& peer, PeerView::State state) {
    if (remotes_.contains(peer)) return;
    PeerView view;
    view.id = peer;
    view.state = state;
    out.push_back(std::move(view));
  };
  for (const PeerId& peer : away_) add(peer, PeerView::State::away);
  for (const auto& [peer, until] : banned_) {
    if (!away_.contains(peer)) add(peer, PeerView::State::banned);
  }
  return out;
}

}  // namespace p2p::chain
