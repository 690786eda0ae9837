#include "libp2p/host.h"

#include <deque>

#include "libp2p/probe.h"
#include "unit/libp2p/host_fixture.h"

namespace p2p::libp2p::testing {
namespace {

Task<void> echo(std::unique_ptr<Stream> stream) {
  for (;;) {
    auto data = co_await stream->read(65536);
    if (!data) co_return;
    if (data->empty()) break;
    auto written = co_await stream->write(std::move(*data));
    if (!written) co_return;
  }
  stream->close_write();
}

/// Everything until the end of the stream.
Task<Result<Bytes>> read_all(Stream& stream) {
  Bytes all;
  for (;;) {
    auto more = co_await stream.read(100000);
    if (!more) co_return fail(std::move(more).error());
    if (more->empty()) co_return all;
    append(all, *more);
  }
}

struct Received {
  std::optional<Result<Bytes>> all;
};

Task<void> collect(Received& received, std::unique_ptr<Stream> stream) {
  auto reading = read_all(*stream);
  received.all.emplace(co_await std::move(reading));
  stream->close_write();
}

Bytes pattern(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 131 >> 3);
  return data;
}

Task<Result<Bytes>> exchange(Host& host, PeerId peer, std::vector<std::string> protocols,
                             Bytes data) {
  auto opening = host.open(std::move(peer), std::move(protocols));
  auto stream = co_await std::move(opening);
  if (!stream) co_return fail(std::move(stream).error());
  // Both directions at once: more than the windows hold would block an echo otherwise.
  runtime::TaskGroup group(host.runtime().queue);
  Received received;
  struct Write {
    static Task<void> run(Stream& stream, Bytes data) {
      auto written = co_await stream.write(std::move(data));
      if (written) stream.close_write();
    }
  };
  group.spawn(Write::run(**stream, std::move(data)));
  auto reading = read_all(**stream);
  auto all = co_await std::move(reading);
  co_await group.join();
  co_return all;
}

/// Opens, writes, ends its side and lets go.
Task<Result<void>> shout(Host& host, PeerId peer, std::string protocol, Bytes data) {
  auto opening = host.open(std::move(peer), std::vector<std::string>(1, std::move(protocol)));
  auto stream = co_await std::move(opening);
  if (!stream) co_return fail(std::move(stream).error());
  auto written = co_await (*stream)->write(std::move(data));
  (*stream)->close_write();
  co_return written;
}

struct Pair {
  explicit Pair(std::uint64_t seed = 1) : world(seed), a(world, 1), b(world, 2) {}
  void connect() {
    REQUIRE(a.wait(world, a.host.connect(b.at())));
    world.run_for(1s);
    REQUIRE(a.host.known_identity(b.host.id()));
    REQUIRE(b.host.known_identity(a.host.id()));
  }
  SimWorld world;
  Node a;
  Node b;
};

TEST_CASE("two hosts connect, identify each other and ping") {
  Pair p;
  DialTrace trace;
  const auto peer = p.a.wait(p.world, p.a.host.connect(p.b.at(), &trace));
  REQUIRE(peer);
  CHECK(*peer == p.b.host.id());
  // Links of 10 ms: a round trip each for TCP, multistream and Noise, none for the muxer.
  CHECK(trace.phase == Phase::done);
  CHECK(trace.took.at(Phase::dial) == 20ms);
  CHECK(trace.took.at(Phase::negotiate) == 20ms);
  CHECK(trace.took.at(Phase::secure) == 20ms);
  CHECK(trace.took.at(Phase::multiplex) == 0ms);
  CHECK(trace.security == "/noise");
  CHECK(trace.muxer == "/yamux/1.0.0");
  CHECK(trace.early_muxer);
  CHECK(trace.address == p.b.at().without_peer().text());

  const auto identity = p.a.wait(p.world, p.a.host.identity_of(*peer));
  REQUIRE(identity);
  CHECK(identity->agent == "test/2");
  CHECK(identity->protocol_version == "ipfs/0.1.0");
  CHECK(identity->protocols ==
        std::vector<std::string>{"/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"});
  CHECK(identity->signed_record);
  CHECK(identity->listen_addrs == std::vector<Multiaddr>{p.b.at().without_peer()});
  REQUIRE(identity->observed);
  CHECK(identity->observed->text().starts_with("/ip4/" + p.a.machine.ip().text() + "/tcp/"));
  CHECK(p.b.wait(p.world, p.b.host.identity_of(p.a.host.id()))->agent == "test/1");

  Pinger pinger(p.a.host, *peer);
  for (int i = 0; i < 3; ++i) {
    const auto rtt = p.a.wait(p.world, pinger.ping());
    REQUIRE(rtt);
    CHECK(*rtt == 20ms);
  }
  CHECK(p.a.diary.lines == std::vector<std::string>{"connected out", "identified"});
  CHECK(p.b.diary.lines == std::vector<std::string>{"connected in", "identified"});
}

TEST_CASE("a host says which version it is, unless it is told what to say") {
  const std::string agent = HostConfig(key_of(1)).agent;
  CHECK(matches_glob("p2p-utils/[0-9]*.[0-9]*.[0-9]*", agent));
  CHECK(config_of(1).agent == "test/1");
}

TEST_CASE("data passes unchanged in both directions, far past the windows") {
  Pair p;
  p.b.host.handle("/echo", &echo);
  p.connect();
  const Bytes data = pattern(3'000'000);
  const auto echoed = p.a.wait(p.world, exchange(p.a.host, p.b.host.id(), {"/echo"}, data));
  REQUIRE(echoed);
  CHECK(*echoed == data);
}

TEST_CASE("who accepted the connection opens streams too") {
  Pair p;
  p.a.host.handle("/echo", &echo);
  p.connect();
  const auto echoed = p.b.wait(p.world, exchange(p.b.host, p.a.host.id(), {"/echo"}, pattern(9)));
  REQUIRE(echoed);
  CHECK(*echoed == pattern(9));
}

TEST_CASE("what was written before a stream was let go still arrives") {
  Pair p;
  Received received;
  p.b.host.handle("/sink", [&received](std::unique_ptr<Stream> stream) {
    return collect(received, std::move(stream));
  });
  p.connect();
  REQUIRE(p.a.wait(p.world, shout(p.a.host, p.b.host.id(), "/sink", pattern(700'000))));
  p.world.run_for(5s);
  REQUIRE(received.all);
  REQUIRE(*received.all);
  CHECK(**received.all == pattern(700'000));
}

TEST_CASE("a stream let go without closing it is reset") {
  Pair p;
  Received received;
  p.b.host.handle("/sink", [&received](std::unique_ptr<Stream> stream) {
    return collect(received, std::move(stream));
  });
  p.connect();
  auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/sink"}));
  REQUIRE(stream);
  REQUIRE(p.a.wait(p.world, (*stream)->write(pattern(10))));
  stream->reset();
  p.world.run_for(1s);
  REQUIRE(received.all);
  REQUIRE_FALSE(*received.all);
  CHECK(received.all->error().code == Code::reset);
}

TEST_CASE("a protocol that the peer lacks") {
  Pair p;
  p.connect();
  SUBCASE("asked for lazily, is noticed by the reader") {
    const auto got = p.a.wait(p.world, exchange(p.a.host, p.b.host.id(), {"/none"}, pattern(10)));
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::unsupported);
  }
  SUBCASE("and by who only writes") {
    auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/none"}));
    REQUIRE(stream);
    REQUIRE(p.a.wait(p.world, (*stream)->write(pattern(10))));
    p.world.run_for(1s);
    const auto again = p.a.wait(p.world, (*stream)->write(pattern(10)));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Code::unsupported);
  }
  SUBCASE("among others that it lacks too") {
    const auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/x", "/y"}));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().code == Code::unsupported);
  }
}

TEST_CASE("of several protocols the first that the peer has is spoken") {
  Pair p;
  p.b.host.handle("/two", &echo);
  p.b.host.handle("/three", &echo);
  SUBCASE("known from identify: without a round trip") {
    p.connect();
    const Time before = p.world.now();
    const auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/one", "/two", "/three"}));
    REQUIRE(stream);
    CHECK((*stream)->protocol() == "/two");
    CHECK(p.world.now() == before);
  }
  SUBCASE("not known yet: negotiated") {
    REQUIRE(p.a.wait(p.world, p.a.host.connect(p.b.at())));
    REQUIRE_FALSE(p.a.host.known_identity(p.b.host.id()));
    const auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/one", "/two", "/three"}));
    REQUIRE(stream);
    CHECK((*stream)->protocol() == "/two");
  }
}

TEST_CASE("a protocol served later is pushed, and one no longer served") {
  Pair p;
  p.connect();
  p.b.host.handle("/late", &echo);
  p.world.run_for(1s);
  CHECK(std::ranges::count(p.a.diary.protocols, "/late") == 1);
  p.b.host.unhandle("/late");
  p.world.run_for(1s);
  CHECK(std::ranges::count(p.a.diary.protocols, "/late") == 0);
}

TEST_CASE("unhandle ends the calls that are under way") {
  Pair p;
  Received received;
  p.b.host.handle("/sink", [&received](std::unique_ptr<Stream> stream) {
    return collect(received, std::move(stream));
  });
  p.connect();
  auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/sink"}));
  REQUIRE(stream);
  REQUIRE(p.a.wait(p.world, (*stream)->write(pattern(10))));
  p.world.run_for(1s);
  p.b.host.unhandle("/sink");
  p.world.run_for(1s);
  CHECK_FALSE(received.all);
  const auto read = p.a.wait(p.world, (*stream)->read(1));
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Code::reset);
}

TEST_CASE("closing takes leave: the last words arrive and both sides know that it was in order") {
  Pair p;
  Received received;
  p.b.host.handle("/sink", [&received](std::unique_ptr<Stream> stream) {
    return collect(received, std::move(stream));
  });
  p.connect();
  REQUIRE(p.a.wait(p.world, shout(p.a.host, p.b.host.id(), "/sink", pattern(100'000))));
  REQUIRE(p.world.run(p.a.machine, p.a.host.close()));
  p.world.run_for(1s);
  REQUIRE(received.all);
  REQUIRE(*received.all);
  CHECK((*received.all)->size() == 100'000);
  CHECK(p.a.host.peers().empty());
  CHECK(p.b.host.peers().empty());
  CHECK(p.a.diary.lines.back() == "disconnected closed");
  CHECK(p.b.diary.lines.back() == "disconnected closed");
}

// A connection that was being dialed stood up after the leave, or kept it from its end.
TEST_CASE("closing ends dials that are under way, and takes no longer for them") {
  for (const bool other : {false, true}) {
    for (const Duration begun : {Duration(5ms), Duration(15ms), Duration(25ms), Duration(45ms)}) {
      Pair p;
      Node c(p.world, 3);
      if (other) {
        runtime::SimLink slow;
        slow.latency = 300ms;
        p.world.set_link(p.a.machine, c.machine, slow);
        REQUIRE(p.a.wait(p.world, p.a.host.connect(c.at())));
      }
      std::optional<Result<PeerId>> dialed;
      p.a.machine.spawn(Node::keep(dialed, p.a.host.connect(p.b.at())));
      p.world.run_for(begun);
      CHECK(p.world.run(p.a.machine, p.a.host.close(), 2s));
      p.world.run_for(2s);
      CHECK(p.a.host.peers().empty());
      REQUIRE(dialed);
      CHECK_FALSE(*dialed);
      CHECK_FALSE(p.a.wait(p.world, p.a.host.connect(p.b.at())));
    }
  }
}

/// A connection whose bytes the test holds back, and that it can break.
struct Gate {
  bool held = false;
  bool broken = false;
  runtime::WaitList changed;
};

class GatedStream final : public runtime::TcpStream {
 public:
  GatedStream(std::unique_ptr<runtime::TcpStream> inner, Gate& gate)
      : inner_(std::move(inner)), gate_(gate) {}
  Task<Result<ByteView>> read() override {
    auto got = co_await inner_->read();
    while (gate_.held) co_await gate_.changed.wait();
    if (gate_.broken) co_return fail(Code::reset, "broken by the test");
    co_return got;
  }
  Task<Result<void>> write(Bytes data) override { return inner_->write(std::move(data)); }
  void shutdown() override { inner_->shutdown(); }
  void close(bool reset) override { inner_->close(reset); }
  runtime::Endpoint local() const override { return inner_->local(); }
  runtime::Endpoint remote() const override { return inner_->remote(); }

 private:
  std::unique_ptr<runtime::TcpStream> inner_;
  Gate& gate_;
};

/// Accepts connections, each through the next of some gates.
class GatedListener final : public runtime::TcpListener {
 public:
  GatedListener(std::unique_ptr<runtime::TcpListener> inner, std::deque<Gate>& gates)
      : inner_(std::move(inner)), gates_(gates) {}
  Task<Result<std::unique_ptr<runtime::TcpStream>>> accept() override {
    auto stream = co_await inner_->accept();
    if (!stream) co_return fail(std::move(stream).error());
    co_return std::make_unique<GatedStream>(std::move(*stream), gates_.emplace_back());
  }
  runtime::Endpoint local() const override { return inner_->local(); }

 private:
  std::unique_ptr<runtime::TcpListener> inner_;
  std::deque<Gate>& gates_;
};

class GatedNet final : public runtime::Net {
 public:
  explicit GatedNet(runtime::Net& inner) : inner_(inner) {}
  Task<Result<std::unique_ptr<runtime::TcpStream>>> connect(runtime::Endpoint to) override {
    return inner_.connect(to);
  }
  Result<std::unique_ptr<runtime::TcpListener>> listen(const runtime::Endpoint& at) override {
    P2P_TRY(auto listener, inner_.listen(at));
    return std::make_unique<GatedListener>(std::move(listener), gates);
  }
  Result<std::unique_ptr<runtime::UdpSocket>> udp(const runtime::Endpoint& at,
                                                  const runtime::UdpOptions& options) override {
    return inner_.udp(at, options);
  }
  Result<std::vector<runtime::Interface>> interfaces() override { return inner_.interfaces(); }
  runtime::Resolver& resolver() override { return inner_.resolver(); }
  Result<std::unique_ptr<runtime::TcpListener>> listen_local(const std::string& path) override {
    return inner_.listen_local(path);
  }
  Task<Result<std::unique_ptr<runtime::TcpStream>>> connect_local(std::string path) override {
    return inner_.connect_local(std::move(path));
  }

  std::deque<Gate> gates;  ///< of the accepted connections, in order

 private:
  runtime::Net& inner_;
};

// The identify of a connection that had ended counted as the end of its successor's.
TEST_CASE("a peer that reconnects in one moment is identified on its new connection") {
  SimWorld world(1);
  SimHost& machine = world.host("gated");
  const runtime::Runtime outer = machine.runtime();
  GatedNet net(outer.net);
  Host host(runtime::Runtime{outer.queue, outer.clock, outer.random, net, outer.workers},
            config_of(1));
  REQUIRE(host.listen(addr("/ip4/0.0.0.0/tcp/4001")));
  const Multiaddr at = addr("/ip4/" + machine.ip().text() + "/tcp/4001").with_peer(host.id());
  Node peer(world, 2);

  // Links of 10 ms: the third message of Noise, which ends the opening, arrives after 70 ms.
  std::optional<Result<PeerId>> first;
  std::optional<Result<PeerId>> second;
  peer.machine.spawn(Node::keep(first, peer.host.dial(at)));
  world.run_for(75ms);
  REQUIRE(net.gates.size() == 1);
  net.gates[0].held = true;  // so that identify gets no answer
  peer.machine.spawn(Node::keep(second, peer.host.dial(at)));
  world.run_for(65ms);
  REQUIRE(net.gates.size() == 2);
  net.gates[1].held = true;
  world.run_for(20ms);
  REQUIRE(host.connected(peer.host.id()));

  net.gates[0].held = net.gates[1].held = false;
  net.gates[0].broken = true;
  net.gates[0].changed.wake_all();
  net.gates[1].changed.wake_all();
  std::optional<Result<Identity>> identity;
  machine.spawn(Node::keep(identity, host.identity_of(peer.host.id())));
  world.run_for(5s);
  REQUIRE(identity);
  REQUIRE(*identity);
  CHECK((*identity)->agent == "test/2");
}

TEST_CASE("who leaves before it has identified itself: the cause is why it left") {
  Pair p;
  struct Silent {
    static Task<void> serve(std::unique_ptr<Stream> stream) {
      runtime::WaitList never;
      while (stream) co_await never.wait();
    }
  };
  p.b.host.handle("/ipfs/id/1.0.0", &Silent::serve);
  REQUIRE(p.a.wait(p.world, p.a.host.connect(p.b.at())));
  std::optional<Result<Identity>> identity;
  p.a.machine.spawn(Node::keep(identity, p.a.host.identity_of(p.b.host.id())));
  p.world.run_for(1s);
  REQUIRE_FALSE(identity);
  p.b.host.disconnect(p.a.host.id());
  p.world.run_for(2s);
  REQUIRE(identity);
  REQUIRE_FALSE(*identity);
  CHECK(identity->error().code == Code::closed);
  CHECK(identity->error().why == "the peer closed the connection");
}

TEST_CASE("a peer that is disconnected can be connected again") {
  Pair p;
  p.connect();
  p.a.host.disconnect(p.b.host.id());
  CHECK_FALSE(p.a.host.connected(p.b.host.id()));
  p.world.run_for(2s);
  CHECK(p.a.diary.has("disconnected closed"));
  CHECK(p.b.diary.has("disconnected closed"));
  p.connect();
}

TEST_CASE("a stream that outlives its connection fails, after what had arrived was read") {
  Pair p;
  p.b.host.handle("/echo", &echo);
  p.connect();
  auto stream = p.a.wait(p.world, p.a.host.open(p.b.host.id(), {"/echo"}));
  REQUIRE(stream);
  REQUIRE(p.a.wait(p.world, (*stream)->write(pattern(10))));
  p.world.run_for(1s);
  p.a.host.ban(p.b.host.id());
  const auto got = p.a.wait(p.world, (*stream)->read(100));
  REQUIRE(got);
  CHECK(*got == pattern(10));
  CHECK_FALSE(p.a.wait(p.world, (*stream)->read(100)));
  CHECK_FALSE(p.a.wait(p.world, (*stream)->write(pattern(1))));
}

TEST_CASE("a banned peer is refused both ways") {
  Pair p;
  p.connect();
  p.a.host.ban(p.b.host.id());
  p.world.run_for(1s);
  CHECK(p.a.host.peers().empty());
  const auto out = p.a.wait(p.world, p.a.host.connect(p.b.at()));
  REQUIRE_FALSE(out);
  CHECK(out.error().code == Code::permission);
  static_cast<void>(p.b.wait(p.world, p.b.host.connect(p.a.at())));
  p.world.run_for(1s);
  CHECK(p.a.host.peers().empty());
  CHECK(p.b.host.peers().empty());
}

TEST_CASE("two tasks that connect to one peer share the connection") {
  Pair p;
  std::optional<Result<PeerId>> first;
  std::optional<Result<PeerId>> second;
  p.a.machine.spawn(Node::keep(first, p.a.host.connect(p.b.at())));
  p.a.machine.spawn(Node::keep(second, p.a.host.connect(p.b.at())));
  p.world.run_for(5s);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first);
  CHECK(*second);
  CHECK(std::ranges::count(p.b.diary.lines, "identified") == 1);
}

TEST_CASE("peers that dial each other at the same time end up connected") {
  Pair p;
  std::optional<Result<PeerId>> first;
  std::optional<Result<PeerId>> second;
  p.a.machine.spawn(Node::keep(first, p.a.host.connect(p.b.at())));
  p.b.machine.spawn(Node::keep(second, p.b.host.connect(p.a.at())));
  p.world.run_for(5s);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first);
  CHECK(*second);
  CHECK(p.a.host.peers().size() == 1);
  CHECK(p.b.host.peers().size() == 1);
  CHECK(p.a.wait(p.world, ping(p.a.host, p.b.host.id())));
  CHECK(p.b.wait(p.world, ping(p.b.host, p.a.host.id())));
}

TEST_CASE("a peer that vanishes is noticed by the keepalive within 41 seconds") {
  Pair p;
  p.connect();
  p.world.cut(p.a.machine, p.b.machine);
  p.world.cut(p.b.machine, p.a.machine);
  p.world.run_for(41s);
  CHECK(p.a.diary.has("disconnected timeout"));
  CHECK(p.b.diary.has("disconnected timeout"));
}

TEST_CASE("an idle connection stays") {
  Pair p;
  p.connect();
  p.world.run_for(10min);
  CHECK(p.a.host.connected(p.b.host.id()));
  CHECK(p.b.host.connected(p.a.host.id()));
}

TEST_CASE("a host that is destroyed under its tasks ends them with an error") {
  SimWorld world(1);
  Node b(world, 2);
  auto& machine = world.host("a");
  auto host = std::make_unique<Host>(machine.runtime(), config_of(1));
  std::optional<Result<PeerId>> connected;
  machine.spawn(Node::keep(connected, host->connect(b.at())));
  world.run_for(30ms);  // inside the negotiation
  host.reset();
  world.run_for(1s);
  REQUIRE(connected);
  CHECK_FALSE(*connected);
}

std::uint64_t trace_of(std::uint64_t seed) {
  Pair p(seed);
  p.b.host.handle("/echo", &echo);
  p.connect();
  REQUIRE(p.a.wait(p.world, exchange(p.a.host, p.b.host.id(), {"/echo"}, pattern(300'000))));
  return p.world.trace();
}

TEST_CASE("equal seeds give equal runs") {
  CHECK(trace_of(5) == trace_of(5));
  CHECK(trace_of(5) != trace_of(6));
}

TEST_CASE("a lossy, jittery network loses nothing") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Pair p(seed);
    runtime::SimLink link;
    link.loss = 0.02;
    link.jitter = 15ms;
    p.world.set_link(link);
    p.b.host.handle("/echo", &echo);
    REQUIRE(p.a.wait(p.world, p.a.host.connect(p.b.at())));
    const auto echoed =
        p.a.wait(p.world, exchange(p.a.host, p.b.host.id(), {"/echo"}, pattern(400'000)));
    REQUIRE(echoed);
    CHECK(*echoed == pattern(400'000));
  }
}

}  // namespace
}  // namespace p2p::libp2p::testing
