#include "libp2p/mdns/service.h"

#include <utility>

namespace p2p::libp2p::mdns {

namespace {

using runtime::Datagram;
using runtime::Endpoint;
using runtime::Interface;
using runtime::IpAddress;

/// For whoever announces only and never asks for what was found.
constexpr std::size_t kMaxFound = 1024;

/// ff02::fb
IpAddress group_v6() {
  IpAddress group = IpAddress::any(true);
  group.bytes[0] = 0xff;
  group.bytes[1] = 0x02;
  group.bytes[15] = 0xfb;
  return group;
}

}  // namespace

Service::Service(runtime::Runtime runtime, Config config, Log log)
    : runtime_(runtime),
      log_(std::move(log)),
      mdns_(std::move(config), runtime.random, runtime.clock.now()),
      timer_(runtime.clock.timer([this] { pump(); })),
      tasks_(runtime.queue) {}

Service::~Service() { send(mdns_.goodbye()); }

Result<void> Service::start() {
  const auto v4 = open(IpAddress::v4(224, 0, 0, 251));
  const auto v6 = open(group_v6());
  if (!v4 && !v6) return fail(v4.error());
  if (routes().empty()) {
    return fail(Code::unreachable, "listen for mDNS", "", "no network interface carries multicast");
  }
  for (const auto& side : sides_) tasks_.spawn(receive(side.get()));
  pump();
  return {};
}

Result<void> Service::open(const IpAddress& group) {
  Endpoint at;
  at.ip = IpAddress::any(group.v6);
  at.port = kPort;
  runtime::UdpOptions options;
  options.reuse_address = true;
  P2P_TRY(auto socket, runtime_.net.udp(at, options));
  auto side = std::make_unique<Side>();
  side->group = group;
  side->socket = std::move(socket);
  sides_.push_back(std::move(side));
  return {};
}

std::vector<std::pair<Service::Side*, Interface>> Service::routes() {
  std::vector<std::pair<Side*, Interface>> routes;
  const auto interfaces = runtime_.net.interfaces();
  if (!interfaces) return routes;
  for (const auto& side : sides_) {
    std::set<std::uint32_t> taken;
    for (const Interface& interface : *interfaces) {
      // The loopback interface does not claim multicast, and yet may carry it.
      if (!interface.multicast && !interface.loopback) continue;
      if (interface.address.v6 != side->group.v6 || taken.contains(interface.index)) continue;
      if (!side->joined.contains(interface.index)) {
        if (const auto joined = side->socket->join(side->group, interface.address); !joined) {
          log_(LogLevel::debug, "mdns on " + interface.name + ": " + joined.error().message());
          continue;
        }
        side->joined.insert(interface.index);
      }
      taken.insert(interface.index);
      routes.emplace_back(side.get(), interface);
    }
    // An interface that went away left its group with it; one that comes back is joined again.
    side->joined = std::move(taken);
  }
  return routes;
}

void Service::send(const std::vector<Bytes>& datagrams) {
  if (datagrams.empty()) return;
  for (auto& [side, interface] : routes()) {
    Endpoint to;
    to.ip = side->group;
    to.port = kPort;
    if (to.ip.v6) to.ip.scope = interface.index;
    auto sent = side->socket->set_multicast_interface(interface.address);
    for (const Bytes& datagram : datagrams) {
      if (sent) sent = side->socket->send(to, datagram);
    }
    if (!sent) log_(LogLevel::debug, "mdns on " + interface.name + ": " + sent.error().message());
  }
}

void Service::pump() {
  mdns_.tick(runtime_.clock.now());
  std::vector<Bytes> datagrams;
  while (auto datagram = mdns_.next_datagram()) datagrams.push_back(std::move(*datagram));
  send(datagrams);
  while (auto found = mdns_.next_found(runtime_.clock.now())) {
    if (found_.size() >= kMaxFound) found_.pop_front();
    found_.push_back(std::move(*found));
    changed_.wake_all();
  }
  timer_->arm(mdns_.deadline());
}

void Service::announce(const PeerId& peer, const std::vector<Multiaddr>& addrs) {
  mdns_.announce(peer, addrs, runtime_.clock.now());
  if (!sides_.empty()) pump();
}

runtime::Task<void> Service::receive(Side* side) {
  while (true) {
    Result<Datagram> datagram = co_await side->socket->receive();
    if (!datagram) {
      log_(LogLevel::warning, datagram.error().message());
      co_return;
    }
    mdns_.receive(datagram->data, datagram->from.ip.view(), runtime_.clock.now());
    timer_->arm(mdns_.deadline());
  }
}

runtime::Task<Found> Service::next() {
  while (found_.empty()) co_await changed_.wait();
  Found found = std::move(found_.front());
  found_.pop_front();
  co_return found;
}

}  // namespace p2p::libp2p::mdns
