// Dialing what does not answer as it should, and being dialed by what does not behave.
#include "libp2p/resolve.h"

#include "unit/libp2p/host_fixture.h"

namespace p2p::libp2p::testing {
namespace {

/// What a server that is no libp2p peer does with a connection.
using Manner = Task<void> (*)(runtime::Runtime, runtime::TcpStream&);

Task<void> silent(runtime::Runtime runtime, runtime::TcpStream&) {
  co_await runtime::sleep_for(runtime.clock, 1h);
}

Task<void> garbage(runtime::Runtime runtime, runtime::TcpStream& tcp) {
  auto written = co_await tcp.write(to_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
  co_await runtime::sleep_for(runtime.clock, 1h);
}

Task<void> hang_up(runtime::Runtime, runtime::TcpStream&) { co_return; }

/// The right bytes, but one every five seconds.
Task<void> drip(runtime::Runtime runtime, runtime::TcpStream& tcp) {
  const Bytes hello = to_bytes("\x13/multistream/1.0.0\n\x07/noise\n");
  for (const std::uint8_t byte : hello) {
    Bytes one(1, byte);
    auto written = co_await tcp.write(std::move(one));
    if (!written) co_return;
    co_await runtime::sleep_for(runtime.clock, 5s);
  }
}

Task<void> serve(runtime::Runtime runtime, Manner manner, int count) {
  runtime::Endpoint at;
  at.ip = runtime::IpAddress::any(false);
  at.port = 7000;
  auto listener = runtime.net.listen(at);
  REQUIRE(listener);
  for (int i = 0; i < count; ++i) {
    auto tcp = co_await (*listener)->accept();
    if (!tcp) co_return;
    co_await manner(runtime, **tcp);
  }
}

struct Outcome {
  Code code;
  std::string message;
  Phase phase;
  Duration took;
};

Outcome dial_server(Manner manner) {
  SimWorld world(1);
  Node node(world, 1);
  auto& server = world.host("server");
  server.spawn(serve(server.runtime(), manner, 1));
  DialTrace trace;
  const auto to = addr("/ip4/" + server.ip().text() + "/tcp/7000");
  const Time began = world.now();
  const auto peer = node.wait(world, node.host.dial(to, &trace));
  REQUIRE_FALSE(peer);
  CHECK(peer.error().message().find(to.text()) != std::string::npos);
  return {peer.error().code, peer.error().message(), trace.phase, world.now() - began};
}

TEST_CASE("servers that are no libp2p peers fail in a named phase and in time") {
  const auto mute = dial_server(&silent);
  CHECK(mute.code == Code::timeout);
  CHECK(mute.phase == Phase::negotiate);
  CHECK(mute.took <= 11s);
  const auto http = dial_server(&garbage);
  CHECK(http.code == Code::protocol);
  CHECK(http.phase == Phase::negotiate);
  CHECK(http.message.find("HTTP/1.1 400") != std::string::npos);
  CHECK(http.took <= 1s);
  const auto gone = dial_server(&hang_up);
  CHECK((gone.code == Code::closed || gone.code == Code::reset));
  CHECK(gone.phase == Phase::negotiate);
  const auto slow = dial_server(&drip);
  CHECK(slow.code == Code::timeout);
  CHECK(slow.phase == Phase::negotiate);
  CHECK(slow.took <= 11s);
}

TEST_CASE("a closed port is refused in the dial phase, with a hint") {
  SimWorld world(1);
  Node node(world, 1);
  auto& other = world.host("other");
  DialTrace trace;
  const auto peer =
      node.wait(world, node.host.dial(addr("/ip4/" + other.ip().text() + "/tcp/9"), &trace));
  REQUIRE_FALSE(peer);
  CHECK(peer.error().code == Code::refused);
  CHECK_FALSE(peer.error().hint.empty());
  CHECK(trace.phase == Phase::dial);
}

TEST_CASE("an address that drops packets is given up after five seconds") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  world.cut(a.machine, b.machine);
  DialTrace trace;
  const auto peer = a.wait(world, a.host.dial(b.at(), &trace));
  REQUIRE_FALSE(peer);
  CHECK(peer.error().code == Code::timeout);
  CHECK(trace.phase == Phase::dial);
}

TEST_CASE("the wrong peer id is a mismatch in the secure phase that names who is there") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  DialTrace trace;
  const PeerId other = PeerId::of(key_of(9).public_key());
  const auto peer = a.wait(world, a.host.dial(b.at().with_peer(other), &trace));
  REQUIRE_FALSE(peer);
  CHECK(peer.error().code == Code::mismatch);
  CHECK(peer.error().why.find(b.host.id().text()) != std::string::npos);
  CHECK(trace.phase == Phase::secure);
  world.run_for(1s);
  CHECK(b.host.peers().empty());
}

TEST_CASE("ourselves are not dialed") {
  SimWorld world(1);
  Node a(world, 1);
  CHECK_FALSE(a.wait(world, a.host.dial(a.at())));
  CHECK_FALSE(a.wait(world, a.host.dial(a.at().without_peer())));
  world.run_for(1s);
  CHECK(a.host.peers().empty());
}

TEST_CASE("an address that we do not speak says so") {
  SimWorld world(1);
  Node a(world, 1);
  const auto peer = a.wait(world, a.host.dial(addr("/ip4/10.0.0.1/udp/4001/quic-v1")));
  REQUIRE_FALSE(peer);
  CHECK(peer.error().code == Code::unsupported);
}

TEST_CASE("names resolve, and every address is tried in turn") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  auto& dead = world.host("dead");
  world.set_addresses("b.example", {dead.ip(), b.machine.ip()});
  for (const char* text : {"/dns4/b.example/tcp/4001", "/dns/b.example/tcp/4001"}) {
    const auto peer = a.wait(world, a.host.dial(addr(text).with_peer(b.host.id())));
    REQUIRE(peer);
    CHECK(*peer == b.host.id());
  }
  const auto none = a.wait(world, a.host.dial(addr("/dns4/none.example/tcp/4001")));
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::not_found);
  DialTrace trace;
  const auto refused = a.wait(world, a.host.dial(addr("/dns4/b.example/tcp/4002"), &trace));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(refused.error().why.find(dead.ip().text()) != std::string::npos);
  CHECK(refused.error().why.find(b.machine.ip().text()) != std::string::npos);
  CHECK(trace.phase == Phase::dial);
}

std::vector<std::string> resolve_texts(SimWorld& world, Node& node, Multiaddr what) {
  const auto targets =
      node.wait(world, resolve(node.machine.runtime().net.resolver(), std::move(what)));
  std::vector<std::string> texts;
  if (!targets) return texts;
  for (const auto& target : *targets) texts.push_back(target.addr.text());
  return texts;
}

TEST_CASE("dnsaddr records are followed, and filtered by what the address ends with") {
  SimWorld world(1);
  Node node(world, 1);
  const std::string one = "/p2p/" + PeerId::of(key_of(1).public_key()).text();
  const std::string two = "/p2p/" + PeerId::of(key_of(2).public_key()).text();
  world.set_txt("_dnsaddr.boot.example",
                {"dnsaddr=/dnsaddr/a.example" + one, "dnsaddr=/ip4/10.9.9.2/tcp/2" + two,
                 "dnsaddr=/ip4/10.9.9.3/udp/3/quic-v1" + two, "v=spf1", "dnsaddr=nonsense"});
  world.set_txt("_dnsaddr.a.example",
                {"dnsaddr=/ip4/10.9.9.1/tcp/1" + one, "dnsaddr=/ip4/10.9.9.1/tcp/1" + one,
                 "dnsaddr=/ip4/10.9.9.7/tcp/7" + two});
  using Texts = std::vector<std::string>;
  const auto all = resolve_texts(world, node, addr("/dnsaddr/boot.example"));
  CHECK(all == Texts{"/ip4/10.9.9.2/tcp/2", "/ip4/10.9.9.1/tcp/1"});
  CHECK(resolve_texts(world, node, addr("/dnsaddr/boot.example" + two)) ==
        Texts{"/ip4/10.9.9.2/tcp/2"});
  CHECK(resolve_texts(world, node, addr("/dnsaddr/boot.example" + one)) ==
        Texts{"/ip4/10.9.9.1/tcp/1"});
}

TEST_CASE("dnsaddr records that lead in circles or in crowds are bounded") {
  SimWorld world(1);
  Node node(world, 1);
  world.set_txt("_dnsaddr.loop.example", {"dnsaddr=/dnsaddr/loop.example"});
  CHECK(resolve_texts(world, node, addr("/dnsaddr/loop.example")).empty());
  std::vector<std::string> many(200, "dnsaddr=/dnsaddr/fan.example");
  for (int i = 0; i < 200; ++i) {
    many.push_back("dnsaddr=/ip4/10.1.1." + std::to_string(i) + "/tcp/1");
  }
  world.set_txt("_dnsaddr.fan.example", many);
  CHECK(resolve_texts(world, node, addr("/dnsaddr/fan.example")).size() <= kMaxTargets);
}

TEST_CASE("silent connections neither keep others out nor stay") {
  SimWorld world(1);
  HostLimits limits;
  limits.pending_inbound = 4;
  Node victim(world, 1, limits);
  Node honest(world, 2);
  auto& attacker = world.host("attacker");
  std::vector<std::unique_ptr<runtime::TcpStream>> held;
  struct Hold {
    static Task<void> run(runtime::Runtime runtime, runtime::Endpoint to,
                          std::vector<std::unique_ptr<runtime::TcpStream>>& held) {
      for (int i = 0; i < 20; ++i) {
        auto tcp = co_await runtime.net.connect(to);
        if (tcp) held.push_back(std::move(*tcp));
      }
    }
  };
  const auto to = endpoint_of(victim.at());
  REQUIRE(to);
  REQUIRE(world.run(attacker, Hold::run(attacker.runtime(), *to, held)));
  CHECK(held.size() == 20);
  CHECK(honest.wait(world, honest.host.connect(victim.at())));
  world.run_for(11s);
  CHECK(std::ranges::count(victim.diary.lines, "failed in negotiate: limit") == 17);
  CHECK(std::ranges::count(victim.diary.lines, "failed in negotiate: timeout") == 3);
  CHECK(victim.host.connected(honest.host.id()));
}

/// A machine that never answers.
runtime::IpAddress dead_end(SimWorld& world, const Node& from, const std::string& name,
                            runtime::SimHostOptions options = runtime::SimHostOptions()) {
  SimHost& host = world.host(name, std::move(options));
  world.cut(from.machine, host);
  return host.ip();
}

TEST_CASE("an address that never answers costs a quarter of a second, not five") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  const auto dead = dead_end(world, a, "dead");
  world.set_addresses("peer.test", {dead, dead_end(world, a, "dead2"), b.machine.ip()});
  DialTrace trace;
  const Time began = world.now();
  const auto to = addr("/dns4/peer.test/tcp/4001").with_peer(b.host.id());
  REQUIRE(a.wait(world, a.host.connect(to, &trace)));
  CHECK(world.now() - began >= 500ms);
  CHECK(world.now() - began < 750ms);
  CHECK(trace.phase == Phase::done);
  CHECK(trace.took.at(Phase::dial) == Duration(20ms));
}

TEST_CASE("where an address refuses, the next is tried at once") {
  SimWorld world(2);
  Node a(world, 1);
  Node b(world, 2);
  SimHost& shut = world.host("shut");
  world.set_addresses("peer.test", {shut.ip(), b.machine.ip()});
  const Time began = world.now();
  REQUIRE(a.wait(world, a.host.connect(addr("/dns4/peer.test/tcp/4001").with_peer(b.host.id()))));
  CHECK(world.now() - began < 250ms);
}

TEST_CASE("address families take turns, so that one without a route costs one delay") {
  SimWorld world(3);
  Node a(world, 1);
  Node b(world, 2);
  const auto six = [&](const std::string& name) {
    runtime::SimHostOptions options;
    options.addresses.push_back(runtime::IpAddress::parse("fd00::" + name.substr(3)).value());
    return dead_end(world, a, name, std::move(options));
  };
  std::vector<runtime::IpAddress> all;
  for (const char* name : {"six1", "six2", "six3"}) all.push_back(six(name));
  all.push_back(b.machine.ip());
  world.set_addresses("peer.test", std::move(all));
  const Time began = world.now();
  REQUIRE(a.wait(world, a.host.connect(addr("/dns/peer.test/tcp/4001").with_peer(b.host.id()))));
  CHECK(world.now() - began < 500ms);
}

TEST_CASE("of addresses that all lead to the peer one connection remains, and no attempt") {
  SimWorld world(4);
  runtime::SimLink slow;
  slow.latency = 60ms;  // a handshake outlasts the delay between attempts
  world.set_link(slow);
  Node a(world, 1);
  runtime::SimHostOptions options;
  for (const char* ip : {"10.9.0.1", "10.9.0.2", "10.9.0.3"}) {
    options.addresses.push_back(runtime::IpAddress::parse(ip).value());
  }
  SimHost& machine = world.host("many", options);
  Diary diary;
  Host host(machine.runtime(), config_of(2));
  host.add_observer(diary);
  REQUIRE(host.listen(addr("/ip4/0.0.0.0/tcp/4001")));
  std::vector<Multiaddr> addrs;
  for (const auto& ip : options.addresses) {
    addrs.push_back(addr("/ip4/" + ip.text() + "/tcp/4001").with_peer(host.id()));
  }
  REQUIRE(a.wait(world, a.host.connect(addrs)));
  world.run_for(2s);
  CHECK(a.host.connected(host.id()));
  CHECK(host.connected(a.host.id()));
  CHECK(std::ranges::count(diary.lines, "connected in") == 1);
  CHECK_FALSE(diary.has("disconnected closed"));
  const auto failed = std::ranges::count_if(
      diary.lines, [](const std::string& line) { return line.starts_with("failed in "); });
  CHECK(failed >= 1);

  // Given up by its caller, the race leaves nothing half open either.
  host.disconnect(a.host.id());
  world.run_for(2s);
  diary.lines.clear();
  const runtime::Runtime rt = a.machine.runtime();
  CHECK_FALSE(a.wait(
      world, runtime::before(rt.queue, rt.clock, rt.clock.now() + 330ms, a.host.connect(addrs))));
  world.run_for(2s);
  CHECK(a.host.peers().empty());
  CHECK(host.peers().empty());
  CHECK(std::ranges::count_if(diary.lines, [](const std::string& line) {
          return line.starts_with("failed in ");
        }) == 2);
}

TEST_CASE("where none of several addresses answers, each one's fate is told") {
  SimWorld world(5);
  Node a(world, 1);
  SimHost& shut = world.host("shut");
  SimHost& mute = world.host("mute");
  mute.spawn(serve(mute.runtime(), &silent, 1));
  const auto at = [](const runtime::IpAddress& ip) {
    return addr("/ip4/" + ip.text() + "/tcp/7000");
  };
  DialTrace trace;
  std::vector<Multiaddr> addrs(1, at(shut.ip()));
  addrs.push_back(at(mute.ip()));
  addrs.push_back(addr("/dns4/none.test/tcp/7000"));
  const auto peer = a.wait(world, a.host.connect(addrs, &trace));
  REQUIRE_FALSE(peer);
  // Named for the one that came furthest.
  CHECK(peer.error().code == Code::timeout);
  CHECK(trace.phase == Phase::negotiate);
  const std::string line = peer.error().message();
  CHECK(line.find("none of 3 addresses answers") != std::string::npos);
  for (const Multiaddr& each : addrs) CHECK(line.find(each.text() + ": ") != std::string::npos);

  addrs[0] = addrs[0].with_peer(PeerId::of(key_of(7).public_key()));
  const auto several = a.wait(world, a.host.connect(addrs));
  REQUIRE_FALSE(several);
  CHECK(several.error().code == Code::invalid_argument);
  CHECK_FALSE(a.wait(world, a.host.connect(std::vector<Multiaddr>())));
}

TEST_CASE("a dial that its caller gives up leaves nothing half open") {
  SimWorld world(1);
  Node a(world, 1);
  Node b(world, 2);
  const runtime::Runtime rt = a.machine.runtime();
  DialTrace trace;
  const auto cut_off = a.wait(world, runtime::before(rt.queue, rt.clock, rt.clock.now() + 35ms,
                                                     a.host.dial(b.at(), &trace)));
  CHECK_FALSE(cut_off);
  CHECK(trace.phase == Phase::negotiate);
  world.run_for(1s);
  CHECK(b.diary.lines.size() == 1);
  CHECK(b.diary.lines.front().starts_with("failed in "));
  CHECK(a.host.peers().empty());
}

TEST_CASE("connections past the limits are refused") {
  SimWorld world(1);
  HostLimits limits;
  limits.connections = 2;
  limits.connections_per_peer = 1;
  Node server(world, 1, limits);
  Node a(world, 2);
  Node b(world, 3);
  Node c(world, 4);
  REQUIRE(a.wait(world, a.host.connect(server.at())));
  static_cast<void>(a.wait(world, a.host.dial(server.at())));  // a second one of the same peer
  world.run_for(1s);
  REQUIRE(b.wait(world, b.host.connect(server.at())));
  CHECK_FALSE(c.wait(world, c.host.connect(server.at())));
  world.run_for(1s);
  CHECK(server.host.peers().size() == 2);
  const auto out = server.wait(world, server.host.connect(c.at()));
  REQUIRE_FALSE(out);
  CHECK(out.error().code == Code::limit);
}

}  // namespace
}  // namespace p2p::libp2p::testing
