#include "libp2p/yamux.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/endian.h"
#include "crypto/random.h"

using namespace p2p;
using namespace p2p::libp2p;
using namespace std::chrono_literals;
using Kind = YamuxEvent::Kind;

namespace {

enum : std::uint8_t { kData = 0, kWindow = 1, kPing = 2, kGoAway = 3 };
enum : std::uint16_t { kSyn = 1, kAck = 2, kFin = 4, kRst = 8 };

struct Frame {
  std::uint8_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t id = 0;
  std::uint32_t length = 0;
  Bytes payload;

  friend bool operator==(const Frame&, const Frame&) = default;
};

Bytes encode(const Frame& frame) {
  Bytes out{0, frame.type};
  append_be(out, frame.flags);
  append_be(out, frame.id);
  append_be(out,
            frame.type == kData ? static_cast<std::uint32_t>(frame.payload.size()) : frame.length);
  append(out, frame.payload);
  return out;
}

std::vector<Frame> decode(ByteView in) {
  std::vector<Frame> frames;
  while (in.size() >= kYamuxHeaderSize) {
    Frame frame{in[1],
                load_be<std::uint16_t>(in.data() + 2),
                load_be<std::uint32_t>(in.data() + 4),
                load_be<std::uint32_t>(in.data() + 8),
                {}};
    in = in.subspan(kYamuxHeaderSize);
    if (frame.type == kData) {
      REQUIRE(in.size() >= frame.length);
      frame.payload = to_bytes(in.first(frame.length));
      in = in.subspan(frame.length);
    }
    frames.push_back(frame);
  }
  REQUIRE(in.empty());
  return frames;
}

/// One session whose peer is the test.
struct Scripted {
  explicit Scripted(Yamux::Role role, YamuxConfig config = {}) : yamux(role, config, now) {
    output();  // the first ping
  }

  Result<void> feed(const Frame& frame) { return yamux.receive(encode(frame), now); }
  void must(const Frame& frame) { REQUIRE(feed(frame)); }
  std::vector<Frame> output() {
    Bytes out;
    while (yamux.produce(out, 100000, now) > 0) {
    }
    return decode(out);
  }
  std::vector<YamuxEvent> events() {
    std::vector<YamuxEvent> all;
    while (auto event = yamux.next_event()) all.push_back(*event);
    return all;
  }
  /// Everything that can be read now.
  Bytes drain(YamuxStreamId id) {
    Bytes all;
    while (true) {
      auto data = yamux.read(id, 1000000, now);
      REQUIRE(data);
      if (!*data || (*data)->empty()) return all;
      append(all, **data);
    }
  }

  Time now{1h};
  Yamux yamux;
};

void check_code(const auto& result, Code code) {
  REQUIRE_FALSE(result);
  CHECK(name_of(result.error().code) == name_of(code));
}

void check_violation(Scripted& s, const Frame& frame) {
  check_code(s.feed(frame), Code::protocol);
  CHECK(s.output() == std::vector<Frame>{{kGoAway, 0, 0, kYamuxProtocolError, {}}});
  check_code(s.yamux.receive(as_bytes("more"), s.now), Code::protocol);
  check_code(s.yamux.open(), Code::closed);
  CHECK(s.events().empty());
}

/// Two sessions joined in memory; bytes move in random pieces.
struct Pair {
  explicit Pair(std::uint64_t seed, YamuxConfig config = {}, Duration one_way = 1ms)
      : random(seed),
        latency(one_way),
        client(Yamux::Role::client, config, now),
        server(Yamux::Role::server, config, now) {}

  /// Moves what the sides have to say, once each way.
  bool step() {
    Bytes up;
    Bytes down;
    client.produce(up, kYamuxMinProduce + random.below(200000), now);
    server.produce(down, kYamuxMinProduce + random.below(200000), now);
    now += latency;
    deliver(server, up);
    deliver(client, down);
    return !up.empty() || !down.empty();
  }

  void deliver(Yamux& to, ByteView data) {
    while (!data.empty()) {
      const std::size_t size = std::min<std::size_t>(data.size(), 1 + random.below(50000));
      REQUIRE(to.receive(data.first(size), now));
      data = data.subspan(size);
    }
  }

  crypto::SeededRandom random;
  Duration latency;
  Time now{1h};
  Yamux client;
  Yamux server;
};

}  // namespace

TEST_CASE("yamux: opening sends SYN at once, and the peer's ACK is taken on either frame type") {
  for (const std::uint8_t type : {kData, kWindow}) {
    Scripted s(Yamux::Role::client);
    const auto id = s.yamux.open();
    REQUIRE(id);
    CHECK(*id == 1);
    CHECK(s.output() == std::vector<Frame>{{kWindow, kSyn, 1, 0, {}}});
    s.must({type, kAck, 1, 0, {}});
    REQUIRE(s.yamux.write(1, to_bytes("hello")));
    CHECK(s.output() == std::vector<Frame>{{kData, 0, 1, 5, to_bytes("hello")}});
    CHECK(*s.yamux.open() == 3);
  }
}

TEST_CASE("yamux: a stream of the peer's is told, acknowledged, read and half closed") {
  for (const std::uint8_t type : {kData, kWindow}) {
    Scripted s(Yamux::Role::server);
    s.must({type, kSyn, 1, 0, type == kData ? to_bytes("hi") : Bytes{}});
    auto events = s.events();
    REQUIRE(events.size() == (type == kData ? 2 : 1));
    CHECK(events[0].kind == Kind::opened);
    CHECK(events[0].stream == 1);
    REQUIRE(s.yamux.accept(1));
    CHECK(s.output() == std::vector<Frame>{{kWindow, kAck, 1, 0, {}}});
    s.must({kData, kFin, 1, 0, to_bytes(" there")});
    CHECK(s.drain(1) == to_bytes(type == kData ? "hi there" : " there"));
    s.events();
    // Half closed: our direction goes on, and FIN follows the data.
    REQUIRE(s.yamux.write(1, to_bytes("bye")));
    REQUIRE(s.yamux.close_write(1));
    CHECK(s.output() ==
          std::vector<Frame>{{kData, 0, 1, 3, to_bytes("bye")}, {kWindow, kFin, 1, 0, {}}});
    s.events();
    CHECK(s.yamux.stream_count() == 0);
    check_code(s.yamux.write(1, to_bytes("late")), Code::closed);
  }
}

TEST_CASE("yamux: the end is told even if everything else is done") {
  Scripted s(Yamux::Role::client);
  REQUIRE(s.yamux.open());
  REQUIRE(s.yamux.close_write(1));
  CHECK(s.output() == std::vector<Frame>{{kWindow, kSyn, 1, 0, {}}, {kWindow, kFin, 1, 0, {}}});
  s.must({kWindow, kAck | kFin, 1, 0, {}});
  const auto events = s.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::readable);
  const auto end = s.yamux.read(1, 10, s.now);
  REQUIRE(end);
  REQUIRE(*end);
  CHECK((*end)->empty());
  CHECK(s.yamux.stream_count() == 0);
}

TEST_CASE("yamux: the length of a reset is its code, never credit") {
  Scripted s(Yamux::Role::client);
  REQUIRE(s.yamux.open());
  REQUIRE(s.yamux.write(1, Bytes(kYamuxInitialWindow + 10)));
  s.output();
  CHECK(s.yamux.unsent(1) == 10);
  s.must({kWindow, kRst, 1, 0x1003, {}});
  CHECK(s.output().empty());
  const auto events = s.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::reset);
  CHECK(events[0].code == 0x1003);
  CHECK(s.yamux.stream_count() == 0);
  // A reset of something unknown, and data behind it, is nothing to us.
  s.must({kWindow, kRst, 1, 7, {}});
  s.must({kData, 0, 1, 0, Bytes(1000)});
  CHECK(s.output().empty());
  CHECK(s.events().empty());
}

TEST_CASE("yamux: what came before the peer's end can be read after its reset") {
  Scripted s(Yamux::Role::server);
  s.must({kData, kSyn | kFin, 1, 0, to_bytes("last words")});
  s.events();
  REQUIRE(s.yamux.accept(1));
  s.must({kWindow, kRst, 1, 5, {}});
  const auto events = s.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::reset);
  check_code(s.yamux.write(1, to_bytes("x")), Code::reset);
  CHECK(s.drain(1) == to_bytes("last words"));
  CHECK(s.yamux.stream_count() == 0);

  s.must({kData, kSyn, 3, 0, to_bytes("unfinished")});
  s.events();
  s.must({kData, kRst, 3, 0, {}});
  check_code(s.yamux.read(3, 100, s.now), Code::reset);
  CHECK(s.yamux.buffered(3) == 0);
  s.events();
  check_code(s.yamux.read(3, 100, s.now), Code::closed);
}

TEST_CASE("yamux: our reset carries its code and drains what is under way") {
  Scripted s(Yamux::Role::server);
  s.must({kWindow, kSyn, 1, 0, {}});
  s.events();
  const Bytes frame = encode({kData, 0, 1, 0, Bytes(500)});
  REQUIRE(s.yamux.receive(ByteView(frame).first(100), s.now));
  s.yamux.reset(1, 0x1001);
  CHECK(s.output() == std::vector<Frame>{{kWindow, kRst, 1, 0x1001, {}}});
  REQUIRE(s.yamux.receive(ByteView(frame).subspan(100), s.now));
  s.must({kPing, kSyn, 0, 77, {}});
  CHECK(s.output() == std::vector<Frame>{{kPing, kAck, 0, 77, {}}});
  CHECK(s.events().empty());
  // One that the peer never heard of needs no reset.
  const auto id = s.yamux.open();
  s.yamux.reset(*id);
  CHECK(s.output().empty());
}

TEST_CASE("yamux: a stream opened and reset in one go is never told") {
  Scripted s(Yamux::Role::server);
  for (std::uint32_t id = 1; id < 5000; id += 2) {
    s.must({kWindow, kSyn, id, 0, {}});
    s.must({kWindow, kRst, id, 0, {}});
  }
  CHECK(s.events().empty());
  CHECK(s.output().empty());
  CHECK(s.yamux.stream_count() == 0);
}

TEST_CASE("yamux: never sends past the peer's window, and goes on with its update") {
  Scripted s(Yamux::Role::client);
  REQUIRE(s.yamux.open());
  REQUIRE(s.yamux.write(1, Bytes(kYamuxInitialWindow + 1000, 7)));
  std::size_t sent = 0;
  for (const Frame& frame : s.output()) {
    CHECK(frame.payload.size() + kYamuxHeaderSize <= kYamuxMaxFrame);
    sent += frame.payload.size();
  }
  CHECK(sent == kYamuxInitialWindow);
  CHECK_FALSE(s.yamux.has_output());
  CHECK(s.events().empty());
  s.must({kWindow, kAck, 1, 600, {}});
  CHECK(s.output() == std::vector<Frame>{{kData, 0, 1, 600, Bytes(600, 7)}});
  s.must({kWindow, 0, 1, 0xffffffff, {}});
  s.must({kWindow, 0, 1, 0xffffffff, {}});  // saturates
  CHECK(s.output() == std::vector<Frame>{{kData, 0, 1, 400, Bytes(400, 7)}});
  const auto events = s.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::writable);
}

TEST_CASE("yamux: credit is given on read, half a window at a time, not on receipt") {
  Scripted s(Yamux::Role::server);
  s.must({kWindow, kSyn, 1, 0, {}});
  REQUIRE(s.yamux.accept(1));
  s.output();
  for (int i = 0; i < 4; ++i) s.must({kData, 0, 1, 0, Bytes(kYamuxInitialWindow / 4)});
  CHECK(s.output().empty());
  REQUIRE(s.yamux.read(1, kYamuxInitialWindow / 4, s.now));
  CHECK(s.output().empty());
  REQUIRE(s.yamux.read(1, kYamuxInitialWindow / 4, s.now));
  CHECK(s.output() == std::vector<Frame>{{kWindow, 0, 1, kYamuxInitialWindow / 2, {}}});
  s.must({kData, 0, 1, 0, Bytes(kYamuxInitialWindow / 2)});
  check_violation(s, {kData, 0, 1, 0, Bytes(1)});
}

TEST_CASE("yamux: windows double while used up within four round trips, within their budget") {
  YamuxConfig config;
  config.window_growth = 3 * kYamuxInitialWindow;
  Scripted s(Yamux::Role::server, config);
  s.now += 10ms;
  s.must({kPing, kAck, 0, 1, {}});
  CHECK(s.yamux.rtt() == Duration(10ms));
  std::uint32_t window = kYamuxInitialWindow;
  const auto use_up = [&](std::uint32_t id) {
    s.must({kData, 0, id, 0, Bytes(window)});
    s.drain(id);
    std::uint32_t credit = 0;
    for (const Frame& frame : s.output()) credit += frame.length;
    return credit;
  };
  for (const std::uint32_t id : {1u, 3u}) {
    s.must({kWindow, kSyn, id, 0, {}});
    REQUIRE(s.yamux.accept(id));
  }
  s.output();
  s.now += 39ms;
  CHECK(use_up(1) == 2 * window);
  window *= 2;
  s.now += 41ms;  // too long for growth
  CHECK(use_up(1) == window);
  s.now += 1ms;
  CHECK(use_up(1) == 2 * window);
  // The budget is spent: another stream stays as it is, until the first one is over.
  window = kYamuxInitialWindow;
  CHECK(use_up(3) == window);
  s.yamux.reset(1);
  s.output();
  CHECK(use_up(3) == 2 * window);
}

TEST_CASE("yamux: two growing windows never exceed the budget in sum") {
  YamuxConfig config;
  config.max_window = 1024 * 1024;
  config.window_growth = 1024 * 1024;
  Pair pair(7, config, 1ms);
  REQUIRE(pair.client.open());
  REQUIRE(pair.client.open());
  std::map<YamuxStreamId, std::uint64_t> got;
  for (int round = 0; round < 400; ++round) {
    for (const YamuxStreamId id : {1u, 3u}) {
      if (pair.client.unsent(id) == 0) REQUIRE(pair.client.write(id, Bytes(1000000)));
    }
    pair.step();
    REQUIRE(pair.server.buffered(1) + pair.server.buffered(3) <=
            2 * kYamuxInitialWindow + config.window_growth);
    while (auto event = pair.server.next_event()) {
      if (event->kind == Kind::opened) REQUIRE(pair.server.accept(event->stream));
    }
    while (pair.client.next_event()) {
    }
    for (const YamuxStreamId id : {1u, 3u}) {
      while (pair.server.buffered(id) > 0)
        got[id] += (*pair.server.read(id, 65536, pair.now))->size();
    }
  }
  CHECK(got[1] > 4000000);
  CHECK(got[3] > 4000000);
}

TEST_CASE("yamux: streams take turns; none starves behind a bulk transfer") {
  Scripted s(Yamux::Role::client);
  for (int i = 0; i < 3; ++i) REQUIRE(s.yamux.open());
  s.output();
  REQUIRE(s.yamux.write(1, Bytes(250000, 1)));
  REQUIRE(s.yamux.write(3, Bytes(250000, 3)));
  REQUIRE(s.yamux.write(5, Bytes(100, 5)));
  std::vector<std::uint32_t> order;
  for (const Frame& frame : s.output()) order.push_back(frame.id);
  REQUIRE(order.size() >= 9);
  CHECK(std::vector<std::uint32_t>(order.begin(), order.begin() + 7) ==
        std::vector<std::uint32_t>{1, 3, 5, 1, 3, 1, 3});
}

TEST_CASE("yamux: produce keeps to its budget and cuts data frames to it") {
  Scripted s(Yamux::Role::client);
  REQUIRE(s.yamux.open());
  REQUIRE(s.yamux.write(1, Bytes(100000)));
  Bytes all;
  for (std::size_t budget : {0, 5, 12, 24, 2048, 2048, 65519, 65519}) {
    const std::size_t before = all.size();
    const std::size_t added = s.yamux.produce(all, budget, s.now);
    CHECK(all.size() == before + added);
    CHECK(added <= budget);
    if (budget >= kYamuxMinProduce) CHECK(added >= 1024);
  }
  std::size_t total = 0;
  for (const Frame& frame : decode(all)) total += frame.payload.size();
  CHECK(total == 100000);
}

TEST_CASE("yamux: at most 256 of our streams wait for an acknowledgement") {
  Scripted s(Yamux::Role::client);
  for (int i = 0; i < 300; ++i) {
    const auto id = s.yamux.open();
    REQUIRE(id);
    REQUIRE(s.yamux.write(*id, to_bytes("x")));
  }
  const auto count_syns = [&] {
    return std::ranges::count_if(s.output(), [](const Frame& f) { return (f.flags & kSyn) != 0; });
  };
  CHECK(count_syns() == 256);
  s.must({kWindow, kAck, 1, 0, {}});
  s.must({kWindow, kAck, 1, 0, {}});  // counts once
  s.must({kWindow, kRst, 3, 0, {}});
  s.events();
  CHECK(count_syns() == 2);
  s.yamux.reset(5);
  s.yamux.reset(599);  // one that waits
  CHECK(count_syns() == 1);
}

TEST_CASE("yamux: streams over the backlog or the bound are reset, the session lives") {
  YamuxConfig config;
  config.max_streams = 300;
  Scripted s(Yamux::Role::server, config);
  for (std::uint32_t i = 0; i < 257; ++i) s.must({kWindow, kSyn, 2 * i + 1, 0, {}});
  CHECK(s.output() == std::vector<Frame>{{kWindow, kRst, 513, kResetResourceLimit, {}}});
  for (std::uint32_t i = 0; i < 256; ++i) REQUIRE(s.yamux.accept(2 * i + 1));
  s.output();
  for (std::uint32_t i = 300; i < 345; ++i) s.must({kData, kSyn, 2 * i + 1, 0, to_bytes("x")});
  CHECK(s.output() == std::vector<Frame>{{kWindow, kRst, 689, kResetResourceLimit, {}}});
  CHECK(s.yamux.stream_count() == 300);
  check_code(s.yamux.open(), Code::limit);
}

TEST_CASE("yamux: a peer that opens streams and never takes the refusals is cut off") {
  YamuxConfig config;
  config.max_streams = 0;
  Scripted s(Yamux::Role::server, config);
  Result<void> result;
  std::uint32_t id = 1;
  for (; result && id < 100000; id += 2) result = s.feed({kWindow, kSyn, id, 0, {}});
  check_code(result, Code::protocol);
  CHECK(id < 5000);
}

TEST_CASE("yamux: unread data past the session's bound costs the stream that holds most") {
  YamuxConfig config;
  config.max_buffered = 300000;
  Scripted s(Yamux::Role::server, config);
  s.must({kData, kSyn, 1, 0, Bytes(200000)});
  s.must({kData, kSyn, 3, 0, Bytes(90000)});
  REQUIRE(s.yamux.accept(1));
  REQUIRE(s.yamux.accept(3));
  s.output();
  s.events();
  s.must({kData, 0, 3, 0, Bytes(20000)});
  CHECK(s.output() == std::vector<Frame>{{kWindow, kRst, 1, kResetResourceLimit, {}}});
  CHECK(s.yamux.buffered(1) == 0);
  CHECK(s.yamux.buffered(3) == 110000);
  const auto events = s.events();
  REQUIRE(events.size() == 2);
  CHECK(events[1].kind == Kind::reset);
  CHECK(events[1].code == kResetResourceLimit);
}

TEST_CASE("yamux: breaking the protocol is answered by GoAway 1") {
  const auto fresh = [](Yamux::Role role) { return Scripted(role); };
  SUBCASE("version") {
    Scripted s = fresh(Yamux::Role::client);
    Bytes bad = encode({kPing, kSyn, 0, 0, {}});
    bad[0] = 1;
    check_code(s.yamux.receive(bad, s.now), Code::protocol);
    CHECK(s.output() == std::vector<Frame>{{kGoAway, 0, 0, 1, {}}});
  }
  SUBCASE("type") {
    Scripted s = fresh(Yamux::Role::client);
    check_violation(s, {4, 0, 0, 0, {}});
  }
  SUBCASE("stream 0") {
    Scripted s = fresh(Yamux::Role::client);
    check_violation(s, {kWindow, kSyn, 0, 0, {}});
  }
  SUBCASE("parity") {
    Scripted client = fresh(Yamux::Role::client);
    check_violation(client, {kWindow, kSyn, 1, 0, {}});
    Scripted server = fresh(Yamux::Role::server);
    check_violation(server, {kWindow, kSyn, 2, 0, {}});
  }
  SUBCASE("opened twice") {
    Scripted s = fresh(Yamux::Role::server);
    s.must({kWindow, kSyn, 1, 0, {}});
    check_violation(s, {kWindow, kSyn, 1, 0, {}});
  }
  SUBCASE("window overrun, told by the header alone") {
    Scripted s = fresh(Yamux::Role::server);
    s.must({kWindow, kSyn, 1, 0, {}});
    Bytes header = encode({kData, 0, 1, 0, Bytes(kYamuxInitialWindow + 1)});
    header.resize(kYamuxHeaderSize);
    check_code(s.yamux.receive(header, s.now), Code::protocol);
  }
}

TEST_CASE("yamux: data after the peer's end resets the stream only") {
  Scripted s(Yamux::Role::server);
  s.must({kWindow, kSyn | kFin, 1, 0, {}});
  REQUIRE(s.yamux.accept(1));
  s.output();
  s.events();
  s.must({kData, 0, 1, 0, Bytes(10)});
  CHECK(s.output() == std::vector<Frame>{{kWindow, kRst, 1, kResetProtocolViolation, {}}});
  s.must({kPing, kSyn, 0, 1, {}});
  CHECK(s.output().size() == 1);
}

TEST_CASE("yamux: keepalive pings at the start and every 30 s, and gives up 10 s after silence") {
  Time now{1h};
  Yamux yamux(Yamux::Role::client, {}, now);
  Bytes out;
  yamux.produce(out, 100, now);
  CHECK(decode(out) == std::vector<Frame>{{kPing, kSyn, 0, 1, {}}});
  CHECK(yamux.deadline() == now + 10s);
  REQUIRE(yamux.receive(encode({kPing, kAck, 0, 99, {}}), now + 2ms));  // not ours
  CHECK_FALSE(yamux.next_event());
  REQUIRE(yamux.receive(encode({kPing, kAck, 0, 1, {}}), now + 3ms));
  const auto event = yamux.next_event();
  REQUIRE(event);
  CHECK(event->kind == Kind::pong);
  CHECK(event->rtt == Duration(3ms));

  CHECK(yamux.deadline() == now + 30s);
  REQUIRE(yamux.tick(now + 29s));
  CHECK_FALSE(yamux.has_output());
  REQUIRE(yamux.tick(now + 30s));
  CHECK(yamux.has_output());
  // Never produced: the peer does not read. Anything it sends shows that it lives.
  REQUIRE(yamux.receive(encode({kPing, kSyn, 0, 5, {}}), now + 35s));
  CHECK(yamux.deadline() == now + 45s);
  REQUIRE(yamux.tick(now + 44s));
  check_code(yamux.tick(now + 45s), Code::timeout);
  check_code(yamux.receive({}, now + 45s), Code::timeout);
}

TEST_CASE("yamux: pings of the peer's are answered, up to a bound") {
  Scripted s(Yamux::Role::client);
  for (std::uint32_t i = 0; i < 1000; ++i) s.must({kPing, kSyn, 0, i, {}});
  const auto frames = s.output();
  CHECK(frames.size() == 32);
  CHECK(frames[31] == Frame{kPing, kAck, 0, 31, {}});
}

TEST_CASE("yamux: going away, either side") {
  Scripted s(Yamux::Role::server);
  s.must({kWindow, kSyn, 1, 0, {}});
  s.events();
  REQUIRE(s.yamux.accept(1));
  s.output();
  SUBCASE("ours: open streams go on, new ones are reset") {
    s.yamux.go_away();
    s.yamux.go_away();
    CHECK(s.output() == std::vector<Frame>{{kGoAway, 0, 0, 0, {}}});
    s.must({kWindow, kSyn, 3, 0, {}});
    CHECK(s.output() == std::vector<Frame>{{kWindow, kRst, 3, 0, {}}});
    check_code(s.yamux.open(), Code::closed);
    s.must({kData, 0, 1, 0, to_bytes("still")});
    CHECK(s.drain(1) == to_bytes("still"));
  }
  SUBCASE("the peer's, in order") {
    s.must({kGoAway, 0, 0, 0, {}});
    const auto events = s.events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == Kind::go_away);
    check_code(s.yamux.open(), Code::closed);
    s.must({kData, 0, 1, 0, to_bytes("still")});
  }
  SUBCASE("the peer's, for an error") {
    const auto result = s.feed({kGoAway, 0, 0, 2, {}});
    check_code(result, Code::closed);
    CHECK(result.error().why.find("code 2") != std::string::npos);
    CHECK(s.output().empty());
  }
}

TEST_CASE("yamux: stream ids run out instead of wrapping") {
  YamuxConfig config;
  config.first_id = 0xfffffffb;
  Scripted s(Yamux::Role::client, config);
  CHECK(*s.yamux.open() == 0xfffffffb);
  CHECK(*s.yamux.open() == 0xfffffffd);
  check_code(s.yamux.open(), Code::limit);
}

TEST_CASE("yamux: writes are refused while too much waits, and after closing") {
  Scripted s(Yamux::Role::client);
  REQUIRE(s.yamux.open());
  s.output();
  REQUIRE(s.yamux.write(1, Bytes(1024 * 1024)));
  check_code(s.yamux.write(1, Bytes(1)), Code::limit);
  REQUIRE(s.yamux.close_write(1));
  check_code(s.yamux.write(1, Bytes(1)), Code::closed);
  REQUIRE(s.yamux.close_write(1));
}

TEST_CASE("yamux: any split of the input gives the same bytes and answers") {
  Bytes script;
  append(script, encode({kPing, kSyn, 0, 3, {}}));
  append(script, encode({kData, kSyn, 1, 0, to_bytes("first")}));
  append(script, encode({kWindow, kSyn, 3, 0, {}}));
  append(script, encode({kData, 0, 3, 0, to_bytes("second")}));
  append(script, encode({kData, kFin, 1, 0, to_bytes(" end")}));
  append(script, encode({kWindow, kRst, 3, 9, {}}));
  append(script, encode({kData, 0, 3, 0, to_bytes("drained")}));
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    Scripted s(Yamux::Role::server);
    REQUIRE(s.yamux.receive(ByteView(script).first(cut), s.now));
    REQUIRE(s.yamux.receive(ByteView(script).subspan(cut), s.now));
    s.events();
    CHECK(s.drain(1) == to_bytes("first end"));
    CHECK(s.output() == std::vector<Frame>{{kPing, kAck, 0, 3, {}}});
  }
}

TEST_CASE("yamux: two sessions carry many streams both ways, whatever the pieces") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Pair pair(seed);
    std::map<YamuxStreamId, Bytes> sent[2];
    std::map<YamuxStreamId, Bytes> got[2];
    std::map<YamuxStreamId, std::size_t> ended[2];
    Yamux* sides[2] = {&pair.client, &pair.server};
    for (int side = 0; side < 2; ++side) {
      for (int i = 0; i < 20; ++i) {
        const auto id = sides[side]->open();
        REQUIRE(id);
        sent[side][*id] = pair.random.bytes(pair.random.below(700000));
        REQUIRE(sides[side]->write(*id, sent[side][*id]));
        REQUIRE(sides[side]->close_write(*id));
      }
    }
    for (int idle = 0; idle < 2;) {
      idle = pair.step() ? 0 : idle + 1;
      for (int side = 0; side < 2; ++side) {
        Yamux& yamux = *sides[side];
        while (auto event = yamux.next_event()) {
          if (event->kind == Kind::opened) REQUIRE(yamux.close_write(event->stream));
        }
        for (const auto* opened : {&sent[0], &sent[1]}) {
          for (const auto& [id, data] : *opened) {
            while (true) {
              auto piece = yamux.read(id, 1 + pair.random.below(100000), pair.now);
              if (!piece || !*piece) break;
              if ((*piece)->empty()) {
                ++ended[side][id];
                break;
              }
              append(got[side][id], **piece);
            }
          }
        }
        while (yamux.next_event()) {
        }
      }
    }
    for (int side = 0; side < 2; ++side) {
      for (const auto& [id, data] : sent[side]) CHECK(got[1 - side][id] == data);
      CHECK(ended[side].size() == 40);
      CHECK(sides[side]->stream_count() == 0);
    }
  }
}
