// Datagrams: lost, doubled and overtaken as the link says; multicast reaches every joined socket of
// the one network that all hosts are on.
#include <algorithm>

#include "runtime/sim/state.h"

namespace p2p::runtime::sim {

/// Datagrams not yet received, as a kernel's buffer holds.
constexpr std::size_t kQueue = 256;
/// What fits into one (IPv4).
constexpr std::size_t kMostPayload = 65507;

struct UdpState {
  UdpState(HostState& on, std::uint64_t number) : host(on), id(number) {}

  static Task<Result<Datagram>> receive(std::shared_ptr<UdpState> self);
  void close();
  void arrive(const Endpoint& from, ByteView data, std::uint32_t interface);
  bool joined(const IpAddress& group, std::uint32_t interface) const {
    return groups.contains({group, interface});
  }

  HostState& host;
  const std::uint64_t id;
  Endpoint local;
  UdpOptions options;
  bool closed = false;
  std::uint32_t multicast_interface = kInterfaceIndex;
  std::set<std::pair<IpAddress, std::uint32_t>> groups;
  std::deque<Datagram> queue;
  WaitList changed;
};

Task<Result<Datagram>> UdpState::receive(std::shared_ptr<UdpState> self) {
  while (self->queue.empty() && !self->closed) co_await self->changed.wait();
  if (self->closed) {
    co_return fail(Code::closed, "receive", self->local.text(), "the socket is closed");
  }
  Datagram out = std::move(self->queue.front());
  self->queue.pop_front();
  co_return std::move(out);
}

void UdpState::close() {
  if (closed) return;
  closed = true;
  queue.clear();
  --host.sockets;
  host.udp.erase(id);
  changed.wake_all();
}

void UdpState::arrive(const Endpoint& from, ByteView data, std::uint32_t interface) {
  if (queue.size() >= kQueue) return;
  Datagram datagram;
  datagram.from = from;
  datagram.data = to_bytes(data);
  datagram.interface = interface;
  queue.push_back(std::move(datagram));
  changed.wake_all();
}

namespace {

/// Hands a datagram that has reached `host` to its sockets.
void distribute(HostState& host, const Endpoint& from, const Endpoint& to, ByteView data,
                std::uint32_t interface, const UdpState* not_own) {
  if (to.ip.is_multicast()) {
    for (const auto& [id, weak] : host.udp) {
      const auto socket = weak.lock();
      if (!socket || socket->local.port != to.port || !socket->joined(to.ip, interface)) continue;
      if (not_own && !not_own->options.multicast_loop) continue;
      socket->arrive(from, data, interface);
    }
    return;
  }
  // Of several that share a port, the newest gets it, as with Linux's SO_REUSEADDR.
  for (auto at = host.udp.rbegin(); at != host.udp.rend(); ++at) {
    const auto socket = at->second.lock();
    if (!socket || socket->local.port != to.port || socket->local.ip.v6 != to.ip.v6) continue;
    if (!socket->local.ip.is_any() && socket->local.ip != to.ip) continue;
    return socket->arrive(from, data, interface);
  }
}

void transmit(const std::shared_ptr<UdpState>& socket, HostState& there, const Endpoint& from,
              const Endpoint& to, ByteView data, std::uint32_t interface) {
  HostState& here = socket->host;
  auto& world = here.world;
  const SimLink& way = world.link(here, there);
  const int copies = world.chance(way.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (world.chance(way.loss)) continue;
    const auto delay = world.delay(here, there, data.size());
    world.after(delay, [socket, &here, &there, from, to, bytes = to_bytes(data), interface] {
      auto& w = here.world;
      const bool own = here.id == there.id;
      if (!there.up || (!own && !w.passes(here, there))) return;
      w.record("datagram", here, there, bytes);
      distribute(there, from, to, bytes, interface, own ? socket.get() : nullptr);
    });
  }
}

class SimUdpSocket final : public UdpSocket {
 public:
  explicit SimUdpSocket(std::shared_ptr<UdpState> state) : state_(std::move(state)) {}
  ~SimUdpSocket() override { state_->close(); }

  Task<Result<Datagram>> receive() override { return UdpState::receive(state_); }
  Endpoint local() const override { return state_->local; }

  Result<void> send(const Endpoint& to, ByteView data) override {
    HostState& host = state_->host;
    auto& world = host.world;
    if (state_->closed) return fail(Code::closed, "send", to.text(), "the socket is closed");
    if (data.size() > kMostPayload) return fail(Code::limit, "send", to.text(), "message too long");
    Endpoint from = state_->local;
    if (to.ip.is_multicast()) {
      const bool loopback = state_->multicast_interface == kLoopbackIndex;
      if (from.ip.is_any()) from.ip = source(to.ip.v6, loopback);
      if (world.chance(host.send_refusal)) return {};
      for (const auto& other : world.hosts) {
        HostState& there = *world.host_at(other->ip());
        if (there.udp.empty() || (loopback && there.id != host.id)) continue;
        transmit(state_, there, from, to, data, state_->multicast_interface);
      }
      return {};
    }
    const bool own = host.has(to.ip);
    HostState* there = own ? &host : world.host_at(to.ip);
    const auto address = host.source_for(to.ip);
    if (!address || !there) return fail(Code::unreachable, "send", to.text(), "no route to host");
    if (from.ip.is_any()) from.ip = *address;
    if (world.chance(host.send_refusal)) return {};
    transmit(state_, *there, from, to, data, own ? kLoopbackIndex : kInterfaceIndex);
    return {};
  }

  Result<void> join(const IpAddress& group, const IpAddress& interface) override {
    if (!group.is_multicast()) {
      return fail(Code::invalid_argument, "join multicast group", group.text(), "not a group");
    }
    P2P_TRY(const std::uint32_t index, index_of(interface));
    state_->groups.insert({group, index});
    return {};
  }

  Result<void> set_multicast_interface(const IpAddress& interface) override {
    P2P_TRY(state_->multicast_interface, index_of(interface));
    return {};
  }

 private:
  Result<std::uint32_t> index_of(const IpAddress& interface) const {
    if (interface.is_loopback()) return kLoopbackIndex;
    if (interface.is_any() || state_->host.has(interface)) return kInterfaceIndex;
    return fail(Code::unreachable, "find interface", interface.text(), "no such device");
  }

  IpAddress source(bool v6, bool loopback) const {
    if (loopback) return v6 ? *IpAddress::parse("::1") : IpAddress::v4(127, 0, 0, 1);
    for (const auto& ip : state_->host.addresses) {
      if (ip.v6 == v6) return ip;
    }
    return IpAddress::any(v6);
  }

  std::shared_ptr<UdpState> state_;
};

}  // namespace

Result<std::unique_ptr<UdpSocket>> open_udp(HostState& host, Endpoint at,
                                            const UdpOptions& options) {
  const char* doing = "open UDP socket";
  if (!host.up) return fail(Code::closed, doing, at.text(), "this host is down");
  if (host.out_of_sockets()) return fail(Code::limit, doing, at.text(), "too many open files");
  if (!at.ip.is_any() && !at.ip.is_multicast() && !host.has(at.ip)) {
    return fail(Code::unreachable, doing, at.text(), "cannot assign requested address");
  }
  if (at.port == 0) at.port = host.ephemeral_port();
  for (const auto& [id, weak] : host.udp) {
    const auto other = weak.lock();
    if (!other || other->local.port != at.port || other->local.ip.v6 != at.ip.v6) continue;
    if (other->local.ip != at.ip && !other->local.ip.is_any() && !at.ip.is_any()) continue;
    if (options.reuse_address && other->options.reuse_address) continue;
    return fail(Code::already_exists, doing, at.text(), "address already in use");
  }
  auto state = std::make_shared<UdpState>(host, ++host.world.ids);
  state->local = at;
  state->options = options;
  host.udp.emplace(state->id, state);
  ++host.sockets;
  return std::make_unique<SimUdpSocket>(std::move(state));
}

void drop_udp(HostState& host) {
  const auto all = std::move(host.udp);
  host.udp.clear();
  for (const auto& [id, weak] : all) {
    if (const auto socket = weak.lock()) socket->close();
  }
}

}  // namespace p2p::runtime::sim
