// The simulated world's own promises: one seed, one history; and its faults do what they say.
#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/deadline.h"
#include "unit/runtime/streams.h"

using namespace p2p;
using namespace p2p::runtime;
using namespace p2p::runtime::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPort = 4001;

Endpoint endpoint(const SimHost& host, std::uint16_t port = kPort) {
  Endpoint out;
  out.ip = host.ip();
  out.port = port;
  return out;
}

Task<void> echo_server(Runtime runtime) {
  Endpoint at;
  at.port = kPort;
  auto listener = runtime.net.listen(at);
  NEED(listener);
  TaskGroup group(runtime.queue);
  co_await serve(**listener, group);
}

/// Sends `rounds` messages and counts the echoes; the first error ends it.
struct Visit {
  int echoes = 0;
  std::optional<Error> error;
  Time ended{};
};

Task<void> visitor(Runtime runtime, Endpoint to, int rounds, Duration pause, Visit& out) {
  auto connected = co_await runtime.net.connect(to);
  if (!connected) {
    out.error = connected.error();
    out.ended = runtime.clock.now();
    co_return;
  }
  auto& stream = **connected;
  for (int i = 0; i < rounds && !out.error; ++i) {
    const auto written = co_await stream.write(runtime.random.bytes(100));
    if (!written) out.error = written.error();
    std::size_t got = 0;
    while (written && got < 100 && !out.error) {
      const auto bytes = co_await stream.read();
      if (!bytes) {
        out.error = bytes.error();
      } else if (bytes->empty()) {
        out.error = Error(Code::closed, "end");
      } else {
        got += bytes->size();
      }
    }
    if (got == 100) ++out.echoes;
    co_await sleep_for(runtime.clock, pause);
  }
  out.ended = runtime.clock.now();
}

/// A busy world with every fault; returns its trace.
std::uint64_t storm(std::uint64_t seed, std::string* log = nullptr) {
  SimWorld world(seed);
  if (log) {
    world.log_to([log](const std::string& line) { *log += line + '\n'; });
  }
  SimLink link;
  link.latency = 20ms;
  link.jitter = 30ms;
  link.loss = 0.05;
  link.duplicate = 0.05;
  link.reset = 0.001;
  link.bytes_per_second = 1'000'000;
  world.set_link(link);
  std::vector<SimHost*> hosts;
  std::vector<Visit> visits(10);
  for (int i = 0; i < 10; ++i) {
    SimHostOptions options;
    options.drift_ppm = i * 10 - 50;
    hosts.push_back(&world.host("host" + std::to_string(i), options));
    hosts.back()->run(echo_server);
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i]->spawn(visitor(hosts[i]->runtime(), endpoint(*hosts[(i + 3) % hosts.size()]), 200,
                            100ms, visits[i]));
  }
  for (int i = 0; i < 20; ++i) {
    world.run_for(Duration(static_cast<std::int64_t>(world.random().below(2'000'000))));
    SimHost& host = *hosts[static_cast<std::size_t>(world.random().below(hosts.size()))];
    switch (world.random().below(4)) {
      case 0:
        host.crash();
        break;
      case 1:
        host.restart();
        break;
      case 2:
        world.partition({{hosts.begin(), hosts.begin() + 5}});
        break;
      default:
        world.heal();
        break;
    }
  }
  world.heal();
  world.run_for(10s);
  return world.trace();
}

}  // namespace

TEST_CASE("the same seed gives the same history, another seed another") {
  std::string first;
  std::string second;
  CHECK(storm(1, &first) == storm(1, &second));
  CHECK(first == second);
  CHECK(std::count(first.begin(), first.end(), '\n') > 1000);
  CHECK(storm(1) == storm(1));
  CHECK(storm(1) != storm(2));
  for (std::uint64_t seed = 3; seed < 10; ++seed) {
    CAPTURE(seed);
    CHECK(storm(seed) == storm(seed));
  }
}

TEST_CASE("latency is what the link says") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  SimLink link;
  link.latency = 50ms;
  world.set_link(a, b, link);
  b.run(echo_server);
  Visit visit;
  const Time start = world.now();
  CHECK(world.run(a, visitor(a.runtime(), endpoint(b), 10, 0s, visit)));
  CHECK(visit.echoes == 10);
  CHECK(visit.ended - start == 1100ms);  // the handshake's round trip and ten more
}

TEST_CASE("bandwidth delays what is large") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  SimLink link;
  link.latency = 1ms;
  link.bytes_per_second = 1'000'000;
  world.set_link(link);
  struct Play {
    static Task<void> sink(Runtime runtime, Received& out, Time& ended) {
      Endpoint at;
      at.port = kPort;
      auto listener = runtime.net.listen(at);
      NEED(listener);
      auto stream = co_await (*listener)->accept();
      NEED(stream);
      co_await read_all(**stream, out);
      ended = runtime.clock.now();
    }
    static Task<void> source(Runtime runtime, Endpoint to) {
      auto stream = co_await runtime.net.connect(to);
      NEED(stream);
      std::size_t done = 0;
      co_await write_pattern(**stream, 5'000'000, 100'000, done);
    }
  };
  Received received;
  Time ended{};
  const Time start = world.now();
  b.spawn(Play::sink(b.runtime(), received, ended));
  a.spawn(Play::source(a.runtime(), endpoint(b)));
  world.run_for(60s);
  CHECK(received.size == 5'000'000);
  CHECK(received.right);
  CHECK(received.ended);
  CHECK(ended - start > 5s);
  CHECK(ended - start < 5100ms);
}

TEST_CASE("loss delays TCP and loses nothing") {
  SimWorld world(7);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  SimLink link;
  link.loss = 0.2;
  world.set_link(link);
  b.run(echo_server);
  Visit visit;
  const Time start = world.now();
  CHECK(world.run(a, visitor(a.runtime(), endpoint(b), 100, 0s, visit)));
  CHECK(visit.echoes == 100);
  CHECK(visit.ended - start > 5s);  // 100 round trips of 20 ms and some forty retransmissions
}

TEST_CASE("a short partition delays, a long one times out") {
  for (const bool brief : {true, false}) {
    SimWorld world(1);
    SimHost& a = world.host("a");
    SimHost& b = world.host("b");
    b.run(echo_server);
    Visit visit;
    a.spawn(visitor(a.runtime(), endpoint(b), 100, 100ms, visit));
    world.run_for(3s);
    const int earlier = visit.echoes;
    CHECK(earlier > 10);
    world.partition({{&a}, {&b}});
    world.run_for(20s);
    CHECK(visit.echoes <= earlier + 1);
    if (brief) world.heal();
    world.run_for(200s);
    if (brief) {
      CHECK(visit.echoes == 100);
      CHECK_FALSE(visit.error);
    } else {
      REQUIRE(visit.error);
      CHECK(visit.error->code == Code::timeout);
    }
  }
}

TEST_CASE("a one-way cut stops one direction") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  struct Play {
    static Task<void> count(UdpSocket& socket, int& got) {
      while (true) {
        const auto datagram = co_await socket.receive();
        if (!datagram) co_return;
        ++got;
      }
    }
  };
  Endpoint any;
  auto at_a = a.runtime().net.udp(any, UdpOptions());
  auto at_b = b.runtime().net.udp(any, UdpOptions());
  REQUIRE(at_a);
  REQUIRE(at_b);
  int got_a = 0;
  int got_b = 0;
  a.spawn(Play::count(**at_a, got_a));
  b.spawn(Play::count(**at_b, got_b));
  const auto exchange = [&] {
    CHECK((*at_a)->send(endpoint(b, (*at_b)->local().port), to_bytes("a")));
    CHECK((*at_b)->send(endpoint(a, (*at_a)->local().port), to_bytes("b")));
    world.run_for(1s);
  };
  exchange();
  CHECK(got_a == 1);
  CHECK(got_b == 1);
  world.cut(a, b);
  exchange();
  CHECK(got_a == 2);
  CHECK(got_b == 1);
  world.mend(a, b);
  exchange();
  CHECK(got_b == 2);

  SUBCASE("loss and duplicates") {
    SimLink link;
    link.loss = 0.3;
    world.set_link(link);
    got_b = 0;
    for (int i = 0; i < 200; ++i) exchange();
    CHECK(got_b > 100);
    CHECK(got_b < 180);
    link.loss = 0;
    link.duplicate = 0.5;
    world.set_link(link);
    got_b = 0;
    for (int i = 0; i < 200; ++i) exchange();
    CHECK(got_b > 250);
    CHECK(got_b < 350);
    link.duplicate = 0;
    world.set_link(link);
    a.set_send_refusal(1);
    got_b = 0;
    exchange();  // refused by the host's own firewall, and no error
    CHECK(got_b == 0);
  }
}

TEST_CASE("jitter lets datagrams overtake each other") {
  SimWorld world(3);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  SimLink link;
  link.jitter = 50ms;
  world.set_link(link);
  struct Play {
    static Task<void> collect(UdpSocket& socket, Bytes& order) {
      while (true) {
        const auto datagram = co_await socket.receive();
        if (!datagram) co_return;
        order.push_back(datagram->data.at(0));
      }
    }
  };
  Endpoint any;
  auto from = a.runtime().net.udp(any, UdpOptions());
  auto to = b.runtime().net.udp(any, UdpOptions());
  REQUIRE(from);
  REQUIRE(to);
  Bytes order;
  b.spawn(Play::collect(**to, order));
  for (std::uint8_t i = 0; i < 50; ++i) {
    CHECK((*from)->send(endpoint(b, (*to)->local().port), ByteView(&i, 1)));
  }
  world.run_for(1s);
  CHECK(order.size() == 50);
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("multicast reaches every joined host but not across a partition") {
  SimWorld world(1);
  const auto group = IpAddress::v4(224, 0, 0, 251);
  struct Play {
    static Task<void> listen(Runtime runtime, IpAddress to, int& got) {
      Endpoint at;
      at.port = 5353;
      UdpOptions options;
      options.reuse_address = true;
      auto socket = runtime.net.udp(at, options);
      NEED(socket);
      NEED((*socket)->join(to, IpAddress::any(false)));
      while (true) {
        const auto datagram = co_await (*socket)->receive();
        if (!datagram) co_return;
        ++got;
      }
    }
  };
  std::vector<SimHost*> hosts;
  std::vector<int> got(5);
  for (std::size_t i = 0; i < 5; ++i) {
    hosts.push_back(&world.host("h" + std::to_string(i)));
    hosts[i]->spawn(Play::listen(hosts[i]->runtime(), group, got[i]));
  }
  world.run_for(1s);
  Endpoint any;
  auto sender = hosts[0]->runtime().net.udp(any, UdpOptions());
  REQUIRE(sender);
  Endpoint to;
  to.ip = group;
  to.port = 5353;
  CHECK((*sender)->send(to, to_bytes("hello")));
  world.run_for(1s);
  CHECK(got == std::vector<int>{1, 1, 1, 1, 1});
  world.partition({{hosts[0], hosts[1]}});
  CHECK((*sender)->send(to, to_bytes("hello")));
  world.run_for(1s);
  CHECK(got == std::vector<int>{2, 2, 1, 1, 1});
}

TEST_CASE("a crashed host is silent, and resets old connections once it is back") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  b.run(echo_server);
  Visit first;
  a.spawn(visitor(a.runtime(), endpoint(b), 1000, 100ms, first));
  world.run_for(3s);
  CHECK(b.tasks() == 1);
  b.crash();
  CHECK_FALSE(b.up());
  CHECK(b.tasks() == 0);
  const int echoes = first.echoes;
  world.run_for(5s);
  CHECK(first.echoes <= echoes + 1);
  CHECK_FALSE(first.error);  // nothing was said
  Visit second;
  a.spawn(visitor(a.runtime(), endpoint(b), 10, 100ms, second));  // its SYNs go unanswered
  world.run_for(2s);
  CHECK_FALSE(second.error);
  b.restart();
  world.run_for(20s);
  REQUIRE(first.error);
  CHECK(first.error->code == Code::reset);
  CHECK(second.echoes == 10);  // a SYN sent again found the host back

  b.crash();
  Visit third;
  a.spawn(visitor(a.runtime(), endpoint(b), 10, 100ms, third));
  world.run_for(100s);
  REQUIRE(third.error);
  CHECK(third.error->code == Code::timeout);
}

TEST_CASE("what others hold of a crashed host fails") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  auto listener = a.runtime().net.listen(endpoint(a));
  auto socket = a.runtime().net.udp(endpoint(a), UdpOptions());
  REQUIRE(listener);
  REQUIRE(socket);
  a.crash();
  CHECK_FALSE(a.runtime().net.listen(endpoint(a)));
  CHECK_FALSE((*socket)->send(endpoint(a), to_bytes("x")));
  a.restart();
  CHECK(a.runtime().net.listen(endpoint(a)));
}

TEST_CASE("clocks drift and step apart") {
  SimWorld world(1);
  SimHostOptions fast;
  fast.drift_ppm = 1000;
  fast.wall_offset = -2h;
  SimHost& a = world.host("a", fast);
  SimHost& b = world.host("b");
  const auto a0 = a.runtime().clock.now();
  const auto b0 = b.runtime().clock.now();
  CHECK(b.runtime().clock.wall() - a.runtime().clock.wall() > 1h);
  world.run_for(1000s);
  CHECK(b.runtime().clock.now() - b0 == 1000s);
  CHECK(a.runtime().clock.now() - a0 == 1001s);
  struct Play {
    static Task<void> sleep(Clock& clock, Duration time, bool& right) {
      const auto begun = clock.now();
      co_await sleep_for(clock, time);
      right = clock.now() >= begun + time && clock.now() <= begun + time + 1us;
    }
  };
  bool right = false;
  const Time start = world.now();
  CHECK(world.run(a, Play::sleep(a.runtime().clock, 1001s, right)));
  CHECK(right);
  CHECK(world.now() - start <= 1000s + 1us);
  const auto wall = a.runtime().clock.wall();
  a.set_wall_offset(0s);
  CHECK(a.runtime().clock.wall() - wall == 2h);
}

TEST_CASE("a host that runs out of sockets recovers when some are closed") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  b.set_most_sockets(3);  // the listener and two connections
  b.run(echo_server);
  std::vector<Visit> visits(6);
  for (auto& visit : visits) a.spawn(visitor(a.runtime(), endpoint(b), 5, 10ms, visit));
  world.run_for(60s);
  for (const auto& visit : visits) CHECK(visit.echoes == 5);
  a.set_most_sockets(0);
  Visit none;
  CHECK(world.run(a, visitor(a.runtime(), endpoint(b), 5, 10ms, none)));
  REQUIRE(none.error);
  CHECK(none.error->code == Code::limit);
  a.set_most_sockets(10);
  a.set_connect_refusal(1);
  none = Visit();
  CHECK(world.run(a, visitor(a.runtime(), endpoint(b), 5, 10ms, none)));
  REQUIRE(none.error);
  CHECK(none.error->code == Code::permission);
}

TEST_CASE("unknown addresses and closed ports") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  SimHost& b = world.host("b");
  Visit visit;
  CHECK(world.run(a, visitor(a.runtime(), endpoint(b), 1, 0s, visit)));
  CHECK(visit.error->code == Code::refused);
  Endpoint nowhere;
  nowhere.ip = IpAddress::v4(203, 0, 113, 9);
  nowhere.port = 1;
  visit = Visit();
  CHECK(world.run(a, visitor(a.runtime(), nowhere, 1, 0s, visit)));
  CHECK(visit.error->code == Code::unreachable);
}

TEST_CASE("the world's names") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  world.set_addresses("seed.example", {a.ip()});
  world.set_txt("_dnsaddr.example", {"dnsaddr=/ip4/10.0.0.1"});
  struct Play {
    static Task<void> ask(Runtime runtime, IpAddress expected) {
      auto& resolver = runtime.net.resolver();
      const auto found = co_await resolver.addresses("seed.example", Resolver::Family::any);
      NEED(found);
      CHECK((found->at(0) == expected));
      const auto six = co_await resolver.addresses("seed.example", Resolver::Family::v6);
      NEED(!six);
      CHECK(six.error().code == Code::not_found);
      const auto texts = co_await resolver.txt("_dnsaddr.example");
      NEED(texts);
      CHECK(texts->at(0) == "dnsaddr=/ip4/10.0.0.1");
      const auto none = co_await resolver.txt("other.example");
      NEED(!none);
      CHECK(none.error().code == Code::not_found);
    }
  };
  CHECK(world.run(a, Play::ask(a.runtime(), a.ip())));
}

TEST_CASE("hosts' randomness depends on the seed and their name only") {
  SimWorld one(5);
  SimWorld two(5);
  SimWorld three(6);
  one.host("x");
  SimHost& a1 = one.host("a");
  SimHost& a2 = two.host("a");
  SimHost& b2 = two.host("b");
  SimHost& a3 = three.host("a");
  const auto draw = [](SimHost& host) { return host.runtime().random.u64(); };
  const auto value = draw(a1);
  CHECK(value == draw(a2));
  CHECK(value != draw(b2));
  CHECK(value != draw(a3));
}

TEST_CASE("nothing left to happen is told apart from a limit") {
  SimWorld world(1);
  SimHost& a = world.host("a");
  CHECK(world.run_until_idle());
  int called = 0;
  world.at(world.now() + 5s, [&called] { ++called; });
  world.run_for(4s);
  CHECK(called == 0);
  CHECK_FALSE(world.run_until_idle(500ms));
  CHECK(world.run_until_idle());
  CHECK(called == 1);
  WaitList never;
  struct Play {
    static Task<void> wait(WaitList& list) { co_await list.wait(); }
  };
  CHECK_FALSE(world.run(a, Play::wait(never)));
}
