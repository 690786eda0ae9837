#include "session.h"

#include "cli/files.h"
#include "record/schema.h"

namespace p2p::gossip {

namespace {

using libp2p::Multiaddr;
using libp2p::PeerId;
using runtime::Task;

/// A list of peers for one run; thousands of addresses fit.
constexpr std::size_t kMaxPeersFile = 4 << 20;
/// One peer's addresses tried in turn at most: a record of a real peer has about a dozen.
constexpr std::size_t kMaxAddrs = 32;
/// Peers dialed at one time.
constexpr std::size_t kMaxDialing = 64;
libp2p::HostConfig host_config(const cli::Context& context, const crypto::SigningKey& key) {
  libp2p::HostConfig config(key);
  config.log = context.console.log();
  return config;
}

libp2p::gossipsub::ServiceConfig gossip_config(const cli::Context& context) {
  libp2p::gossipsub::ServiceConfig config;
  config.log = context.console.log();
  return config;
}

/// Where the peer of a record can be dialed: its datum, then its other addresses, as far as they
/// can be read and are of the same peer.
Result<std::vector<Multiaddr>> addresses_of(const record::Record& record) {
  P2P_TRY(Multiaddr first, cli::parse_address(record::datum(record)));
  const auto peer = first.peer();
  std::vector<Multiaddr> addresses(1, std::move(first));
  const auto* others = record.texts("addrs");
  if (others == nullptr || !peer) return addresses;
  for (const std::string& text : *others) {
    auto address = Multiaddr::parse(text);
    if (!address || addresses.size() >= kMaxAddrs) continue;
    if (!address->peer()) *address = address->with_peer(*peer);
    if (address->peer() == peer && *address != addresses.front()) {
      addresses.push_back(std::move(*address));
    }
  }
  return addresses;
}

}  // namespace

Session::Session(cli::Context& context, const Options& options, crypto::SigningKey key)
    : context_(context),
      options_(options),
      host_(context.runtime, host_config(context, key)),
      gossip_(host_, key, gossip_config(context)),
      tasks_(context.runtime.queue) {
  host_.add_observer(*this);
}

Session::~Session() { host_.remove_observer(*this); }

Result<void> Session::start() {
  std::vector<Multiaddr> listen = options_.listen.listen;
  if (options_.mdns && listen.empty()) {
    P2P_TRY(Multiaddr any, Multiaddr::parse("/ip4/0.0.0.0/tcp/0"));
    listen.push_back(std::move(any));
  }
  for (const Multiaddr& address : listen) P2P_CHECK(host_.listen(address));
  if (!listen.empty()) {
    for (const Multiaddr& address : host_.addresses()) {
      context_.console.note("listening on " + address.text());
    }
  }
  P2P_CHECK(cli::write_addresses(options_.listen, host_.addresses()));
  P2P_CHECK(take_operands());
  if (options_.mdns) {
    mdns_ = std::make_unique<libp2p::mdns::Service>(context_.runtime, libp2p::mdns::Config(),
                                                    context_.console.log());
    P2P_CHECK(mdns_->start());
    mdns_->announce(host_.id(), host_.addresses());
    tasks_.spawn(discover(*this));
  }
  if (options_.peers_from == "-") {
    reading_ = true;
    tasks_.spawn(read_peers(*this));
  }
  return {};
}

Result<void> Session::take_operands() {
  for (const std::string& operand : options_.peers) {
    record::Reader reader("peer");
    reader.feed(as_bytes(operand));
    reader.end();
    P2P_CHECK(take_records(reader));
  }
  if (!options_.peers_from || options_.peers_from == "-") return {};
  P2P_TRY(const Bytes file, cli::read_file(*options_.peers_from, kMaxPeersFile));
  record::Reader reader("peer");
  reader.feed(file);
  reader.end();
  return take_records(reader);
}

Result<void> Session::take_records(record::Reader& reader) {
  while (true) {
    P2P_TRY(const auto record, reader.next());
    if (!record) return {};
    // What the tool before us could not do, it said itself.
    if (record->type() == "error" || record->boolean("ok") == false) continue;
    P2P_TRY(auto addresses, addresses_of(*record));
    ++dialing_;
    tasks_.spawn(dial(*this, std::move(addresses), true));
  }
}

Task<void> Session::dial(Session& self, std::vector<Multiaddr> addresses, bool asked_for) {
  const std::string name = addresses.front().text();
  auto connecting = self.host_.connect(std::move(addresses));
  const auto connected = co_await std::move(connecting);
  if (!connected && asked_for) {
    self.context_.console.warn(name + ": " + connected.error().message());
  }
  --self.dialing_;
  self.changed_.wake_all();
}

Task<void> Session::discover(Session& self) {
  while (true) {
    libp2p::mdns::Found found = co_await self.mdns_->next();
    if (found.addrs.empty()) continue;
    if (found.addrs.size() > kMaxAddrs) found.addrs.resize(kMaxAddrs);
    while (self.dialing_ >= kMaxDialing) co_await self.changed_.wait();
    ++self.dialing_;
    self.tasks_.spawn(dial(self, std::move(found.addrs), false));
  }
}

Task<void> Session::read_peers(Session& self) {
  record::Reader reader("peer");
  bool more = true;
  while (more) {
    auto chunk = co_await self.context_.input.read();
    if (!chunk) {
      self.context_.console.error(chunk.error());
      self.misread_ = true;
      break;
    }
    more = !chunk->empty();
    if (more) {
      reader.feed(*chunk);
    } else {
      reader.end();
    }
    if (const auto taken = self.take_records(reader); !taken) {
      self.context_.console.error(taken.error());
      self.misread_ = true;
      break;
    }
    while (self.dialing_ >= kMaxDialing) co_await self.changed_.wait();
  }
  self.reading_ = false;
  self.changed_.wake_all();
}

Task<void> Session::tried() {
  while (host_.peers().empty() && (dialing_ > 0 || reading_)) co_await changed_.wait();
}

bool Session::is_alone() const {
  return mdns_ == nullptr && options_.listen.listen.empty() && !reading_ && dialing_ == 0 &&
         host_.peers().empty();
}

Task<void> Session::alone() {
  while (!is_alone()) co_await changed_.wait();
}

Task<void> Session::close() {
  co_await gossip_.close();
  co_await host_.close();
}

void Session::on_connected(const PeerId&, const Multiaddr&, bool) {
  met_ = true;
  changed_.wake_all();
}
void Session::on_disconnected(const PeerId&, const Error&) { changed_.wake_all(); }

}  // namespace p2p::gossip
