// What both runtimes promise of time, datagrams, names, workers and local sockets, shown on both.
#include <filesystem>

#include "support/needs.h"
#include "unit/runtime/streams.h"

using namespace p2p;
using namespace p2p::runtime;
using namespace p2p::runtime::test;
using namespace std::chrono_literals;

// --- Time ---

namespace {
Task<void> timer_case(Stage stage) {
  Clock& clock = stage.here.clock;
  std::string log;
  WaitList changed;
  const auto add = [&clock, &log, &changed](char c) {
    return clock.timer([&log, &changed, c] {
      log += c;
      changed.wake_all();
    });
  };
  const auto start = clock.now();
  const auto a = add('a');
  const auto b = add('b');
  const auto c = add('c');
  const auto d = add('d');
  const auto e = add('e');
  const auto f = add('f');
  const auto last = add('z');
  a->arm(start + 30ms);
  b->arm(start + 10ms);
  c->arm(start + 10ms);  // as early as b, armed later
  d->arm(start + 5ms);
  d->disarm();
  e->arm(start + 5ms);
  e->arm(start + 20ms);  // moved
  f->arm(kNever);
  last->arm(start + 40ms);
  CHECK(log.empty());
  while (log.find('z') == std::string::npos) co_await changed.wait();
  CHECK(log == "bceaz");
  CHECK(clock.now() >= start + 40ms);

  // The past is now, but not inline.
  a->arm(start);
  CHECK(log == "bceaz");
  co_await changed.wait();
  CHECK(log == "bceaza");
}
}  // namespace

TEST_CASE("timers fire in order, and never early") { play_both(timer_case); }

namespace {

Task<int> slow_answer(Runtime runtime, Duration time) {
  co_await sleep_for(runtime.clock, time);
  co_return 42;
}

Task<int> fast_answer() { co_return 7; }

Task<void> deadline_case(Stage stage) {
  auto& [queue, clock, random, net, workers] = stage.here;
  const auto start = clock.now();
  auto slow = before(queue, clock, start + 10ms, slow_answer(stage.here, 10s));
  const auto nothing = co_await std::move(slow);
  CHECK_FALSE(nothing);
  CHECK(clock.now() >= start + 10ms);
  CHECK(clock.now() < start + 10s);
  auto quick = before(queue, clock, clock.now() + 10s, slow_answer(stage.here, 1ms));
  const auto in_time = co_await std::move(quick);
  CHECK(in_time == 42);
  // A result that is there at once wins even against a deadline that has passed.
  auto late = before(queue, clock, start, fast_answer());
  const auto at_once = co_await std::move(late);
  CHECK(at_once == 7);
}
}  // namespace

TEST_CASE("a deadline destroys what it stops") { play_both(deadline_case); }

namespace {

Task<void> spin(TcpStream& out, bool& stop) {
  while (!stop) {
    const auto written = co_await out.write(Bytes(1000));
    if (!written) co_return;
  }
}

Task<void> yield_for_ever(WaitList& list, bool& stop) {
  while (!stop) {
    list.wake_all();
    co_await list.wait();
  }
}

Task<void> flood_case(Stage stage) {
  auto pair = co_await connect_pair(stage);
  NEED(pair.ok());
  bool stop = false;
  WaitList list;
  TaskGroup group(stage.here.queue);
  Received received;
  if (!stage.simulated) {
    // Ready work without end; in a simulation it would take no time and so never end.
    group.spawn(yield_for_ever(list, stop));
    group.spawn(yield_for_ever(list, stop));
  }
  group.spawn(spin(*pair.client, stop));
  group.spawn(read_all(*pair.server, received));
  auto pause = sleep_for(stage.here.clock, 30ms);
  co_await std::move(pause);
  stop = true;
  pair.client->close();
  co_await settle(stage);
  CHECK(received.size > 0);
  list.wake_all();
  co_await group.join();
}
}  // namespace

TEST_CASE("floods of ready work and of data leave timers and sockets their turn") {
  play_both(flood_case);
}

// --- Datagrams ---

namespace {

Task<void> receive_into(UdpSocket& socket, std::optional<Datagram>& out) {
  auto datagram = co_await socket.receive();
  if (datagram) out = std::move(*datagram);
}

Task<void> udp_case(Stage stage) {
  UdpOptions options;
  auto server = stage.there.net.udp(stage.there_at(), options);
  Endpoint any;
  auto client = stage.here.net.udp(any, options);
  NEED(server);
  NEED(client);
  CHECK((*server)->local().port != 0);
  const auto hello = to_bytes("hello");
  NEED((*client)->send((*server)->local(), hello));
  const auto got = co_await (*server)->receive();
  NEED(got);
  CHECK(got->data == hello);
  CHECK(got->from.port == (*client)->local().port);
  CHECK(got->interface != 0);
  NEED((*server)->send(got->from, to_bytes("back")));
  const auto back = co_await (*client)->receive();
  NEED(back);
  CHECK(back->data == to_bytes("back"));
  CHECK(back->from == (*server)->local());

  NEED((*client)->send((*server)->local(), ByteView()));
  const auto empty = co_await (*server)->receive();
  NEED(empty);
  CHECK(empty->data.empty());

  const Bytes huge(70'000);
  const auto too_long = (*client)->send((*server)->local(), huge);
  NEED(!too_long);
  CHECK(too_long.error().code == Code::limit);
  // Nobody at the port: dropped, and the socket lives on.
  NEED((*client)->send(stage.there_at(9), hello));
  co_await settle(stage);
  NEED((*client)->send((*server)->local(), hello));
  const auto again = co_await (*server)->receive();
  CHECK(again);

  std::optional<Datagram> none;
  TaskGroup group(stage.here.queue);
  group.spawn(receive_into(**client, none));
  co_await settle(stage);
  client->reset();
  co_await group.join();
  CHECK_FALSE(none);
}
}  // namespace

TEST_CASE("datagrams") { play_both(udp_case); }

namespace {
Task<void> multicast_case(Stage stage) {
  const auto group = IpAddress::v4(224, 0, 0, 251);
  const auto loopback = IpAddress::v4(127, 0, 0, 1);
  const auto interfaces = stage.here.net.interfaces();
  NEED(interfaces);
  const auto lo = std::find_if(interfaces->begin(), interfaces->end(), [&](const Interface& i) {
    return i.loopback && i.address == loopback;
  });
  NEED(lo != interfaces->end());
  if (!lo->multicast) {
    p2p::test::left_out("the loopback interface carries no multicast here");
    co_return;
  }
  UdpOptions options;
  options.reuse_address = true;
  Endpoint at;
  at.port = 45353;
  auto one = stage.here.net.udp(at, options);
  auto two = stage.here.net.udp(at, options);  // the port is shared
  auto deaf = stage.here.net.udp(at, options);
  NEED(one);
  NEED(two);
  NEED(deaf);
  NEED((*one)->join(group, loopback));
  NEED((*two)->join(group, loopback));
  CHECK((*two)->join(group, loopback));  // once more is harmless
  NEED((*one)->set_multicast_interface(loopback));
  Endpoint to;
  to.ip = group;
  to.port = 45353;
  const auto hello = to_bytes("who is there");
  NEED((*one)->send(to, hello));
  const auto other = co_await (*two)->receive();
  NEED(other);
  CHECK(other->data == hello);
  CHECK(other->from.ip == loopback);
  CHECK(other->interface == lo->index);
  const auto own = co_await (*one)->receive();
  NEED(own);
  CHECK(own->data == hello);

  std::optional<Datagram> none;
  TaskGroup tasks(stage.here.queue);
  tasks.spawn(receive_into(**deaf, none));
  co_await settle(stage);
  CHECK_FALSE(none);  // not joined, though it shares the port
}
}  // namespace

TEST_CASE("multicast on the loopback interface" * doctest::test_suite("needs multicast")) {
  play_both(multicast_case);
}

// --- Names, workers, local sockets ---

namespace {
Task<void> resolver_case(Stage stage) {
  auto& resolver = stage.here.net.resolver();
  const auto literal = co_await resolver.addresses("192.0.2.7", Resolver::Family::any);
  NEED(literal);
  CHECK(literal->size() == 1);
  CHECK(literal->front() == IpAddress::v4(192, 0, 2, 7));
  const auto wrong_family = co_await resolver.addresses("192.0.2.7", Resolver::Family::v6);
  NEED(!wrong_family);
  CHECK(wrong_family.error().code == Code::not_found);
  const auto localhost = co_await resolver.addresses("localhost", Resolver::Family::v4);
  NEED(localhost);
  NEED(!localhost->empty());
  CHECK(localhost->front().is_loopback());
}
}  // namespace

TEST_CASE("names that need no server") { play_both(resolver_case); }

namespace {

Task<void> add_job(Workers& workers, int n, std::vector<int>& out) {
  std::move_only_function<int()> square = [n] { return n * n; };
  auto job = run_on<int>(workers, std::move(square));
  out.push_back(co_await std::move(job));
}

Task<void> workers_case(Stage stage) {
  CHECK(stage.here.workers.threads() >= 1);
  std::vector<int> out;
  {
    TaskGroup group(stage.here.queue);
    for (int i = 0; i < 100; ++i) group.spawn(add_job(stage.here.workers, i, out));
    co_await group.join();
  }
  std::sort(out.begin(), out.end());
  NEED(out.size() == 100);
  CHECK(out[99] == 99 * 99);
  // Cancelled: the result goes nowhere.
  {
    TaskGroup group(stage.here.queue);
    for (int i = 0; i < 100; ++i) group.spawn(add_job(stage.here.workers, i, out));
    auto pause = sleep_for(stage.here.clock, 0us);
    co_await std::move(pause);
    group.cancel();
  }
  bool inline_done = false;
  bool done = false;
  WaitList changed;
  stage.here.workers.submit([] {},
                            [&] {
                              done = true;
                              changed.wake_all();
                            });
  inline_done = done;
  while (!done) co_await changed.wait();
  CHECK_FALSE(inline_done);
}
}  // namespace

TEST_CASE("workers") { play_both(workers_case); }

namespace {

Task<void> visit_local(Runtime runtime, std::string path, std::size_t& right) {
  auto connected = co_await runtime.net.connect_local(std::move(path));
  NEED(connected);
  auto& stream = **connected;
  const auto written = co_await stream.write(patterned(0, 300'000));
  NEED(written);
  stream.shutdown();
  Received received;
  co_await read_all(stream, received);
  right += received.ended && received.right && received.size == 300'000 ? 1 : 0;
}

Task<void> local_case(Stage stage) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("p2p-runtime-test-" + std::to_string(stage.here.random.u64()));
  // sockaddr_un holds 107 bytes: a deep folder must not matter.
  for (const auto& below : {std::string("d"), std::string(150, 'd')}) {
    if (!stage.simulated) std::filesystem::create_directories(folder / below);
    const auto path = (folder / below / "control").string();
    const auto missing = co_await stage.here.net.connect_local(path);
    NEED(!missing);
    CHECK(missing.error().code == Code::not_found);
    auto listener = stage.here.net.listen_local(path);
    NEED(listener);
    CHECK((*listener)->local() == Endpoint());
    if (!stage.simulated) {
      const auto mode = std::filesystem::status(path).permissions();
      CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    }
    const auto second = stage.here.net.listen_local(path);
    NEED(!second);
    CHECK(second.error().code == Code::already_exists);
    TaskGroup servers(stage.here.queue);
    servers.spawn(serve(**listener, servers));
    std::size_t right = 0;
    TaskGroup visitors(stage.here.queue);
    for (int i = 0; i < 3; ++i) visitors.spawn(visit_local(stage.here, path, right));
    co_await visitors.join();
    CHECK(right == 3);
  }
  if (!stage.simulated) std::filesystem::remove_all(folder);
}
}  // namespace

TEST_CASE("local sockets") { play_both(local_case); }
