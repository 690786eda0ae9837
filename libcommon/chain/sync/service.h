// The chain protocol over a libp2p host: answers what peers ask, and carries sync/sync.h's
// questions to them.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "chain/sync/sync.h"
#include "libp2p/host.h"

namespace p2p::chain {

using runtime::Task;

/// What the service cannot do by itself. Called from the loop.
struct SyncEvents {
  std::function<void(const Drop&)> on_drop;
  std::function<void(const Refused&)> on_refused;
  std::function<void(Bytes)> on_fresh_transaction;
  std::function<void(const Error&)> on_failed;  ///< the store's failure; nothing more will work
};

class SyncService final : libp2p::HostObserver {
 public:
  /// All of answering one request; a peer that reads slower than this is cut off.
  static constexpr Duration kServeTime = std::chrono::minutes(2);
  /// Requests of one peer that are answered at one time: one of each kind.
  static constexpr std::size_t kMaxServed = 4;

  /// `host` and `chain` outlive it. Takes up the host's peers that speak the protocol, present and
  /// future.
  SyncService(libp2p::Host& host, ChainManager& chain, SyncEvents events,
              SyncParams params = SyncParams());
  ~SyncService() override;
  SyncService(const SyncService&) = delete;
  SyncService& operator=(const SyncService&) = delete;

  /// See Sync::on_gossip_block.
  Outcome on_gossip_block(const PeerId& from, ByteView raw);
  Outcome on_gossip_transaction(const PeerId& from, ByteView raw);
  /// See Sync::announce.
  void announce();

  std::optional<Status> status_of(const PeerId& peer) const { return sync_.status_of(peer); }

 private:
  void on_identified(const libp2p::Identity& identity) override;
  void on_disconnected(const PeerId& peer, const Error& why) override;

  Time now() const { return host_.runtime().clock.now(); }
  std::int64_t wall_s() const { return unix_seconds(host_.runtime().clock.wall()); }
  /// Does what the machine wants done.
  void pump();

  static Task<void> serve(SyncService& self, std::unique_ptr<libp2p::Stream> stream);
  static Task<Result<void>> answer(SyncService& self, libp2p::Stream& stream);
  static Task<Result<void>> answer_blocks(SyncService& self, libp2p::Stream& stream, GetBlocks ask);
  static Task<Result<void>> answer_transactions(SyncService& self, libp2p::Stream& stream);
  static Task<void> ask(SyncService& self, Ask question);
  static Task<Result<void>> exchange(SyncService& self, Ask question);
  /// Reads the answer and hands it to the machine.
  static Task<Result<void>> read_answer(SyncService& self, libp2p::Stream& stream, Ask question);

  libp2p::Host& host_;
  ChainManager& chain_;
  SyncEvents events_;
  Sync sync_;
  bool told_failure_ = false;
  std::map<PeerId, std::size_t> served_;
  std::unique_ptr<runtime::Timer> timer_;
  runtime::TaskGroup asking_;
};

}  // namespace p2p::chain
