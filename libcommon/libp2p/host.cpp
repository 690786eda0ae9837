#include "libp2p/host.h"

#include <algorithm>

#include "libp2p/host_impl.h"
#include "libp2p/ping.h"
#include "runtime/deadline.h"

namespace p2p::libp2p {

namespace {

/// Bans outlive connections, so their number needs a bound of its own; one past it replaces
/// another.
constexpr std::size_t kMaxBanned = 4096;
/// After an accept that failed, mostly for want of file descriptors.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

Multiaddr multiaddr_of(const runtime::Endpoint& endpoint) {
  return Multiaddr::tcp(endpoint.ip.v6, endpoint.ip.view(), endpoint.port);
}

/// What one operator commonly holds: the /24 of an IPv4 address, the /48 of an IPv6 address.
runtime::IpAddress network_of(const runtime::Endpoint& endpoint) {
  runtime::IpAddress network = endpoint.ip;
  std::fill(network.bytes.begin() + (network.v6 ? 6 : 3), network.bytes.end(), 0);
  network.scope = 0;
  return network;
}

}  // namespace

HostConfig::HostConfig(crypto::SigningKey identity)
    : key(std::move(identity)), agent("p2p-utils/" P2P_VERSION) {}

Host::Impl::Impl(runtime::Runtime runtime, HostConfig settings)
    : rt(runtime),
      config(std::move(settings)),
      id(PeerId::of(config.key.public_key())),
      tasks(runtime.queue),
      accepting(runtime.queue) {}

void Host::Impl::start() {
  tasks.spawn(notify_loop(shared_from_this()));
  tasks.spawn(bury_loop(shared_from_this()));
  tasks.spawn(shed_loop(shared_from_this()));
  tasks.spawn(push_loop(shared_from_this()));
  serve_identify();
}

void Host::Impl::stop() {
  stopped = closing = true;
  accepting.cancel();
  tasks.cancel();
  services.clear();
  for (const auto& link : std::exchange(links, {})) link->abandon();
  peers.clear();
  listeners.clear();
  ended.clear();
  for (auto* waiting : {&links_changed, &dial_finished, &identified}) waiting->wake_all();
}

// Connections.

std::shared_ptr<Link> Host::Impl::start_link(std::unique_ptr<runtime::TcpStream> tcp,
                                             Connection::Role role, std::optional<PeerId> expected,
                                             Multiaddr remote) {
  ConnectionConfig settings(config.key);
  settings.expected = std::move(expected);
  settings.handshake = config.limits.handshake;
  settings.yamux.max_streams = config.limits.streams_per_connection;
  auto link = std::make_shared<Link>(*this, rt, std::move(tcp), role, std::move(settings),
                                     std::move(remote));
  links.push_back(link);
  link->start();
  return link;
}

Result<Multiaddr> Host::Impl::listen(const Multiaddr& at) {
  auto endpoint = endpoint_of(at);
  if (!endpoint) return fail(std::move(endpoint).error().during("listen at", at.text()));
  auto listener = rt.net.listen(*endpoint);
  if (!listener) return fail(std::move(listener).error().during("listen at", at.text()));
  listeners.push_back(std::move(*listener));
  accepting.spawn(accept_loop(shared_from_this(), *listeners.back()));
  description_changed();
  return multiaddr_of(listeners.back()->local());
}

Task<void> Host::Impl::accept_loop(std::shared_ptr<Impl> self, runtime::TcpListener& listener) {
  for (;;) {
    auto tcp = co_await listener.accept();
    if (tcp) {
      self->on_accepted(std::move(*tcp));
      continue;
    }
    self->config.log(LogLevel::warning, "accept: " + tcp.error().message());
    if (tcp.error().code == Code::closed) co_return;
    co_await runtime::sleep_for(self->rt.clock, kAcceptPause);
  }
}

void Host::Impl::on_accepted(std::unique_ptr<runtime::TcpStream> tcp) {
  if (established() >= config.limits.connections && !most_crowded(tcp->remote(), false)) {
    return;  // which closes it
  }
  if (pending_inbound() >= config.limits.pending_inbound) {
    most_dispensable_pending()->end(Error(Code::limit, "too many connections are being opened"),
                                    true);
  }
  const Multiaddr remote = multiaddr_of(tcp->remote());
  start_link(std::move(tcp), Connection::Role::listener, std::nullopt, remote);
}

std::size_t Host::Impl::pending_inbound() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      links, [](const auto& link) { return !link->outbound() && !link->established(); }));
}

/// Of those that are being opened by the network that opens most, the one that has come least far,
/// and of these the oldest: an honest peer is through in a few round trips, so silent connections
/// cannot keep others out, however fast they come again.
Link* Host::Impl::most_dispensable_pending() const {
  std::map<runtime::IpAddress, std::size_t> crowd;
  const auto pending = [](const Link& link) { return !link.outbound() && !link.established(); };
  for (const auto& link : links) {
    if (pending(*link)) ++crowd[network_of(link->remote_endpoint())];
  }
  Link* found = nullptr;
  std::size_t most = 0;
  for (const auto& link : links) {
    if (!pending(*link)) continue;
    const std::size_t count = crowd.at(network_of(link->remote_endpoint()));
    if (count < most || (count == most && found && link->phase() >= found->phase())) continue;
    found = link.get();
    most = count;
  }
  return found;
}

/// The youngest established connection from outside of the network that has most, if it has more
/// than the newcomer's with the newcomer, who is `counted` already or not; else null.
Link* Host::Impl::most_crowded(const runtime::Endpoint& newcomer, bool counted) const {
  std::map<runtime::IpAddress, std::size_t> crowd;
  const auto counts = [](const Link& link) { return !link.outbound() && link.established(); };
  for (const auto& link : links) {
    if (counts(*link)) ++crowd[network_of(link->remote_endpoint())];
  }
  Link* found = nullptr;
  std::size_t most = crowd[network_of(newcomer)] + (counted ? 0 : 1);
  for (const auto& link : links) {
    if (!counts(*link)) continue;
    const std::size_t count = crowd.at(network_of(link->remote_endpoint()));
    if (count < most || (count == most && !found)) continue;
    found = link.get();
    most = count;
  }
  return found;
}

std::size_t Host::Impl::established() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(links, [](const auto& link) { return link->established(); }));
}

bool Host::Impl::connected(const PeerId& peer) const { return usable_link(peer) != nullptr; }

Link* Host::Impl::usable_link(const PeerId& peer) const {
  const auto known = peers.find(peer);
  if (known == peers.end()) return nullptr;
  for (const auto& link : known->second.links) {
    if (link->usable()) return link.get();
  }
  return nullptr;
}

bool Host::Impl::supports(std::string_view protocol) const { return services.contains(protocol); }

void Host::Impl::on_established(Link& link) {
  const PeerId peer = link.connection().remote();
  const auto refuse = [&link](Code code, std::string why) {
    link.end(Error(code, std::move(why)));
  };
  if (peer == id) return refuse(Code::mismatch, "the peer is ourselves");
  if (banned.contains(peer)) return refuse(Code::permission, "the peer is banned");
  if (established() > config.limits.connections) {
    Link* const crowded = most_crowded(link.remote_endpoint(), true);
    if (!crowded || crowded == &link) {
      return refuse(Code::limit,
                    "there are " + std::to_string(established() - 1) + " connections already");
    }
    crowded->end(Error(Code::limit, "another network's peer takes its place"));
  }
  const auto known = peers.find(peer);
  if (known != peers.end() && known->second.links.size() >= config.limits.connections_per_peer) {
    return refuse(Code::limit, "there are " + std::to_string(known->second.links.size()) +
                                   " connections to the peer already");
  }
  Peer& entry = peers[peer];
  entry.links.push_back(link.shared_from_this());
  if (entry.links.size() == 1) {
    notify([peer, remote = link.remote_addr(), outbound = link.outbound()](HostObserver& observer) {
      observer.on_connected(peer, remote, outbound);
    });
  }
  entry.identifying.insert(&link);
  tasks.spawn(identify(shared_from_this(), link.shared_from_this()));
}

void Host::Impl::on_held(std::uint64_t before, std::uint64_t now) {
  held += now - before;
  if (held > config.limits.held && now > before) overfull.wake_all();
}

/// From the queue, because a link is not to end inside a call of its own stream.
Task<void> Host::Impl::shed_loop(std::shared_ptr<Impl> self) {
  for (;;) {
    while (self->held > self->config.limits.held && !self->links.empty()) {
      const auto biggest =
          *std::ranges::max_element(self->links, {}, [](const auto& link) { return link->held(); });
      biggest->end(Error(Code::limit, "too much waits unread or unsent"), true);
    }
    co_await self->overfull.wait();
  }
}

void Host::Impl::on_ended(Link& link, Phase phase, const Error& why) {
  const auto same = [&link](const auto& other) { return other.get() == &link; };
  const auto place = std::ranges::find_if(links, same);
  if (place == links.end()) return;
  ended.push_back(std::move(*place));
  links.erase(place);
  links_changed.wake_all();
  if (!link.established()) {
    if (link.outbound()) return;
    notify([remote = link.remote_addr(), phase, why](HostObserver& observer) {
      observer.on_inbound_failed(remote, phase, why);
    });
    return;
  }
  const PeerId peer = link.connection().remote();
  const auto known = peers.find(peer);
  if (known == peers.end() || std::erase_if(known->second.links, same) == 0) return;
  if (!known->second.links.empty()) return;
  peers.erase(known);
  identified.wake_all();
  notify([peer, why](HostObserver& observer) { observer.on_disconnected(peer, why); });
}

/// Links end inside calls from their own tasks and timers, so they are destroyed later, from here.
Task<void> Host::Impl::bury_loop(std::shared_ptr<Impl> self) {
  for (;;) {
    self->ended.clear();
    co_await self->links_changed.wait();
  }
}

Task<void> Host::Impl::all_ended(std::shared_ptr<Impl> self) {
  while (!self->links.empty()) co_await self->links_changed.wait();
}

Task<void> Host::Impl::close(std::shared_ptr<Impl> self, Time deadline) {
  self->closing = true;
  self->dial_finished.wake_all();
  self->accepting.cancel();
  self->listeners.clear();
  const auto open = self->links;
  for (const auto& link : open) link->close();
  Task<void> ending = all_ended(self);
  const bool ended =
      co_await runtime::before(self->rt.queue, self->rt.clock, deadline, std::move(ending));
  if (ended) co_return;
  const auto left = self->links;
  for (const auto& link : left) link->end(Error(Code::closed, "we closed the connection"));
}

void Host::Impl::ban(const PeerId& peer) {
  if (banned.size() >= kMaxBanned && !banned.contains(peer)) banned.erase(banned.begin());
  banned.insert(peer);
  const auto known = peers.find(peer);
  if (known == peers.end()) return;
  const auto doomed = known->second.links;
  for (const auto& link : doomed) link->end(Error(Code::permission, "the peer is banned"));
}

// Streams.

Task<Result<std::unique_ptr<Stream>>> Host::Impl::open(std::shared_ptr<Impl> self, PeerId peer,
                                                       std::vector<std::string> protocols) {
  Link* link = self->usable_link(peer);
  if (!link) {
    co_return fail(Code::closed, "open a stream to", peer.text(),
                   "there is no connection to the peer");
  }
  // Where identify has told what the peer speaks, there is nothing to ask.
  if (const auto& identity = self->peers.at(peer).identity; identity && protocols.size() > 1) {
    for (const auto& protocol : protocols) {
      if (std::ranges::find(identity->protocols, protocol) == identity->protocols.end()) continue;
      protocols = std::vector<std::string>(1, protocol);
      break;
    }
  }
  const bool lazy = protocols.size() == 1;
  auto stream = link->open(std::move(protocols));
  if (stream && !lazy) {
    auto negotiating = (*stream)->negotiate();
    auto agreed = co_await std::move(negotiating);
    if (!agreed) stream = fail(std::move(agreed).error());
  }
  if (!stream) co_return fail(std::move(stream).error().during("open a stream to", peer.text()));
  co_return std::unique_ptr<Stream>(std::move(*stream));
}

void Host::Impl::on_stream(Link&, std::unique_ptr<MuxedStream> stream) {
  const auto service = services.find(stream->protocol());
  if (service == services.end()) return;  // unhandled since it was agreed on; the stream is reset
  Service& serving = *service->second;
  serving.running.spawn(serving.handler(std::move(stream)));
}

void Host::Impl::handle(std::string protocol, Handler handler) {
  services.insert_or_assign(std::move(protocol),
                            std::make_shared<Service>(rt.queue, std::move(handler)));
  description_changed();
}

// Observers.

void Host::Impl::notify(std::function<void(HostObserver&)> call) {
  if (observers.empty()) return;
  notices.push_back(std::move(call));
  noticed.wake_all();
}

Task<void> Host::Impl::notify_loop(std::shared_ptr<Impl> self) {
  for (;;) {
    while (!self->notices.empty()) {
      const auto call = std::move(self->notices.front());
      self->notices.pop_front();
      const auto now = self->observers;
      for (HostObserver* observer : now) {
        // One that an earlier one removed may be gone.
        if (std::ranges::find(self->observers, observer) != self->observers.end()) call(*observer);
      }
      if (self->stopped) co_return;
    }
    co_await self->noticed.wait();
  }
}

// The addresses we can be dialed at.

std::vector<Multiaddr> Host::Impl::addresses() const {
  std::vector<Multiaddr> found;
  for (const auto& listener : listeners) {
    const runtime::Endpoint local = listener->local();
    if (!local.ip.is_any()) {
      found.push_back(multiaddr_of(local).with_peer(id));
      continue;
    }
    const auto interfaces = rt.net.interfaces();
    if (!interfaces) continue;
    for (const auto& interface : *interfaces) {
      if (interface.address.v6 != local.ip.v6) continue;
      // A link-local address says nothing without its interface, which only we know.
      if (interface.address.v6 && interface.address.scope != 0) continue;
      runtime::Endpoint endpoint = local;
      endpoint.ip = interface.address;
      const Multiaddr addr = multiaddr_of(endpoint).with_peer(id);
      if (std::ranges::find(found, addr) == found.end()) found.push_back(addr);
    }
  }
  return found;
}

// The public face.

Host::Host(runtime::Runtime runtime, HostConfig config)
    : impl_(std::make_shared<Impl>(runtime, std::move(config))) {
  impl_->start();
  serve_ping(*this);
}

Host::~Host() { impl_->stop(); }

const PeerId& Host::id() const { return impl_->id; }
runtime::Runtime Host::runtime() const { return impl_->rt; }
Result<Multiaddr> Host::listen(const Multiaddr& at) { return impl_->listen(at); }
std::vector<Multiaddr> Host::addresses() const { return impl_->addresses(); }

Task<Result<PeerId>> Host::connect(Multiaddr to, DialTrace* trace) {
  return Impl::connect(impl_, std::vector<Multiaddr>(1, std::move(to)), trace);
}

Task<Result<PeerId>> Host::connect(std::vector<Multiaddr> addrs, DialTrace* trace) {
  return Impl::connect(impl_, std::move(addrs), trace);
}

Task<Result<PeerId>> Host::dial(Multiaddr to, DialTrace* trace) {
  return Impl::dial(impl_, std::vector<Multiaddr>(1, std::move(to)), trace);
}

Task<Result<std::unique_ptr<Stream>>> Host::open(PeerId peer, std::vector<std::string> protocols) {
  return Impl::open(impl_, std::move(peer), std::move(protocols));
}

void Host::handle(std::string protocol, Handler handler) {
  impl_->handle(std::move(protocol), std::move(handler));
}

void Host::unhandle(const std::string& protocol) {
  // The service is destroyed after the table is consistent: its end may call back.
  const auto service = impl_->services.extract(protocol);
  if (!service.empty()) impl_->description_changed();
}

Task<Result<Identity>> Host::identity_of(PeerId peer) {
  return Impl::identity_of(impl_, std::move(peer));
}

const Identity* Host::known_identity(const PeerId& peer) const {
  const auto known = impl_->peers.find(peer);
  if (known == impl_->peers.end() || !known->second.identity) return nullptr;
  return &*known->second.identity;
}

bool Host::connected(const PeerId& peer) const { return impl_->connected(peer); }

std::vector<PeerId> Host::peers() const {
  std::vector<PeerId> all;
  for (const auto& [peer, known] : impl_->peers) all.push_back(peer);
  return all;
}

void Host::disconnect(const PeerId& peer) {
  const auto known = impl_->peers.find(peer);
  if (known == impl_->peers.end()) return;
  const auto links = known->second.links;
  for (const auto& link : links) link->close();
}

void Host::ban(const PeerId& peer) { impl_->ban(peer); }
bool Host::banned(const PeerId& peer) const { return impl_->banned.contains(peer); }
void Host::unban(const PeerId& peer) { impl_->banned.erase(peer); }
Task<void> Host::close(Duration patience) {
  return Impl::close(impl_, impl_->rt.clock.now() + patience);
}

void Host::add_observer(HostObserver& observer) { impl_->observers.push_back(&observer); }
void Host::remove_observer(HostObserver& observer) { std::erase(impl_->observers, &observer); }

}  // namespace p2p::libp2p
