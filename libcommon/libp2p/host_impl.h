// Internal to the host: its state, shared by host.cpp (connections, streams), dialer.cpp and
// identify_service.cpp.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libp2p/link.h"
#include "libp2p/resolve.h"

namespace p2p::libp2p {

/// Coroutines hold it by shared_ptr, so that one which its caller still keeps when the host has
/// gone finds every connection ended, and no dangling host.
struct Host::Impl final : Link::Owner, std::enable_shared_from_this<Host::Impl> {
  struct Peer {
    std::vector<std::shared_ptr<Link>> links;  // oldest first
    std::optional<Identity> identity;
    std::set<const Link*> identifying;     // links whose identify is under way
    std::optional<Error> identify_failed;  // why the last one failed
    std::uint64_t told = 0;                // the version of our description that the peer has
  };
  /// A protocol's handler and the calls of it that are under way; both end with unhandle().
  struct Service {
    Service(runtime::ReadyQueue& queue, Handler call) : handler(std::move(call)), running(queue) {}
    Handler handler;
    runtime::TaskGroup running;
  };

  Impl(runtime::Runtime runtime, HostConfig config);
  void start();
  void stop();

  // Link::Owner.
  bool supports(std::string_view protocol) const override;
  void on_established(Link& link) override;
  void on_stream(Link& link, std::unique_ptr<MuxedStream> stream) override;
  void on_held(std::uint64_t before, std::uint64_t now) override;
  void on_ended(Link& link, Phase phase, const Error& why) override;

  // Connections (host.cpp).
  Result<Multiaddr> listen(const Multiaddr& at);
  static Task<void> accept_loop(std::shared_ptr<Impl> self, runtime::TcpListener& listener);
  void on_accepted(std::unique_ptr<runtime::TcpStream> tcp);
  std::vector<Multiaddr> addresses() const;
  std::shared_ptr<Link> start_link(std::unique_ptr<runtime::TcpStream> tcp, Connection::Role role,
                                   std::optional<PeerId> expected, Multiaddr remote);
  std::size_t pending_inbound() const;
  Link* most_dispensable_pending() const;
  Link* most_crowded(const runtime::Endpoint& newcomer, bool counted) const;
  std::size_t established() const;
  bool connected(const PeerId& peer) const;
  Link* usable_link(const PeerId& peer) const;
  static Task<Result<std::unique_ptr<Stream>>> open(std::shared_ptr<Impl> self, PeerId peer,
                                                    std::vector<std::string> protocols);
  void handle(std::string protocol, Handler handler);
  static Task<void> close(std::shared_ptr<Impl> self, Time deadline);
  static Task<void> all_ended(std::shared_ptr<Impl> self);
  void ban(const PeerId& peer);

  // Observers are called from a task of their own: never from inside a call to the host.
  void notify(std::function<void(HostObserver&)> call);
  static Task<void> notify_loop(std::shared_ptr<Impl> self);
  static Task<void> bury_loop(std::shared_ptr<Impl> self);
  static Task<void> shed_loop(std::shared_ptr<Impl> self);

  // Dialing (dialer.cpp).
  struct DialRace;
  static Task<Result<PeerId>> connect(std::shared_ptr<Impl> self, std::vector<Multiaddr> addrs,
                                      DialTrace* trace);
  static Task<Result<PeerId>> dial(std::shared_ptr<Impl> self, std::vector<Multiaddr> addrs,
                                   DialTrace* trace);
  static Task<void> find_targets(std::shared_ptr<Impl> self, DialRace& race, Multiaddr addr);
  static Task<void> try_target(std::shared_ptr<Impl> self, DialRace& race, Target target,
                               Duration resolved_in);
  static Task<Result<std::shared_ptr<Link>>> dial_target(std::shared_ptr<Impl> self, Target target,
                                                         DialTrace& trace);

  // Identify (identify_service.cpp).
  void serve_identify();
  IdentifyMessage describe(const Multiaddr& remote) const;
  static Task<void> identify(std::shared_ptr<Impl> self, std::shared_ptr<Link> link);
  static Task<void> answer_identify(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static Task<void> take_push(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream);
  static Task<void> push_loop(std::shared_ptr<Impl> self);
  static Task<void> push_to(std::shared_ptr<Impl> self, PeerId peer);
  static Task<Result<Identity>> identity_of(std::shared_ptr<Impl> self, PeerId peer);
  void learn(const PeerId& peer, Identity identity);
  void description_changed();

  runtime::Runtime rt;
  HostConfig config;
  PeerId id;
  bool closing = false;  // takes leave: nothing is dialed any more
  bool stopped = false;

  std::list<std::unique_ptr<runtime::TcpListener>> listeners;
  std::vector<std::shared_ptr<Link>> links;  // all that have not ended, oldest first
  std::vector<std::shared_ptr<Link>> ended;  // to be destroyed from bury_loop
  std::map<PeerId, Peer> peers;              // those with an established connection
  std::set<PeerId> banned;
  std::map<std::string, std::shared_ptr<Service>, std::less<>> services;

  std::uint64_t held = 0;  // by all links for their streams
  std::size_t pending_outbound = 0;
  std::set<PeerId> dialing;
  std::uint64_t description = 1;  // version of what identify tells about us

  std::vector<HostObserver*> observers;
  std::deque<std::function<void(HostObserver&)>> notices;

  runtime::WaitList links_changed;  // a link ended
  runtime::WaitList dial_finished;  // dialing or pending_outbound has shrunk
  runtime::WaitList identified;     // an identify ended
  runtime::WaitList noticed;
  runtime::WaitList overfull;  // held passed its limit
  runtime::WaitList described;
  runtime::TaskGroup tasks;
  runtime::TaskGroup accepting;
};

}  // namespace p2p::libp2p
