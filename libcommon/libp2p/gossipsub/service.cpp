#include "libp2p/gossipsub/service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/varint.h"
#include "libp2p/peer_record.h"
#include "runtime/deadline.h"

namespace p2p::libp2p::gossipsub {

namespace {

/// What we speak, best first, and so the order of our preference.
constexpr std::array<std::string_view, 3> kProtocols{"/meshsub/1.1.0", "/meshsub/1.0.0",
                                                     "/floodsub/1.0.0"};
/// One read of a stream, and about what one write carries: yamux's frames are of this size.
constexpr std::size_t kChunk = 64 * 1024;
/// Dials on behalf of peer exchange at one time (go-libp2p-pubsub's "connectors"), and each one's
/// time.
constexpr std::size_t kMaxDials = 8;
constexpr Duration kDialTime = std::chrono::seconds(30);
/// Addresses tried of one peer that was named to us.
constexpr std::size_t kMaxDialAddrs = 4;
constexpr Duration kReopenDelay = std::chrono::milliseconds(100);

std::optional<std::string> best_of(const std::vector<std::string>& spoken) {
  for (const std::string_view ours : kProtocols) {
    if (std::ranges::find(spoken, ours) != spoken.end()) return std::string(ours);
  }
  return std::nullopt;
}

PeerProtocol kind_of(std::string_view protocol) {
  if (protocol == kProtocols[0]) return PeerProtocol::gossipsub_1_1;
  if (protocol == kProtocols[1]) return PeerProtocol::gossipsub_1_0;
  return PeerProtocol::floodsub;
}

std::map<PeerId, Multiaddr> by_peer(const std::vector<Multiaddr>& addresses) {
  std::map<PeerId, Multiaddr> found;
  for (const Multiaddr& address : addresses) {
    if (const auto peer = address.peer()) found.emplace(*peer, address);
  }
  return found;
}

RouterConfig router_config(const ServiceConfig& config) {
  RouterConfig out;
  out.params = config.params;
  out.thresholds = config.thresholds;
  for (const auto& [peer, address] : by_peer(config.direct)) out.direct.insert(peer);
  return out;
}

}  // namespace

Duration publish_gap(std::string_view agent) {
  // We read at the rate at which we verify, and let the sender wait.
  if (agent == "p2p-utils" || agent.starts_with("p2p-utils/")) return Duration(0);
  // Since 0.40 kubo compares each message's number with the author's highest, which it keeps on
  // disk, and does so for many messages at once: of two that are closer than this takes, the first
  // may come second and is dropped. At 400 a second 981 of 1,000 arrived on an idle machine; a busy
  // disk needs more room.
  if (agent.starts_with("kubo")) return std::chrono::milliseconds(30);
  // go-libp2p-pubsub drops what comes while 32 messages wait for validation, and js-libp2p lost
  // messages above some thousand a second.
  return std::chrono::milliseconds(1);
}

Service::Service(Host& host, crypto::SigningKey key, ServiceConfig config)
    : host_(host),
      config_(std::move(config)),
      direct_(by_peer(config_.direct)),
      router_(router_config(config_), std::move(key), host.runtime().random, config_.score),
      dials_(host.runtime().queue),
      tasks_(host.runtime().queue) {
  for (const std::string_view protocol : kProtocols) {
    host_.handle(std::string(protocol), [this](std::unique_ptr<Stream> stream) {
      return read_from(*this, std::shared_ptr<Stream>(std::move(stream)));
    });
  }
  host_.add_observer(*this);
  for (const PeerId& peer : host_.peers()) {
    if (const Identity* identity = host_.known_identity(peer)) on_identified(*identity);
  }
  tasks_.spawn(heartbeat(*this));
}

Service::~Service() {
  host_.remove_observer(*this);
  for (const std::string_view protocol : kProtocols) host_.unhandle(std::string(protocol));
}

void Service::subscribe(const std::string& topic, Validator validator, bool deliver) {
  auto subscription = std::make_shared<Subscription>();
  subscription->deliver = deliver;
  const bool validated = validator != nullptr;
  subscription->validator = std::move(validator);
  unsubscribe(topic);
  subscriptions_[topic] = std::move(subscription);
  router_.subscribe(topic, validated, now());
  dispatch();
}

void Service::unsubscribe(const std::string& topic) {
  const auto place = subscriptions_.find(topic);
  if (place == subscriptions_.end()) return;
  place->second->left = true;
  place->second->arrived.wake_all();
  subscriptions_.erase(place);
  router_.unsubscribe(topic, now());
  dispatch();
  delivered_.wake_all();
}

Task<Result<Received>> Service::next(std::string topic) {
  const auto place = subscriptions_.find(topic);
  if (place == subscriptions_.end()) {
    co_return fail(Code::not_found, "receive from", topic, "the topic is not subscribed");
  }
  const std::shared_ptr<Subscription> subscription = place->second;
  while (subscription->waiting.empty()) {
    if (subscription->left) co_return fail(Code::closed, "receive from", topic, "it was left");
    co_await subscription->arrived.wait();
  }
  Received received = std::move(subscription->waiting.front());
  subscription->waiting.pop_front();
  subscription->waiting_bytes -= received.message->payload().size();
  delivered_.wake_all();
  co_return received;
}

Result<PublicationPtr> Service::publish(const std::string& topic, Bytes data) {
  const WallTime wall = host_.runtime().clock.wall();
  P2P_TRY(Router::Published published, router_.publish(topic, std::move(data), wall, now()));
  auto publication = std::make_shared<Publication>();
  publication->message = std::move(published.message);
  publication->id = std::move(published.id);
  publication->queued = published.to.size();
  last_publish_ = now();
  dispatch(publication);
  return publication;
}

void Service::republish(const PublicationPtr& publication) {
  const auto published = router_.republish(publication->message, publication->written, now());
  publication->queued += published.to.size();
  dispatch(publication);
}

Task<void> Service::written(PublicationPtr publication) {
  while (publication->written.empty() && !publication->settled()) {
    co_await publication->changed.wait();
  }
}

Task<void> Service::settled(PublicationPtr publication) {
  while (!publication->settled()) co_await publication->changed.wait();
}

Task<void> Service::room(std::string topic, std::optional<Duration> gap) {
  while (true) {
    const Time next = last_publish_ + gap.value_or(gap_of(topic));
    if (now() < next) {
      co_await runtime::sleep_until(host_.runtime().clock, next);
    } else if (crowded(topic)) {
      co_await drained_.wait();
    } else {
      co_return;
    }
  }
}

bool Service::crowded(const std::string& topic) const {
  return std::ranges::any_of(router_.peers(topic), [this](const PeerId& id) {
    const auto peer = peers_.find(id);
    return peer != peers_.end() && peer->second->queue.bytes() > SendQueue::kHighWater;
  });
}

Duration Service::gap_of(const std::string& topic) const {
  Duration gap{0};
  for (const PeerId& id : router_.peers(topic)) {
    const Identity* identity = host_.known_identity(id);
    gap = std::max(gap, publish_gap(identity ? identity->agent : std::string()));
  }
  return gap;
}

Task<void> Service::topic_peer(std::string topic) {
  while (router_.peers(topic).empty()) co_await topic_changed_.wait();
}

Task<void> Service::close() {
  closing_ = true;
  for (const auto& [id, peer] : peers_) peer->queued.wake_all();
  const runtime::Runtime runtime = host_.runtime();
  Task<void> writes = until(*this, &Peer::has_said_all);
  co_await runtime::before(runtime.queue, runtime.clock, now() + kWriteTime, std::move(writes));
  Task<void> reads = until(*this, &Peer::has_heard_all);
  co_await runtime::before(runtime.queue, runtime.clock, now() + kFarewell, std::move(reads));
}

Task<void> Service::until(Service& self, bool (Peer::*reached)() const) {
  const auto waiting = [&self, reached] {
    return std::ranges::any_of(
        self.peers_, [reached](const auto& entry) { return !((*entry.second).*reached)(); });
  };
  while (waiting()) co_await self.drained_.wait();
}

void Service::on_connected(const PeerId& peer, const Multiaddr&, bool outbound) {
  outbound_[peer] = outbound;
}

void Service::on_identified(const Identity& identity) {
  if (const auto protocol = best_of(identity.protocols)) take_up(identity.peer, *protocol);
}

void Service::on_disconnected(const PeerId& peer, const Error&) {
  if (!inbound_.contains(peer)) bad_messages_.erase(peer);
  if (inbound_.size() > kMaxInbound) delivered_.wake_all();
  outbound_.erase(peer);
  drop(peer);
}

void Service::take_up(const PeerId& id, const std::string& protocol) {
  if (closing_ || peers_.contains(id) || !host_.connected(id)) return;
  const auto peer = std::make_shared<Peer>();
  peer->protocol = protocol;
  peers_.emplace(id, peer);
  const Identity* identity = host_.known_identity(id);
  const IdForm form = identity ? form_of_agent(identity->agent) : IdForm::go;
  // js-libp2p never does, but it reads what it has got even after the connection is closed.
  peer->answers_end = form != IdForm::js;
  const auto dialed = outbound_.find(id);
  router_.add_peer(id, kind_of(protocol), dialed != outbound_.end() && dialed->second, form, now());
  dispatch();
  tasks_.spawn(write_to(*this, id, peer));
}

void Service::drop(const PeerId& id) {
  const auto place = peers_.find(id);
  if (place == peers_.end()) return;
  const PeerPtr peer = std::move(place->second);
  peers_.erase(place);
  peer->removed = true;
  if (peer->out) peer->out->reset();
  fail_items(peer->queue.take_all());
  peer->queued.wake_all();
  router_.remove_peer(id, now());
  dispatch();
  drained_.wake_all();
}

void Service::fail_items(std::vector<SendQueue::Item> items) {
  for (const SendQueue::Item& item : items) {
    if (!item.publication) continue;
    ++item.publication->failed;
    item.publication->changed.wake_all();
  }
}

void Service::punish(const Penalty& penalty) {
  const std::string name = penalty.peer.text();
  config_.log(LogLevel::debug, name + ": " + std::string(name_of(penalty.offence)));
  if (config_.on_penalty) config_.on_penalty(penalty);
  if (penalty.offence != Offence::bad_message || host_.banned(penalty.peer)) return;
  if ((bad_messages_[penalty.peer] += penalty.count) < config_.most_bad_messages) return;
  config_.log(LogLevel::warning, name + ": cut off: its messages are not signed as they must be");
  host_.ban(penalty.peer);
}

void Service::dispatch(const PublicationPtr& publication) {
  for (Action& action : router_.take_actions()) {
    if (auto* send = std::get_if<Send>(&action)) {
      queue(send->to, std::move(send->rpc), publication);
    } else if (auto* delivery = std::get_if<Deliver>(&action)) {
      deliver(std::move(*delivery));
    } else if (auto* ask = std::get_if<Validate>(&action)) {
      const auto& subscription = subscriptions_.at(ask->message->topic);
      Received received{std::move(ask->message), std::move(ask->id), std::move(ask->from)};
      tasks_.spawn(validate(*this, subscription, std::move(received)));
    } else if (const auto* penalty = std::get_if<Penalty>(&action)) {
      punish(*penalty);
    } else if (std::holds_alternative<TopicPeer>(action)) {
      topic_changed_.wake_all();
      drained_.wake_all();  // who leaves a topic keeps no publisher waiting
    } else if (const auto* exchange = std::get_if<Exchange>(&action)) {
      take_exchange(*exchange);
    } else if (const auto* connect = std::get_if<Connect>(&action)) {
      if (dials_.size() < kMaxDials) {
        dials_.spawn(dial(*this, std::vector<Multiaddr>(1, direct_.at(connect->peer))));
      }
    }
  }
}

void Service::queue(const PeerId& to, Rpc rpc, const PublicationPtr& publication) {
  const auto place = peers_.find(to);
  for (Rpc& part : split(std::move(rpc))) {
    SendQueue::Item item;
    if (publication && part.publish.size() == 1 && part.publish[0] == publication->message) {
      item.publication = publication;
    }
    item.size = encode(part).size();
    item.rpc = std::move(part);
    const PublicationPtr ours = item.publication;
    if (place != peers_.end() && place->second->queue.push(std::move(item))) {
      place->second->queued.wake_all();
    } else if (ours) {
      ++ours->failed;
      ours->changed.wake_all();
    }
  }
}

void Service::deliver(Deliver delivery) {
  const auto place = subscriptions_.find(delivery.message->topic);
  if (place == subscriptions_.end() || !place->second->deliver) return;
  Subscription& subscription = *place->second;
  subscription.waiting_bytes += delivery.message->payload().size();
  subscription.waiting.push_back(
      Received{std::move(delivery.message), std::move(delivery.id), std::move(delivery.from)});
  subscription.arrived.wake_all();
}

bool Service::full() const {
  return std::ranges::any_of(subscriptions_, [](const auto& entry) {
    return entry.second->waiting.size() >= kMaxWaiting ||
           entry.second->waiting_bytes >= kMaxWaitingBytes;
  });
}

void Service::take_exchange(const Exchange& exchange) {
  if (!config_.dial_exchanged) return;
  for (const PxPeer& named : exchange.peers) {
    if (dials_.size() >= kMaxDials) return;
    auto record = PeerRecord::open(named.signed_record);
    if (!record || record->peer.bytes() != named.peer_id || host_.connected(record->peer)) continue;
    std::vector<Multiaddr> addresses;
    for (const Multiaddr& address : record->addrs) {
      if (addresses.size() < kMaxDialAddrs) addresses.push_back(address.with_peer(record->peer));
    }
    dials_.spawn(dial(*this, std::move(addresses)));
  }
}

Task<void> Service::heartbeat(Service& self) {
  const Params& params = self.router_.params();
  co_await runtime::sleep_for(self.host_.runtime().clock, params.heartbeat_initial_delay);
  while (true) {
    self.router_.heartbeat(self.now());
    self.dispatch();
    co_await runtime::sleep_for(self.host_.runtime().clock, params.heartbeat_interval);
  }
}

Task<void> Service::validate(Service& self, std::shared_ptr<Subscription> subscription,
                             Received received) {
  MessageId id = received.id;
  Task<Verdict> asking = subscription->validator(std::move(received));
  const Verdict verdict = co_await std::move(asking);
  self.router_.resolve(id, verdict, self.now());
  self.dispatch();
}

Task<void> Service::dial(Service& self, std::vector<Multiaddr> addresses) {
  const runtime::Runtime runtime = self.host_.runtime();
  Task<Result<PeerId>> connecting = self.host_.connect(std::move(addresses));
  static_cast<void>(co_await runtime::before(runtime.queue, runtime.clock, self.now() + kDialTime,
                                             std::move(connecting)));
}

Task<void> Service::write_to(Service& self, PeerId id, PeerPtr peer) {
  Duration delay = kReopenDelay;
  for (int attempt = 0; attempt <= kMaxReopen && !peer->removed; ++attempt) {
    if (attempt > 0) {
      if (self.closing_) break;
      co_await runtime::sleep_for(self.host_.runtime().clock, delay);
      delay *= 4;
      if (peer->removed) co_return;
    }
    std::vector<std::string> protocols(1, peer->protocol);
    auto opened = co_await self.host_.open(id, std::move(protocols));
    if (peer->removed) co_return;
    Result<void> outcome;
    if (opened) {
      const std::shared_ptr<Stream> stream = std::move(*opened);
      // The peer has forgotten what a stream before this one told it.
      if (attempt > 0) self.router_.reintroduce(id, self.now());
      self.dispatch();
      peer->out = stream;
      peer->broken = false;
      self.tasks_.spawn(watch(self, peer, stream));
      outcome = co_await write_queue(self, id, peer, stream);
      if (peer->removed) co_return;
      if (outcome) co_return;  // in order, at our leave; the watcher sees the end
      stream->reset();
      peer->out.reset();
    } else {
      outcome = fail(std::move(opened).error());
    }
    self.config_.log(LogLevel::debug, id.text() + ": " + outcome.error().message());
  }
  self.drop(id);
}

Task<Result<void>> Service::write_queue(Service& self, PeerId id, PeerPtr peer,
                                        std::shared_ptr<Stream> stream) {
  const runtime::Runtime runtime = self.host_.runtime();
  // Nothing yet, but the peer learns of the stream.
  auto begun = co_await stream->write(Bytes());
  P2P_CO_CHECK(std::move(begun));
  while (true) {
    if (peer->removed) co_return fail(Code::cancelled, "the peer is gone");
    if (peer->broken) co_return fail(Code::reset, "the peer ended our stream");
    if (peer->queue.overrun()) co_return fail(Code::limit, "the peer does not read");
    if (peer->queue.empty()) {
      if (!self.closing_) {
        co_await peer->queued.wait();
        continue;
      }
      stream->close_write();
      peer->said_all = true;
      self.drained_.wake_all();
      co_return Result<void>();
    }
    std::vector<SendQueue::Item> items = peer->queue.take(kChunk);
    Bytes frames;
    for (const SendQueue::Item& item : items) {
      append_varint(frames, item.size);
      append(frames, encode(item.rpc));
    }
    Task<Result<void>> writing = stream->write(std::move(frames));
    const auto wrote = co_await runtime::before(runtime.queue, runtime.clock,
                                                self.now() + kWriteTime, std::move(writing));
    self.drained_.wake_all();
    if (!wrote || !*wrote) {
      fail_items(std::move(items));
      if (!wrote) co_return fail(Code::timeout, "the peer took nothing for half a minute");
      co_return *wrote;
    }
    for (const SendQueue::Item& item : items) {
      if (!item.publication) continue;
      item.publication->written.insert(id);
      item.publication->changed.wake_all();
    }
  }
}

Task<void> Service::watch(Service& self, PeerPtr peer, std::shared_ptr<Stream> stream) {
  while (true) {
    auto data = co_await stream->read(kChunk);
    if (data && !data->empty()) continue;  // nobody is to say anything here
    // Its end alone means little before we have ended ours: then it says that all was read.
    if (peer->out == stream) {
      peer->heard_all = true;
      if (!data) peer->broken = true;
    }
    break;
  }
  peer->queued.wake_all();
  self.drained_.wake_all();
}

Task<void> Service::read_from(Service& self, std::shared_ptr<Stream> stream) {
  const PeerId id = stream->peer();
  std::shared_ptr<Stream>& slot = self.inbound_[id];
  if (slot) slot->reset();
  slot = stream;
  // Identify tells how the peer names messages, and the best that it speaks.
  const auto identity = co_await self.host_.identity_of(id);
  std::optional<std::string> protocol;
  if (identity) protocol = best_of(identity->protocols);
  self.take_up(id, protocol.value_or(stream->protocol()));

  const Result<void> outcome = co_await read_rpcs(self, id, stream);
  if (outcome) {
    stream->close_write();  // the peer has said all; this tells it that all was read
  } else {
    self.config_.log(LogLevel::debug, id.text() + ": " + outcome.error().message());
    stream->reset();
  }
  if (!self.host_.connected(id)) self.bad_messages_.erase(id);
  const auto current = self.inbound_.find(id);
  if (current == self.inbound_.end() || current->second != stream) co_return;
  self.inbound_.erase(current);
  self.router_.forget_topics(id, self.now());
  self.dispatch();
}

Task<Result<void>> Service::read_rpcs(Service& self, PeerId id, std::shared_ptr<Stream> stream) {
  Bytes buffer;
  struct Share {
    explicit Share(std::size_t& sum) : total(sum) {}
    ~Share() { total -= mine; }
    void become(std::size_t size) { total += size - std::exchange(mine, size); }
    std::size_t& total;
    std::size_t mine = 0;
  } share(self.incomplete_);
  while (true) {
    while (self.full()) {
      if (self.inbound_.size() > kMaxInbound && !self.host_.connected(id)) {
        self.inbound_.erase(id);  // now, so that the next to look sees one less
        co_return fail(Code::limit, "too many that have left are still to be read");
      }
      co_await self.delivered_.wait();
    }
    auto data = co_await stream->read(kChunk);
    P2P_CO_CHECK(data);
    if (data->empty()) {
      if (buffer.empty()) co_return Result<void>();
      co_return fail(Code::closed, "the stream ended inside an RPC");
    }
    append(buffer, *data);
    ByteView rest(buffer);
    while (true) {
      auto length = peek_varint(rest);
      P2P_CO_CHECK(length);
      if (!*length) break;
      const std::uint64_t size = (*length)->value;
      if (size > kMaxInboundRpcSize) co_return fail(Code::limit, "an RPC is larger than 4 MiB");
      if (rest.size() - (*length)->size < size) break;
      rest = rest.subspan((*length)->size);
      const auto rpc = decode_rpc(rest.first(static_cast<std::size_t>(size)));
      P2P_CO_CHECK(rpc);
      rest = rest.subspan(static_cast<std::size_t>(size));
      self.router_.on_rpc(id, *rpc, self.now());
      self.dispatch();
      // What it had sent before it was cut off is there still.
      if (self.host_.banned(id)) co_return fail(Code::permission, "the peer is banned");
    }
    buffer.erase(buffer.begin(), buffer.end() - static_cast<std::ptrdiff_t>(rest.size()));
    if (buffer.empty()) buffer = Bytes();  // an idle stream holds no memory
    share.become(buffer.size());
    const std::size_t most = self.config_.most_incomplete;
    if (self.incomplete_ > most &&
        buffer.size() > most / std::max<std::size_t>(self.inbound_.size(), 1)) {
      co_return fail(Code::limit, "too much of its RPC is not whole");
    }
  }
}

}  // namespace p2p::libp2p::gossipsub
