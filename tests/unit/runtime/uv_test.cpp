// The real world's own promises: standard input of every kind, signals, descriptors running out,
// DNS.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/endian.h"
#include "support/needs.h"
#include "unit/runtime/streams.h"

using namespace p2p;
using namespace p2p::runtime;
using namespace p2p::runtime::test;
using namespace std::chrono_literals;

namespace {

struct InputResult {
  Bytes bytes;
  std::optional<Error> error;
  bool ended = false;
};

Task<int> read_input(Input& input, InputResult& out) {
  while (true) {
    const auto bytes = co_await input.read();
    if (!bytes) {
      out.error = bytes.error();
      co_return 1;
    }
    if (bytes->empty()) break;
    append(out.bytes, *bytes);
  }
  const auto again = co_await input.read();
  out.ended = again && again->empty();
  co_return 0;
}

InputResult read_from(int descriptor) {
  UvOptions options;
  options.input_descriptor = descriptor;
  UvRuntime world(options);
  InputResult out;
  world.run(read_input(world.input(), out));
  return out;
}

Task<int> return_now(int value) { co_return value; }

Task<int> read_and_give_up(Runtime runtime, Input& input) {
  InputResult out;
  auto race =
      before(runtime.queue, runtime.clock, runtime.clock.now() + 20ms, read_input(input, out));
  const auto done = co_await std::move(race);
  co_return done ? 1 : 0;
}

}  // namespace

TEST_CASE("standard input is a pipe") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK(::write(ends[1], "hello", 5) == 5);
  ::close(ends[1]);
  const auto got = read_from(ends[0]);
  CHECK(got.bytes == to_bytes("hello"));
  CHECK(got.ended);
  ::close(ends[0]);
}

TEST_CASE("standard input is a file larger than a buffer, /dev/null, a folder, or closed") {
  const auto path =
      std::filesystem::temp_directory_path() / ("p2p-input-" + std::to_string(::getpid()));
  const auto content = patterned(0, 1'000'000);
  std::ofstream(path, std::ios::binary) << as_text(content);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto got = read_from(file);
  CHECK(got.bytes == content);
  CHECK(got.ended);
  ::close(file);
  std::filesystem::remove(path);

  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(read_from(null).ended);
  ::close(null);

  const int folder = ::open("/", O_RDONLY | O_CLOEXEC);
  const auto failed = read_from(folder);
  REQUIRE(failed.error);
  CHECK(failed.error->code == Code::io);
  ::close(folder);

  const auto closed = read_from(1000);
  REQUIRE(closed.error);
  CHECK(closed.error->code == Code::io);
  CHECK(closed.error->message() == "read standard input: bad file descriptor");
}

TEST_CASE("input that never comes does not hold up the end") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    UvOptions options;
    options.input_descriptor = ends[0];
    UvRuntime world(options);
    CHECK(world.run(read_and_give_up(world.runtime(), world.input())).status == 0);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a read of input that was cancelled loses nothing") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  UvOptions options;
  options.input_descriptor = ends[0];
  UvRuntime world(options);
  CHECK(world.run(read_and_give_up(world.runtime(), world.input())).status == 0);
  CHECK(::write(ends[1], "later", 5) == 5);
  ::close(ends[1]);
  InputResult out;
  CHECK(world.run(read_input(world.input(), out)).status == 0);
  CHECK(out.bytes == to_bytes("later"));
  ::close(ends[0]);
}

TEST_CASE("a world runs several tasks one after the other") {
  UvRuntime world;
  CHECK(world.run(return_now(3)).status == 3);
  CHECK(world.run(return_now(4)).status == 4);
}

namespace {

struct Cleanup {
  explicit Cleanup(bool& out) : done(out) {}
  ~Cleanup() { done = true; }
  bool& done;
};

Task<int> signalled(Runtime runtime, int number, bool& cleaned) {
  const Cleanup cleanup(cleaned);
  Endpoint at;
  at.ip = IpAddress::v4(127, 0, 0, 1);
  auto listener = runtime.net.listen(at);
  CHECK(listener);
  ::raise(number);
  const auto never = co_await (*listener)->accept();
  co_return never ? 0 : 1;
}

}  // namespace

TEST_CASE("a signal ends the main task, which cleans up") {
  for (const int number : {SIGTERM, SIGHUP}) {
    UvRuntime world;
    bool cleaned = false;
    const auto outcome = world.run(signalled(world.runtime(), number, cleaned));
    CHECK(outcome.signal == number);
    CHECK(cleaned);
    // Afterwards it has its default effect again, so that the program can end by it.
    struct sigaction now{};
    ::sigaction(number, nullptr, &now);
    CHECK((now.sa_handler == SIG_DFL));
  }
}

namespace {

Task<int> ignored_signal(Runtime runtime) {
  struct sigaction now{};
  ::sigaction(SIGHUP, nullptr, &now);
  CHECK((now.sa_handler == SIG_IGN));
  ::raise(SIGHUP);
  // Delivered within the call; a round of the loop would see what a handler had left.
  co_await sleep_for(runtime.clock, 0ms);
  co_return 5;
}

}  // namespace

TEST_CASE("a signal that was ignored stays ignored, as under nohup") {
  std::signal(SIGHUP, SIG_IGN);
  {
    UvRuntime world;
    const auto outcome = world.run(ignored_signal(world.runtime()));
    CHECK(outcome.status == 5);
    CHECK(outcome.signal == 0);
  }
  std::signal(SIGHUP, SIG_DFL);
}

namespace {

/// Lowers the limit of descriptors to what is open now and `more`, while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t more) {
    ::getrlimit(RLIMIT_NOFILE, &old_);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    rlimit low = old_;
    low.rlim_cur = static_cast<rlim_t>(next) + more;
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_{};
};

Task<int> run_out(Runtime runtime) {
  Endpoint at;
  at.ip = IpAddress::v4(127, 0, 0, 1);
  auto listener = runtime.net.listen(at);
  CHECK(listener);
  auto client = co_await runtime.net.connect((*listener)->local());
  CHECK(client);
  std::unique_ptr<TcpStream> accepted;
  const auto resumed = runtime.queue.resumed();
  TaskGroup group(runtime.queue);
  {
    const FewDescriptors few(0);
    group.spawn(accept_into(**listener, accepted));
    auto pause = sleep_for(runtime.clock, 250ms);
    co_await std::move(pause);
    CHECK_FALSE(accepted);
    CHECK(runtime.queue.resumed() - resumed < 20);  // it paused and did not spin
    const auto refused = co_await runtime.net.connect((*listener)->local());
    CHECK_FALSE(refused);
    if (!refused) CHECK(refused.error().code == Code::limit);
  }
  co_await group.join();
  CHECK(accepted);
  co_return 0;
}

}  // namespace

TEST_CASE("a listener without descriptors waits until there are some") {
  UvRuntime world;
  CHECK(world.run(run_out(world.runtime())).status == 0);
}

namespace {

Task<int> stale(Runtime runtime, std::string path) {
  {
    const auto listener = runtime.net.listen_local(path);
    CHECK(listener);
  }
  CHECK(std::filesystem::exists(path));  // removing it is the caller's
  const auto refused = co_await runtime.net.connect_local(path);
  CHECK_FALSE(refused);
  if (!refused) CHECK(refused.error().code == Code::refused);
  const auto again = runtime.net.listen_local(path);
  CHECK_FALSE(again);
  std::filesystem::remove(path);
  const auto fresh = runtime.net.listen_local(path);
  CHECK(fresh);
  std::filesystem::remove(path);
  co_return 0;
}

}  // namespace

TEST_CASE("a stale local socket refuses and is not replaced") {
  UvRuntime world;
  const auto path =
      std::filesystem::temp_directory_path() / ("p2p-stale-" + std::to_string(::getpid()));
  world.run(stale(world.runtime(), path.string()));
}

namespace {

Task<int> six(Runtime runtime) {
  Endpoint at;
  at.ip = *IpAddress::parse("::1");
  auto listener = runtime.net.listen(at);
  if (!listener) {
    p2p::test::left_out("no IPv6 loopback here: " + listener.error().message());
    co_return 0;
  }
  CHECK((*listener)->local().ip == at.ip);
  const auto connected = co_await runtime.net.connect((*listener)->local());
  CHECK(connected);
  Endpoint any;
  any.ip = IpAddress::any(true);
  const auto all = runtime.net.listen(any);
  CHECK(all);
  if (!all) co_return 0;
  // IPv6 only, whatever the system's default: the IPv4 port is another program's to take.
  Endpoint four;
  four.ip = IpAddress::any(false);
  four.port = (*all)->local().port;
  CHECK(runtime.net.listen(four));
  co_return 0;
}

}  // namespace

TEST_CASE("IPv6 listeners take IPv6 only" * doctest::test_suite("needs IPv6")) {
  UvRuntime world;
  world.run(six(world.runtime()));
}

// --- DNS, answered by a server of our own ---

namespace {

/// A resource record of `type` for the question's name.
void add_record(Bytes& out, std::uint16_t type, ByteView data) {
  append_be<std::uint16_t>(out, 0xc00c);  // the name at offset 12
  append_be<std::uint16_t>(out, type);
  append_be<std::uint16_t>(out, 1);
  append_be<std::uint32_t>(out, 60);
  append_be<std::uint16_t>(out, static_cast<std::uint16_t>(data.size()));
  append(out, data);
}

Bytes answer_to(ByteView query) {
  const auto name_end =
      static_cast<std::size_t>(std::find(query.begin() + 12, query.end(), 0) - query.begin());
  const auto first = to_text(query.subspan(13, query[12]));
  const auto type = load_be<std::uint16_t>(query.data() + name_end + 1);
  const auto question = query.subspan(12, name_end + 5 - 12);
  Bytes records;
  std::uint16_t count = 0;
  std::uint16_t flags = 0x8180;
  if (first == "missing") flags |= 3;  // NXDOMAIN
  if (first == "broken") flags |= 2;   // SERVFAIL
  if (first == "host" && type == 1) {
    add_record(records, 1, Bytes{192, 0, 2, 1});
    add_record(records, 1, Bytes{192, 0, 2, 2});
    count = 2;
  }
  if (first == "host" && type == 28) {
    Bytes six(16, 0);
    six[0] = 0x20;
    six[15] = 9;
    add_record(records, 28, six);
    count = 1;
  }
  if (first == "text" && type == 16) {
    add_record(records, 16, as_bytes("\x05hello\x06 world"));  // two strings of one record
    add_record(records, 16, as_bytes("\x03two"));
    count = 2;
  }
  Bytes out = to_bytes(query.first(2));
  append_be(out, flags);
  append_be<std::uint16_t>(out, 1);
  append_be(out, count);
  append_be<std::uint32_t>(out, 0);
  append(out, question);
  append(out, records);
  return out;
}

Task<void> serve_dns(UdpSocket& socket) {
  while (true) {
    const auto query = co_await socket.receive();
    if (!query) co_return;
    const auto answer = answer_to(query->data);
    if (as_text(query->data).find("silent") != std::string_view::npos) continue;
    CHECK(socket.send(query->from, answer));
  }
}

template <class T>
Code code_of(const Result<T>& result) {
  return result ? Code::internal : result.error().code;
}

Task<int> ask_names(Runtime runtime, UdpSocket& server) {
  TaskGroup group(runtime.queue);
  group.spawn(serve_dns(server));
  auto& resolver = runtime.net.resolver();
  const auto all = co_await resolver.addresses("host.example", Resolver::Family::any);
  CHECK(all);
  if (all) CHECK(all->size() == 3);
  const auto four = co_await resolver.addresses("host.example", Resolver::Family::v4);
  CHECK(four);
  if (four) CHECK(four->size() == 2);
  const auto six = co_await resolver.addresses("host.example", Resolver::Family::v6);
  CHECK(six);
  if (six && !six->empty()) CHECK(six->front().text() == "2000::9");
  const auto texts = co_await resolver.txt("text.example");
  CHECK(texts);
  if (texts) CHECK(*texts == std::vector<std::string>{"hello world", "two"});
  const auto missing = co_await resolver.addresses("missing.example", Resolver::Family::any);
  CHECK(code_of(missing) == Code::not_found);
  const auto no_text = co_await resolver.txt("host.example");
  CHECK(code_of(no_text) == Code::not_found);
  const auto broken = co_await resolver.txt("broken.example");
  CHECK(code_of(broken) == Code::unreachable);
  // Loopback without asking: a container may have no /etc/hosts.
  const auto localhost = co_await resolver.addresses("localhost", Resolver::Family::v4);
  CHECK(localhost);
  const auto below = co_await resolver.addresses("Peer.LocalHost.", Resolver::Family::v6);
  CHECK(below);
  if (below && !below->empty()) CHECK(below->front().text() == "::1");
  const auto not_it = co_await resolver.addresses("notlocalhost", Resolver::Family::v4);
  CHECK(code_of(not_it) == Code::not_found);

  // Cancelled while the server says nothing; the next question is not disturbed.
  auto race = before(runtime.queue, runtime.clock, runtime.clock.now() + 50ms,
                     resolver.txt("silent.example"));
  const auto late = co_await std::move(race);
  CHECK_FALSE(late);
  const auto again = co_await resolver.txt("text.example");
  CHECK(again);
  co_return 0;
}

}  // namespace

TEST_CASE("names are resolved by the given server") {
  UvRuntime server_world;  // only lends its socket's port number
  Endpoint at;
  at.ip = IpAddress::v4(127, 0, 0, 1);
  UvOptions options;
  {
    const auto probe = server_world.runtime().net.udp(at, UdpOptions());
    REQUIRE(probe);
    options.dns_server = (*probe)->local();
  }
  UvRuntime world(options);
  const auto server = world.runtime().net.udp(*options.dns_server, UdpOptions());
  REQUIRE(server);
  world.run(ask_names(world.runtime(), **server));
}
