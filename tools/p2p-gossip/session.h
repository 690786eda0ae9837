// What all subcommands share: a host, gossip over it, and the search for peers.
#pragma once

#include <memory>
#include <optional>

#include "cli/app.h"
#include "libp2p/gossipsub/service.h"
#include "libp2p/mdns/service.h"
#include "options.h"
#include "record/reader.h"

namespace p2p::gossip {

class Session final : libp2p::HostObserver {
 public:
  Session(cli::Context& context, const Options& options, crypto::SigningKey key);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Listens, says where, and begins to look for peers.
  Result<void> start();
  /// Returns when somebody is connected, or everybody was tried.
  runtime::Task<void> tried();
  /// Whether anybody was ever connected.
  bool met() const { return met_; }

  /// Whether the peers that came on standard input could not all be read.
  bool misread() const { return misread_; }
  /// Whether nobody is connected and nobody can come any more.
  bool is_alone() const;
  /// Returns when that is so.
  runtime::Task<void> alone();
  /// Writes out what is queued and takes leave of the peers.
  runtime::Task<void> close();

  libp2p::gossipsub::Service& gossip() { return gossip_; }
  cli::Context& context() { return context_; }
  const Options& options() const { return options_; }

 private:
  void on_connected(const libp2p::PeerId& peer, const libp2p::Multiaddr& remote,
                    bool outbound) override;
  void on_disconnected(const libp2p::PeerId& peer, const Error& why) override;

  Result<void> take_operands();
  Result<void> take_records(record::Reader& reader);
  /// Tries the addresses of one peer; who was asked for and cannot be reached is reported.
  static runtime::Task<void> dial(Session& self, std::vector<libp2p::Multiaddr> addresses,
                                  bool asked_for);
  static runtime::Task<void> discover(Session& self);
  static runtime::Task<void> read_peers(Session& self);

  cli::Context& context_;
  const Options& options_;
  libp2p::Host host_;
  libp2p::gossipsub::Service gossip_;
  std::unique_ptr<libp2p::mdns::Service> mdns_;
  bool met_ = false;
  std::size_t dialing_ = 0;
  bool misread_ = false;
  bool reading_ = false;  ///< peers may still come from standard input
  runtime::WaitList changed_;
  runtime::TaskGroup tasks_;
};

}  // namespace p2p::gossip
