#include "libp2p/probe.h"

#include "libp2p/dnsaddr.h"
#include "libp2p/stranger.h"
#include "unit/libp2p/host_fixture.h"

namespace p2p::libp2p::testing {
namespace {

/// A machine that only asks.
struct Asker {
  explicit Asker(SimWorld& world) : machine(world.host("asker")) {}

  ProbeReport probe(SimWorld& world, Multiaddr to, ProbeOptions options = ProbeOptions()) {
    auto task = libp2p::probe(machine.runtime(), config_of(99), std::move(to), options);
    std::optional<ProbeReport> report;
    REQUIRE(world.run(machine, Node::keep(report, std::move(task)), std::chrono::minutes(5)));
    REQUIRE(report);
    return std::move(*report);
  }

  SimHost& machine;
};

/// A server that sends `greeting` to whoever connects, and nothing more.
Task<void> greet(runtime::Runtime rt, std::uint16_t port, Bytes greeting) {
  runtime::Endpoint at;
  at.ip = runtime::IpAddress::any(false);
  at.port = port;
  auto listener = rt.net.listen(at);
  REQUIRE(listener);
  std::vector<std::unique_ptr<runtime::TcpStream>> held;
  for (;;) {
    auto stream = co_await (*listener)->accept();
    if (!stream) co_return;
    if (!greeting.empty()) {
      auto written = co_await (*stream)->write(greeting);
      if (!written) continue;
    }
    held.push_back(std::move(*stream));
  }
}

void check_failure(const ProbeReport& report, Phase phase, Code code) {
  CHECK(name_of(report.phase) == name_of(phase));
  REQUIRE(report.error);
  CHECK(p2p::name_of(report.error->code) == p2p::name_of(code));
  CHECK_FALSE(report.error->why.empty());
  CHECK_FALSE(report.error->hint.empty());
}

TEST_CASE("probe: a peer is identified and its round trips measured") {
  SimWorld world(1);
  Node peer(world, 1);
  Asker asker(world);
  ProbeOptions options;
  options.pings = 4;
  const ProbeReport report = asker.probe(world, peer.at(), options);
  REQUIRE(report.ok());
  CHECK(report.phase == Phase::done);
  CHECK(report.peer == peer.host.id());
  REQUIRE(report.identity);
  CHECK(report.identity->agent == "test/1");
  REQUIRE(report.identity->observed);
  CHECK(
      report.identity->observed->text().starts_with("/ip4/" + asker.machine.ip().text() + "/tcp/"));
  REQUIRE(report.pings.size() == 4);
  // The simulated network takes 10 ms each way.
  const RoundTrips times(report.pings);
  CHECK(times.least == Duration(20ms));
  CHECK(times.most == Duration(20ms));
  for (const Phase phase :
       {Phase::resolve, Phase::dial, Phase::negotiate, Phase::secure, Phase::identify}) {
    CHECK(report.trace.took.contains(phase));
  }
  CHECK(report.trace.took.at(Phase::dial) == Duration(20ms));
  CHECK(report.total >= Duration(100ms));
}

// It took a second more, and half of one at the program's end.
TEST_CASE("probe: a peer that ignores our farewell does not hold up the answer") {
  SimWorld world(4);
  Node peer(world, 1);
  Asker asker(world);
  ProbeOptions options;
  options.interval = 1s;
  // The second pong has come by then.
  world.at(world.now() + Duration(1500ms), [&] { world.cut(peer.machine, asker.machine); });
  options.pings = 3;
  options.timeout = 3s;
  Time began = world.now();
  const ProbeReport late = asker.probe(world, peer.at(), options);
  CHECK(late.pings.size() == 2);
  CHECK(world.now() <= began + options.timeout + Duration(100ms));

  world.heal();
  world.run_for(120s);
  // All is answered, and then the peer falls silent: its FIN is never seen.
  options.pings = 1;
  began = world.now();
  const Duration known = asker.probe(world, peer.at(), options).total;
  world.run_for(120s);
  began = world.now();
  world.at(began + known + Duration(1ms), [&] { world.cut(peer.machine, asker.machine); });
  const ProbeReport report = asker.probe(world, peer.at(), options);
  CHECK(report.ok());
  CHECK(world.now() <= began + report.total + Duration(100ms));
  CHECK(world.now() > began + report.total + Duration(50ms));
}

TEST_CASE("probe: each failure names its phase, cause and what to try") {
  SimWorld world(2);
  Node peer(world, 1);
  SimHost& stranger = world.host("stranger");
  Asker asker(world);
  const auto at = [&](std::uint16_t port) {
    return addr("/ip4/" + stranger.ip().text() + "/tcp/" + std::to_string(port));
  };

  SUBCASE("nobody listens") {
    check_failure(asker.probe(world, at(1)), Phase::dial, Code::refused);
  }
  SUBCASE("no host") {
    check_failure(asker.probe(world, addr("/ip4/10.99.99.99/tcp/1")), Phase::dial,
                  Code::unreachable);
  }
  SUBCASE("no name") {
    check_failure(asker.probe(world, addr("/dns4/none.test/tcp/1")), Phase::resolve,
                  Code::not_found);
  }
  SUBCASE("no transport of ours") {
    check_failure(asker.probe(world, addr("/ip4/10.0.0.1/udp/1/quic-v1")), Phase::resolve,
                  Code::unsupported);
  }
  SUBCASE("a silent server, until the handshake's time is over") {
    stranger.spawn(greet(stranger.runtime(), 5, Bytes()));
    const ProbeReport report = asker.probe(world, at(5));
    check_failure(report, Phase::negotiate, Code::timeout);
    CHECK(report.total >= Duration(10s));
    CHECK(report.total < Duration(12s));
  }
  SUBCASE("a silent server, until ours is") {
    stranger.spawn(greet(stranger.runtime(), 5, Bytes()));
    ProbeOptions options;
    options.timeout = 2s;
    const ProbeReport report = asker.probe(world, at(5), options);
    check_failure(report, Phase::negotiate, Code::timeout);
    CHECK(report.error->why == "no answer within 2s");
    CHECK(report.total == Duration(2s));
  }
  SUBCASE("another protocol's server") {
    stranger.spawn(greet(stranger.runtime(), 5, to_bytes("SSH-2.0-x\r\n")));
    const ProbeReport report = asker.probe(world, at(5));
    check_failure(report, Phase::negotiate, Code::protocol);
    CHECK(report.error->why.find("an SSH server") != std::string::npos);
  }
  SUBCASE("another peer") {
    const ProbeReport report =
        asker.probe(world, peer.at().with_peer(PeerId::of(key_of(7).public_key())));
    check_failure(report, Phase::secure, Code::mismatch);
    CHECK(report.error->why.find(peer.host.id().text()) != std::string::npos);
  }
  SUBCASE("the peer goes away between pings") {
    ProbeOptions options;
    options.interval = 1s;
    options.pings = 10;
    options.timeout = 5s;
    world.at(world.now() + Duration(2500ms), [&] { world.partition({{&peer.machine}}); });
    const ProbeReport report = asker.probe(world, peer.at(), options);
    check_failure(report, Phase::ping, Code::timeout);
    CHECK(report.pings.size() == 3);
    CHECK(report.error->why == "3 of 10 pings were answered within 5s");
    CHECK(report.identity);
  }
}

TEST_CASE("probe: round trips") {
  const RoundTrips odd({Duration(5), Duration(1), Duration(3)});
  CHECK(odd.least == Duration(1));
  CHECK(odd.median == Duration(3));
  CHECK(odd.most == Duration(5));
  CHECK(RoundTrips({Duration(4), Duration(1), Duration(2), Duration(9)}).median == Duration(3));
  CHECK(RoundTrips({Duration(7)}).median == Duration(7));
}

TEST_CASE("probe: expectations") {
  ProbeReport report(addr("/ip4/1.2.3.4/tcp/1"));
  const auto met = [&report](std::string_view text) {
    const auto expectation = Expectation::parse(text);
    REQUIRE(expectation);
    CHECK(expectation->text() == text);
    return expectation->unmet_by(report).empty();
  };
  const PeerId id = PeerId::of(key_of(1).public_key());
  CHECK_FALSE(met("agent=*"));
  CHECK_FALSE(met("rtt<1h"));
  CHECK_FALSE(met("peer=" + id.text()));
  report.peer = id;
  report.identity.emplace();
  report.identity->agent = "kubo/0.39.0/x";
  report.identity->protocols = {"/a", "/b"};
  report.pings = {Duration(10ms), Duration(60ms), Duration(20ms)};
  CHECK(met("agent=*"));
  CHECK(met("agent=kubo/*"));
  CHECK_FALSE(met("agent=kubo"));
  CHECK(met("protocol=/b"));
  CHECK_FALSE(met("protocol=/c"));
  CHECK(met("peer=" + id.text()));
  CHECK_FALSE(met("peer=" + PeerId::of(key_of(2).public_key()).text()));
  CHECK(met("rtt<21ms"));
  CHECK_FALSE(met("rtt<20ms"));  // less, not equal
  for (const char* bad : {"", "agent", "agent=", "=x", "rtt=5ms", "rtt<5", "rtt<-1ms", "agent<x",
                          "peer=nobody", "color=red"}) {
    CAPTURE(bad);
    CHECK_FALSE(Expectation::parse(bad));
  }
}

TEST_CASE("probe: globs") {
  for (const auto& [pattern, text, match] :
       std::vector<std::tuple<std::string, std::string, bool>>{{"", "", true},
                                                               {"", "a", false},
                                                               {"*", "", true},
                                                               {"a*", "abc", true},
                                                               {"*c", "abc", true},
                                                               {"a*c", "abc", true},
                                                               {"a*d", "abc", false},
                                                               {"?", "a", true},
                                                               {"?", "", false},
                                                               {"a?c", "abc", true},
                                                               {"[a-c]x", "bx", true},
                                                               {"[!a-c]x", "bx", false},
                                                               {"[^a-c]x", "dx", true},
                                                               {"[]]", "]", true},
                                                               {"[!]]", "]", false},
                                                               {"[", "[", true},
                                                               {"[a", "[a", true},
                                                               {"\\*", "*", true},
                                                               {"\\*", "a", false},
                                                               {"\\", "\\", true},
                                                               {"*a*b*", "xxaxxbxx", true},
                                                               {"*a*b*", "xxbxxa", false},
                                                               {"[a-", "[a-", true},
                                                               {"[a-]", "-", true},
                                                               {"**", "x", true},
                                                               {"a**", "a", true}}) {
    CAPTURE(pattern);
    CAPTURE(text);
    CHECK(matches_glob(pattern, text) == match);
  }
  // Patterns that take exponential time elsewhere.
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  CHECK_FALSE(matches_glob(pattern + "b", std::string(3000, 'a')));
}

TEST_CASE("stranger: servers are recognised by what they say first") {
  using namespace std::string_view_literals;
  const auto who = [](std::string_view greeting) { return recognise_stranger(as_bytes(greeting)); };
  CHECK(who("HTTP/1.0 400 Bad Request\r\n") == "an HTTP server");
  CHECK(who("\x15\x03\x01\x00\x02\x02\x46"sv) == "a TLS server");
  CHECK(who("SSH-2.0-OpenSSH_9.2p1\r\n") == "an SSH server");
  CHECK(who("\x13"
            "BitTorrent protocol\0\0"sv) == "a BitTorrent peer");
  CHECK(who("").empty());
  CHECK(who("HTT").empty());
  CHECK(who("\x13/multistream/1.0.0\n").empty());
}

Task<void> expand(runtime::Resolver& resolver, std::string name,
                  std::optional<Result<std::vector<Multiaddr>>>& out) {
  auto expanding = expand_dnsaddr(resolver, std::move(name));
  out.emplace(co_await std::move(expanding));
}

TEST_CASE("dnsaddr: links are followed, to an end") {
  SimWorld world(3);
  SimHost& machine = world.host("asker");
  const std::string one = "/p2p/" + PeerId::of(key_of(1).public_key()).text();
  const std::string two = "/p2p/" + PeerId::of(key_of(2).public_key()).text();
  world.set_txt("_dnsaddr.boot.test",
                {"dnsaddr=/dnsaddr/a.test" + one, "dnsaddr=/dnsaddr/b.test", "spam",
                 "dnsaddr=nonsense", "dnsaddr=/dnsaddr/nowhere.test"});
  world.set_txt("_dnsaddr.a.test",
                {"dnsaddr=/ip4/1.1.1.1/tcp/1" + one, "dnsaddr=/ip4/2.2.2.2/tcp/2" + two,
                 "dnsaddr=/ip6/::1/udp/1/quic-v1" + one});
  world.set_txt("_dnsaddr.b.test", {"dnsaddr=/dns4/host.test/tcp/3" + two,
                                    "dnsaddr=/dnsaddr/boot.test", "dnsaddr=/dnsaddr/b.test"});
  world.set_txt("_dnsaddr.loop.test", {"dnsaddr=/dnsaddr/loop.test"});
  // Each name points to many more, without an end.
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> links;
    for (int j = 1; j <= 20; ++j) {
      links.push_back("dnsaddr=/dnsaddr/" + std::to_string((i * 20 + j) % 300) + ".test");
    }
    world.set_txt("_dnsaddr." + std::to_string(i) + ".test", links);
  }
  const auto found = [&](std::string name) {
    std::optional<Result<std::vector<Multiaddr>>> out;
    REQUIRE(world.run(machine, expand(machine.runtime().net.resolver(), std::move(name), out)));
    return std::move(*out);
  };
  for (const char* name : {"boot.test", "_dnsaddr.boot.test"}) {
    const auto all = found(name);
    REQUIRE(all);
    std::vector<std::string> texts;
    for (const Multiaddr& a : *all) texts.push_back(a.text());
    // A link to one peer does not bring the others that its name has.
    CHECK(texts == std::vector<std::string>{"/ip4/1.1.1.1/tcp/1" + one,
                                            "/ip6/::1/udp/1/quic-v1" + one,
                                            "/dns4/host.test/tcp/3" + two});
  }
  for (const char* name : {"loop.test", "none.test", "0.test"}) {
    const auto none = found(name);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Code::not_found);
  }
}

}  // namespace
}  // namespace p2p::libp2p::testing
