// Drives mdns/mdns.h over UDP: port 5353, shared with the system's other responders, on every
// interface there is or comes to be, IPv4 (224.0.0.251) and IPv6 (ff02::fb).
//
//     mdns::Service service(runtime, mdns::Config(), log);
//     P2P_CO_CHECK(service.start());
//     service.announce(host.id(), host.addresses());
//     while (true) { const mdns::Found found = co_await service.next(); … }
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "base/log.h"
#include "libp2p/mdns/mdns.h"
#include "runtime/runtime.h"

namespace p2p::libp2p::mdns {

class Service {
 public:
  Service(runtime::Runtime runtime, Config config, Log log);
  ~Service();  ///< takes back what was announced
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Opens the sockets and asks. Fails where neither IPv4 nor IPv6 can be had, or no interface
  /// carries multicast.
  Result<void> start();
  /// See Mdns::announce.
  void announce(const PeerId& peer, const std::vector<Multiaddr>& addrs);
  /// The next peer that is heard of; waits. Of those that nobody asked for, the oldest are dropped
  /// past 1,024.
  runtime::Task<Found> next();

 private:
  /// One of IPv4 and IPv6.
  struct Side {
    runtime::IpAddress group;
    std::unique_ptr<runtime::UdpSocket> socket;
    std::set<std::uint32_t> joined;  // interface indexes
  };

  Result<void> open(const runtime::IpAddress& group);
  /// Joins the groups on interfaces that are new; those that multicast can be sent from.
  std::vector<std::pair<Side*, runtime::Interface>> routes();
  void send(const std::vector<Bytes>& datagrams);
  void pump();
  runtime::Task<void> receive(Side* side);

  runtime::Runtime runtime_;
  Log log_;
  Mdns mdns_;
  std::vector<std::unique_ptr<Side>> sides_;
  std::unique_ptr<runtime::Timer> timer_;
  std::deque<Found> found_;
  runtime::WaitList changed_;
  runtime::TaskGroup tasks_;
};

}  // namespace p2p::libp2p::mdns
