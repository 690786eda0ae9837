// Whole tools, each in a process of its own: what the parent sees of their streams and their end.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "cli/app.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/progress.h"

using namespace p2p;
using cli::Command;
using cli::Console;
using cli::ExitStatus;

namespace {

struct Ended {
  int status = -1;  ///< exit status, or -1
  int signal = 0;
  std::string out;
  std::string err;
};

std::string read_to_end(int fd) {
  std::string text;
  char piece[4096];
  for (ssize_t n; (n = ::read(fd, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return text;
}

/// Runs `tool` in a child; `meanwhile` gets its process id and its standard output. Standard output
/// is a pipe, or what `stdout_path` opens.
Ended run_tool(const std::function<int()>& tool,
               const std::function<void(pid_t, int)>& meanwhile = {},
               const char* stdout_path = nullptr) {
  int out[2];
  int err[2];
  REQUIRE(::pipe(out) == 0);
  REQUIRE(::pipe(err) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(stdout_path != nullptr ? ::open(stdout_path, O_WRONLY) : out[1], 1);
    ::dup2(err[1], 2);
    for (const int fd : {out[0], out[1], err[0], err[1]}) ::close(fd);
    ::_exit(tool());
  }
  ::close(out[1]);
  ::close(err[1]);
  if (meanwhile) meanwhile(child, out[0]);
  Ended ended;
  ended.out = read_to_end(out[0]);
  ended.err = read_to_end(err[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) ended.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  return ended;
}

int run_command(Command& command, std::vector<std::string> args) {
  args.insert(args.begin(), command.name());
  std::vector<char*> argv;
  for (auto& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  return cli::run(static_cast<int>(args.size()), argv.data(), command);
}

/// A tool with this action, run with these arguments.
std::function<int()> tool(cli::Action action, std::vector<std::string> args = {}) {
  return [action = std::move(action), args = std::move(args)] {
    Command command("p2p-x", "a tool");
    command.action(action);
    return run_command(command, args);
  };
}

void wait_for_byte(int fd) {
  char byte = 0;
  REQUIRE(::read(fd, &byte, 1) == 1);
}

runtime::Task<Result<ExitStatus>> sleep_long(cli::Context& context) {
  context.console.out().write("ready\n");
  co_await runtime::sleep_for(context.runtime.clock, std::chrono::seconds(60));
  co_return ExitStatus::yes;
}

/// Its destructor takes longer than cleaning up may.
struct Stubborn {
  ~Stubborn() {
    for (;;) ::pause();
  }
};

runtime::Task<Result<ExitStatus>> sleep_and_hang(cli::Context& context) {
  const Stubborn stubborn;
  auto sleeping = sleep_long(context);
  co_return co_await std::move(sleeping);
}

runtime::Task<Result<ExitStatus>> answer_no(cli::Context& context) {
  co_await runtime::sleep_for(context.runtime.clock, std::chrono::milliseconds(1));
  context.console.print(record::Record("verdict").set("subject", "x").set("ok", false));
  co_return ExitStatus::no;
}

}  // namespace

TEST_CASE("an action's answer is the exit status; its output arrives") {
  const auto ended = run_tool(tool([](Console& console) -> Result<ExitStatus> {
    console.out().write("one\n");
    return ExitStatus::no;
  }));
  CHECK(ended.status == 1);
  CHECK(ended.out == "one\n");
  CHECK(ended.err.empty());
}

TEST_CASE("an error is one line and its hint, and a record where records are printed") {
  const cli::Action action = [](Console&) -> Result<ExitStatus> {
    return fail(Error(Code::refused, "dial", "1.2.3.4", "nobody\nthere").with_hint("try later"));
  };
  const auto text = run_tool(tool(action));
  CHECK(text.status == 2);
  CHECK(text.out.empty());
  CHECK(text.err == "p2p-x: error: dial 1.2.3.4: nobody\\nthere\nhint: try later\n");
  const auto json = run_tool(tool(action, {"--json"}));
  CHECK(json.status == 2);
  CHECK(json.err == text.err);
  CHECK(
      json.out ==
      "{\"type\":\"error\",\"v\":1,\"code\":\"refused\",\"doing\":\"dial\",\"subject\":\"1.2.3.4\","
      "\"why\":\"nobody\\nthere\",\"hint\":\"try later\"}\n");
}

TEST_CASE("a timeout is 124") {
  const auto ended = run_tool(
      tool([](Console&) -> Result<ExitStatus> { return fail(Code::timeout, "nobody answered"); }));
  CHECK(ended.status == 124);
}

TEST_CASE("a full disk is 2 and said, whether one byte or many were written") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1} << 20}) {
    const auto ended = run_tool(tool([size](Console& console) -> Result<ExitStatus> {
                                  console.out().write(std::string(size, 'x'));
                                  return ExitStatus::yes;
                                }),
                                {}, "/dev/full");
    CHECK(ended.status == 2);
    CHECK(ended.err == "p2p-x: error: write standard output: No space left on device\n");
  }
}

TEST_CASE("a reader that went away ends the tool by SIGPIPE, even if that was ignored") {
  const auto ended = run_tool(
      [] {
        ::signal(SIGPIPE, SIG_IGN);
        return tool([](Console& console) -> Result<ExitStatus> {
          for (;;) console.out().write("x\n");
        })();
      },
      [](pid_t, int out) {
        wait_for_byte(out);
        ::close(out);
      });
  CHECK(ended.signal == SIGPIPE);
  CHECK(ended.err.empty());
}

TEST_CASE("output is flushed before the loop waits, not only at the end") {
  const auto ended = run_tool(tool(cli::networked(sleep_long)), [](pid_t child, int out) {
    wait_for_byte(out);  // while the tool sleeps for a minute
    ::kill(child, SIGKILL);
  });
  CHECK(ended.signal == SIGKILL);
}

TEST_CASE("a signal ends a networked tool by that signal") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto ended = run_tool(tool(cli::networked(sleep_long)), [&](pid_t child, int out) {
      wait_for_byte(out);
      ::kill(child, signal);
    });
    CHECK(ended.signal == signal);
    CHECK(ended.err.empty());
  }
}

TEST_CASE("cleaning up that hangs is cut off by the same signal") {
  const auto ended = run_tool(tool(cli::networked(sleep_and_hang)), [](pid_t child, int out) {
    wait_for_byte(out);
    ::kill(child, SIGTERM);
  });
  CHECK(ended.signal == SIGTERM);
}

TEST_CASE("a networked tool's answer, output and deadline") {
  const auto no = run_tool(tool(cli::networked(answer_no), {"--json"}));
  CHECK(no.status == 1);
  CHECK(no.out == "{\"type\":\"verdict\",\"v\":1,\"subject\":\"x\",\"ok\":false}\n");
  const auto late = run_tool([] {
    std::optional<Duration> timeout = std::chrono::milliseconds(20);
    return tool(cli::networked(sleep_long, &timeout))();
  });
  CHECK(late.status == 124);
  CHECK(late.out == "ready\n");
  CHECK(late.err == "p2p-x: error: timed out after 20ms\n");
}

TEST_CASE("closed standard descriptors are filled, so that no file becomes one of them") {
  const auto ended = run_tool([] {
    ::close(0);
    return tool([](Console& console) -> Result<ExitStatus> {
      const int fd = ::open("/dev/null", O_RDONLY);
      char byte = 0;
      const bool unreadable = ::read(0, &byte, 1) < 0;
      console.out().write(fd > 2 && unreadable ? "good" : "bad");
      return ExitStatus::yes;
    })();
  });
  CHECK(ended.out == "good");
}

TEST_CASE("progress says how much, how fast, how long still") {
  CHECK(cli::progress_line("f", 0, std::nullopt, Duration(0)) == "f  0 B");
  CHECK(cli::progress_line("f", 1 << 20, 3 << 20, std::chrono::seconds(2)) ==
        "f  1.0 MiB of 3.0 MiB  512.0 KiB/s  0:04 left");
  // Too slow to tell.
  const auto slow = cli::progress_line("f", 1, 1'000'000, std::chrono::hours(1));
  CHECK(slow.find("left") == std::string::npos);
}
