// Keeping up with peers, as a state machine without network: who is ahead, which headers and bodies
// to ask of whom, what an answer is worth, and who has misbehaved. sync/service.h drives it.
//
//     status  ->  headers, from the locator of the best header on  ->  bodies, in parallel
//
// Every answer is judged at once. Four outcomes are kept apart: an invalid block (or a mutated one,
// whose body is not its header's) is its sender's fault and ends in a ban; one from the future is
// asked for again later; an orphan makes us ask its sender for headers. Slowness, silence and
// bodies held back end the connection and no more.
//
// Bodies are fetched along each peer's own best header, so a branch with the most work whose bodies
// nobody shows cannot keep us from another one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "chain/manager/chain_manager.h"
#include "chain/sync/messages.h"
#include "multiformats/peer_id.h"

namespace p2p::chain {

using multiformats::PeerId;

struct SyncParams {
  SyncParams() {}
  /// For a status, headers or the next one of several blocks or transactions. Bitcoin Core waits
  /// two minutes and more; these peers are few, and another one may have what this one withholds.
  Duration answer_time = std::chrono::seconds(30);
  /// How often a peer is asked where it stands, for what gossip has lost.
  Duration status_interval = std::chrono::seconds(30);
  /// How often a peer is asked what waits with it: a transaction that came before the one on which
  /// it builds, or was lost with a connection, gets its second chance.
  Duration transactions_interval = std::chrono::minutes(2);
  /// After an answer that did not help.
  Duration retry_delay = std::chrono::seconds(1);
  /// Answers in a row that brought nothing, though the peer claims to have more: then it goes.
  int most_barren = 3;
  /// Headers beside the best branch, some 60 MB of memory and 25 MB of disk. While there are more,
  /// only branches that are known to lead past our tip are kept: old and easy targets make long
  /// ones cheap. A branch longer than an answer is surveyed first.
  std::size_t most_stray = 100'000;
  /// Headers in an answer behind which more may follow.
  std::size_t full_answer = kMaxHeaders;
  /// How far ahead of the last linked block bodies are fetched.
  std::size_t window = 1024;
};

/// Ask this peer; the answers come back with the same number.
struct Ask {
  PeerId peer;
  std::uint64_t number = 0;
  Request request;
};

/// End the connection to this peer.
struct Drop {
  PeerId peer;
  Error why;
  bool ban = false;  ///< it broke a rule: keep it away for a time
};

/// A block or header was refused for the rule that it breaks.
struct Refused {
  PeerId from;
  BlockId id;
  Outcome outcome;
};

/// A transaction that we did not know came as an answer, not by gossip.
struct FreshTransaction {
  Bytes raw;
};

using SyncAction = std::variant<Ask, Drop, Refused, FreshTransaction>;

class Sync {
 public:
  /// `chain` outlives it.
  explicit Sync(ChainManager& chain, SyncParams params = SyncParams());

  /// What we tell of ourselves.
  Status status() const;

  void add_peer(const PeerId& peer, Time now);
  void remove_peer(const PeerId& peer, Time now);
  /// Where it stands, or nothing while that is unknown.
  std::optional<Status> status_of(const PeerId& peer) const;

  // Answers, and what a peer says unasked. `wall_s` is the wall clock in Unix seconds.

  /// In answer to our status (then with its number), or as the peer's own request.
  void on_status(const PeerId& peer, const Status& status, Time now,
                 std::optional<std::uint64_t> number = std::nullopt);
  void on_headers(const PeerId& peer, std::uint64_t number, std::span<const BlockHeader> headers,
                  Time now, std::int64_t wall_s);
  /// One frame of an answer to GetBlocks; empty: the peer has no such block.
  void on_block(const PeerId& peer, std::uint64_t number, ByteView raw, Time now,
                std::int64_t wall_s);
  void on_transaction(const PeerId& peer, std::uint64_t number, ByteView raw, Time now);
  /// The answer to GetBlocks or GetTransactions is complete.
  void on_end(const PeerId& peer, std::uint64_t number, Time now);
  /// The answer is malformed (Code::parse, Code::limit), or there is none.
  void on_failure(const PeerId& peer, std::uint64_t number, const Error& why, Time now);

  /// A block by gossip. Tells whether it may be passed on: Verdict::ok alone. A block beside the
  /// active chain is kept but, as its body was not judged in full, not passed on: else whoever
  /// can judge it would blame us.
  Outcome on_gossip_block(const PeerId& from, ByteView raw, Time now, std::int64_t wall_s);
  /// The same for a transaction. Verdict::invalid with Rule::none: it is known, or does not fit our
  /// accounts now, which is nobody's fault.
  Outcome on_gossip_transaction(const PeerId& from, ByteView raw, Time now);

  /// Our tip moved by what gossip says nothing of: tells those that are behind it now, and not only
  /// when they ask.
  void announce(Time now);

  /// When on_time is due; kNever where nothing is.
  Time deadline() const;
  void on_time(Time now);

  /// What to do, in order. To be called after each of the above.
  std::vector<SyncAction> take_actions();
  /// The store's failure: nothing more will work.
  const std::optional<Error>& failed() const { return failed_; }

 private:
  struct Pending {
    std::uint64_t number = 0;
    Time deadline;
  };
  /// A branch that is weighed before any of it is kept, as in Bitcoin Core's "headers presync". The
  /// first pass adds up the work that its headers prove and notes where each answer ended, which
  /// commits to all before it; once that is more than ours, the second takes what was committed to.
  struct Survey {
    const HeaderNode* from;  ///< where the branch leaves what we hold
    U256 work;               ///< of all seen so far
    std::vector<BlockId> marks;
    std::optional<std::size_t> taken;  ///< in the second pass: how many of the marks
  };
  struct Peer {
    std::optional<Status> status;
    std::optional<Survey> survey;
    const HeaderNode* has = nullptr;  ///< the best header of its chain that we know
    bool wants_headers = false;       ///< it has, or seems to have, headers that we lack
    bool more_follows = false;        ///< its last answer was full: go on from `has`
    bool to_tell = false;             ///< where we stand, now
    bool doomed = false;              ///< a Drop is on its way
    int barren = 0;
    Time next_status;
    Time next_transactions;
    Time not_before;  ///< of the next question for headers or bodies
    std::optional<Pending> status_ask;
    std::optional<Pending> headers_ask;
    std::optional<Pending> blocks_ask;
    std::optional<Pending> transactions_ask;
    std::vector<BlockId> asked;  ///< blocks not yet answered, in order
    std::size_t told = 0;        ///< transactions in the answer under way
    bool withheld = false;       ///< some block of the answer under way was not there
  };

  Peer* find(const PeerId& peer);
  /// The slot that waits for that answer, cleared; false where the answer is stale.
  bool take(std::optional<Pending>& slot, std::uint64_t number);
  void know(Peer& peer, const HeaderNode& node);
  void take_headers(const PeerId& id, Peer& peer, std::span<const BlockHeader> headers, Time now,
                    std::int64_t wall_s);
  void weigh(const PeerId& id, Peer& peer, std::span<const BlockHeader> headers);
  std::span<const BlockHeader> committed(Peer& peer, std::span<const BlockHeader> headers) const;
  std::vector<BlockId> locator_for(const Peer& peer) const;
  void barren(const PeerId& id, Peer& peer, Time now, const std::string& why);
  void drop(const PeerId& id, Peer& peer, Error why, bool ban);
  void refuse(const PeerId& id, Peer* peer, const BlockId& block, const Outcome& outcome);
  void release(Peer& peer);
  bool seems_ahead(const Peer& peer) const;

  void plan(Time now);
  void plan_peer(const PeerId& id, Peer& peer, Time now);
  void plan_bodies(const PeerId& id, Peer& peer, Time now);
  Pending ask(const PeerId& id, Request request, Time now);
  template <class T>
  const T* or_fail(const Result<T>& result);

  ChainManager& chain_;
  SyncParams params_;
  std::map<PeerId, Peer> peers_;
  std::set<BlockId> in_flight_;
  std::vector<SyncAction> actions_;
  std::uint64_t next_number_ = 1;
  Time planned_;  ///< when plan ran last
  std::optional<Error> failed_;
};

}  // namespace p2p::chain
