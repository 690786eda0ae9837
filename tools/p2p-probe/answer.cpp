#include <algorithm>

#include "commands.h"
#include "libp2p/mdns/service.h"
#include "libp2p/resolve.h"
#include "runtime/deadline.h"

namespace p2p::probe {

namespace {

using cli::ExitStatus;
using libp2p::Host;
using multiformats::Multiaddr;
using multiformats::PeerId;
using runtime::Task;

/// Says who comes and goes, and counts those that have gone.
class Visitors final : public libp2p::HostObserver {
 public:
  Visitors(Host& host, cli::Console& console) : host_(host), console_(console) {
    host_.add_observer(*this);
  }
  ~Visitors() override { host_.remove_observer(*this); }
  Visitors(const Visitors&) = delete;
  Visitors& operator=(const Visitors&) = delete;

  void on_connected(const PeerId& peer, const Multiaddr& remote, bool /*outbound*/) override {
    console_.note(peer.text() + " connected from " + remote.text());
  }
  void on_identified(const libp2p::Identity& identity) override {
    console_.note(identity.peer.text() + " is " + identity.agent);
  }
  void on_disconnected(const PeerId& peer, const Error& why) override {
    console_.note(peer.text() + " left: " + why.message());
    ++gone_;
    changed_.wake_all();
  }
  void on_inbound_failed(const Multiaddr& remote, libp2p::Phase phase, const Error& why) override {
    console_.note(remote.text() + " failed to connect, in phase " + std::string(name_of(phase)) +
                  ": " + why.message());
  }

  Task<bool> until_gone(std::uint64_t count) {
    while (gone_ < count) co_await changed_.wait();
    co_return true;
  }

 private:
  Host& host_;
  cli::Console& console_;
  std::uint64_t gone_ = 0;
  runtime::WaitList changed_;
};

bool is_loopback(const Multiaddr& addr) {
  const auto endpoint = libp2p::endpoint_of(addr);
  return endpoint && endpoint->ip.is_loopback();
}

/// First those that other machines can use, too.
std::vector<Multiaddr> others_first(const std::vector<Multiaddr>& addrs) {
  std::vector<Multiaddr> ordered;
  for (const bool loopback : {false, true}) {
    std::ranges::copy_if(addrs, std::back_inserter(ordered), [loopback](const Multiaddr& addr) {
      return is_loopback(addr) == loopback;
    });
  }
  return ordered;
}

Result<Multiaddr> default_address() { return Multiaddr::parse("/ip4/0.0.0.0/tcp/0"); }

}  // namespace

Task<Result<ExitStatus>> answer(cli::Context& context, const Options& options) {
  P2P_CO_TRY(auto key, cli::load_key(options.key, context.runtime.random));
  Host host(context.runtime, libp2p::HostConfig(std::move(key)));
  std::vector<Multiaddr> wanted = options.addrs;
  if (wanted.empty()) {
    P2P_CO_TRY(auto any, default_address());
    wanted.push_back(std::move(any));
  }
  for (const Multiaddr& at : wanted) P2P_CO_CHECK(host.listen(at));

  libp2p::mdns::Service mdns(context.runtime, libp2p::mdns::Config(), context.console.log());
  const std::vector<Multiaddr> addrs = others_first(host.addresses());
  if (options.mdns) {
    P2P_CO_CHECK(mdns.start());
    mdns.announce(host.id(), addrs);
  }

  Visitors visitors(host, context.console);
  cli::ListenOptions listen;
  listen.write_addr = options.write_addr;
  P2P_CO_CHECK(cli::announce(context.console, listen, host.id(), addrs));

  const auto limit = options.max_time ? options.max_time : options.timeout;
  const Time ends = limit ? context.runtime.clock.now() + *limit : kNever;
  auto waiting = visitors.until_gone(options.count.value_or(UINT64_MAX));
  auto bounded =
      runtime::before(context.runtime.queue, context.runtime.clock, ends, std::move(waiting));
  const auto done = co_await std::move(bounded);
  co_await host.close();
  co_return done ? ExitStatus::yes : ExitStatus::expired;
}

}  // namespace p2p::probe
