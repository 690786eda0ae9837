// The host's part of identify: it answers, asks on every new connection, takes pushes and sends
// them.
#include "base/endian.h"
#include "libp2p/host_impl.h"
#include "libp2p/identify.h"
#include "runtime/deadline.h"

namespace p2p::libp2p {

namespace {

/// For one exchange. go-libp2p allows 5 s; slow peers are still worth knowing.
constexpr Duration kPatience = std::chrono::seconds(10);

bool is_loopback(const Multiaddr& addr) {
  const auto endpoint = endpoint_of(addr);
  return endpoint && endpoint->ip.is_loopback();
}

/// All messages of the stream, merged.
Task<Result<IdentifyMessage>> read_identify(Stream& stream) {
  IdentifyMessage merged;
  for (int i = 0; i < kMaxIdentifyMessages; ++i) {
    auto reading = read_message(stream, kMaxIdentifyMessage);
    auto message = co_await std::move(reading);
    if (!message) co_return fail(std::move(message).error());
    if (!*message) {
      if (i == 0) co_return fail(Code::protocol, "the peer ended identify without an answer");
      co_return merged;
    }
    auto part = IdentifyMessage::decode(**message);
    if (!part) co_return fail(std::move(part).error());
    merged.merge(std::move(*part));
  }
  co_return fail(Code::limit, "identify in more than ten messages");
}

Task<Result<void>> write_identify(Stream& stream, IdentifyMessage message) {
  for (Bytes& part : split_for_sending(std::move(message))) {
    auto writing = write_message(stream, std::move(part));
    auto written = co_await std::move(writing);
    if (!written) co_return written;
  }
  stream.close_write();
  co_return Result<void>();
}

}  // namespace

void Host::Impl::serve_identify() {
  std::weak_ptr<Impl> weak = weak_from_this();
  const auto service = [&weak](auto body) {
    return [weak, body](std::unique_ptr<Stream> stream) {
      return body(weak.lock(), std::move(stream));
    };
  };
  handle(std::string(kIdentify), service(&Impl::answer_identify));
  handle(std::string(kIdentifyPush), service(&Impl::take_push));
}

IdentifyMessage Host::Impl::describe(const Multiaddr& remote) const {
  PeerRecord record;
  record.peer = id;
  record.seq = static_cast<std::uint64_t>(
      std::chrono::nanoseconds(rt.clock.wall().time_since_epoch()).count());
  IdentifyMessage message;
  message.protocol_version = kProtocolVersion;
  message.agent = config.agent;
  message.public_key = multiformats::encode_public_key(config.key.public_key());
  message.observed = remote.encode();
  for (const auto& [protocol, service] : services) message.protocols.push_back(protocol);
  for (const auto& addr : addresses()) {
    // Our loopback address means another host to a peer that is not on ours.
    if (is_loopback(addr) && !is_loopback(remote)) continue;
    record.addrs.push_back(addr.without_peer());
    message.listen_addrs.push_back(record.addrs.back().encode());
  }
  message.signed_record = record.sign(config.key);
  return message;
}

Task<void> Host::Impl::identify(std::shared_ptr<Impl> self, std::shared_ptr<Link> link) {
  const PeerId peer = link->connection().remote();
  Result<IdentifyMessage> answer = fail(Code::timeout, "no answer to identify within 10 s");
  auto stream = link->open(std::vector<std::string>(1, std::string(kIdentify)));
  if (!stream) {
    answer = fail(std::move(stream).error());
  } else {
    auto reading = read_identify(**stream);
    auto bounded = runtime::before(self->rt.queue, self->rt.clock, self->rt.clock.now() + kPatience,
                                   std::move(reading));
    auto read = co_await std::move(bounded);
    if (read) answer = std::move(*read);
    if (read && *read) (*stream)->close_write();
  }
  const auto known = self->peers.find(peer);
  // Where the peer has come back meanwhile, that is another connection's business.
  if (known == self->peers.end() || known->second.identifying.erase(link.get()) == 0) co_return;
  Identity identity;
  Result<void> applied = fail(Code::internal, "");
  if (!answer) {
    applied = fail(std::move(answer).error());
  } else {
    applied = answer->apply_to(identity, link->connection().remote_key());
  }
  if (applied) {
    self->learn(peer, std::move(identity));
  } else {
    known->second.identify_failed = std::move(applied).error();
    self->identified.wake_all();
  }
}

Task<void> Host::Impl::answer_identify(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  if (!self) co_return;
  if (auto known = self->peers.find(stream->peer()); known != self->peers.end()) {
    known->second.told = self->description;
  }
  auto writing = write_identify(*stream, self->describe(stream->remote_addr()));
  auto bounded = runtime::before(self->rt.queue, self->rt.clock, self->rt.clock.now() + kPatience,
                                 std::move(writing));
  auto written = co_await std::move(bounded);
}

Task<void> Host::Impl::take_push(std::shared_ptr<Impl> self, std::unique_ptr<Stream> stream) {
  if (!self) co_return;
  auto reading = read_identify(*stream);
  auto bounded = runtime::before(self->rt.queue, self->rt.clock, self->rt.clock.now() + kPatience,
                                 std::move(reading));
  auto message = co_await std::move(bounded);
  if (!message || !*message) co_return;
  stream->close_write();
  const PeerId peer = stream->peer();
  const auto known = self->peers.find(peer);
  if (known == self->peers.end() || known->second.links.empty()) co_return;
  Identity identity = known->second.identity.value_or(Identity());
  const auto& key = known->second.links.front()->connection().remote_key();
  if ((*message)->apply_to(identity, key)) self->learn(peer, std::move(identity));
}

void Host::Impl::learn(const PeerId& peer, Identity identity) {
  Peer& known = peers.at(peer);
  known.identity = identity;
  known.identify_failed.reset();
  identified.wake_all();
  notify([identity = std::move(identity)](HostObserver& observer) {
    observer.on_identified(identity);
  });
  if (known.told != 0 && known.told != description) described.wake_all();
}

void Host::Impl::description_changed() {
  ++description;
  described.wake_all();
}

// Peers that asked before our description changed are told, once each turn of the queue: what one
// piece of code changes goes out together.
Task<void> Host::Impl::push_loop(std::shared_ptr<Impl> self) {
  for (;;) {
    co_await self->described.wait();
    for (auto& [peer, known] : self->peers) {
      if (known.told == 0 || known.told == self->description || !known.identity) continue;
      const auto& theirs = known.identity->protocols;
      if (std::find(theirs.begin(), theirs.end(), kIdentifyPush) == theirs.end()) continue;
      known.told = self->description;
      self->tasks.spawn(push_to(self, peer));
    }
  }
}

Task<void> Host::Impl::push_to(std::shared_ptr<Impl> self, PeerId peer) {
  Link* link = self->usable_link(peer);
  if (!link) co_return;
  auto stream = link->open(std::vector<std::string>(1, std::string(kIdentifyPush)));
  if (!stream) co_return;
  auto writing = write_identify(**stream, self->describe(link->remote_addr()));
  auto bounded = runtime::before(self->rt.queue, self->rt.clock, self->rt.clock.now() + kPatience,
                                 std::move(writing));
  auto written = co_await std::move(bounded);
}

Task<Result<Identity>> Host::Impl::identity_of(std::shared_ptr<Impl> self, PeerId peer) {
  std::shared_ptr<Link> link;
  for (;;) {
    const auto known = self->peers.find(peer);
    if (known == self->peers.end()) {
      if (link && link->ended())
        co_return fail(Error(*link->ended()).during("identify", peer.text()));
      co_return fail(Code::closed, "identify", peer.text(), "there is no connection to the peer");
    }
    link = known->second.links.back();
    if (known->second.identity) co_return *known->second.identity;
    if (known->second.identifying.empty()) {
      co_return fail(
          known->second.identify_failed.value_or(Error(Code::internal, "identify has not begun"))
              .during("identify", peer.text()));
    }
    co_await self->identified.wait();
  }
}

}  // namespace p2p::libp2p
