#include "cli/console.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/system_error.h"
#include "base/system_io.h"
#include "base/temporary_name.h"

namespace p2p::cli {

namespace {

/// Beyond this, what is buffered goes out at once: large enough to make system calls rare, small
/// enough for a pipe (64 KiB on Linux) to take it whole.
constexpr std::size_t kBufferSize = 64 * 1024;

// What a terminal takes for a colour, bold.
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[1;33m";
constexpr std::string_view kPlain = "\x1b[0m";

}  // namespace

void end_by_signal(int signal) {
  TemporaryName::remove_all();
  ::signal(signal, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  std::_Exit(128 + signal);
}

void Output::write(ByteView data) {
  if (data.empty()) return;
  if (buffer_.size() + data.size() > kBufferSize) {
    flush();
    if (data.size() >= kBufferSize) return write_out(data);
  }
  const bool was_empty = buffer_.empty();
  append(buffer_, data);
  if (was_empty && plan_) plan_();
}

void Output::flush() {
  if (buffer_.empty()) return;
  const Bytes data = std::move(buffer_);
  buffer_.clear();  // before writing: a failure must not come back to it
  write_out(data);
}

void Output::close() {
  flush();
  if (::close(fd_) != 0 && errno != EBADF) failed_(errno);
}

void Output::write_out(ByteView data) {
  if (const int error = write_all(fd_, data)) failed_(error);
}

Console::Console(std::string tool)
    : tool_(std::move(tool)), out_(STDOUT_FILENO, [this](int error) {
        // A reader that went away; whoever started us may have had SIGPIPE ignored.
        if (error == EPIPE) end_by_signal(SIGPIPE);
        message(tool_ + ": " + painted("error:", kRed) +
                " write standard output: " + errno_text(error));
        std::_Exit(static_cast<int>(ExitStatus::error));
      }) {}

bool Console::color(int fd) const {
  using Color = ConsoleOptions::Color;
  if (options_.color != Color::automatic) return options_.color == Color::always;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == 0) && term != nullptr &&
         std::string_view(term) != "dumb";
}

std::string Console::painted(std::string_view word, std::string_view with) const {
  if (!color(STDERR_FILENO)) return std::string(word);
  return std::string(with).append(word).append(kPlain);
}

void Console::print(const record::Record& record) {
  Bytes encoded;
  record::write(record, options_.format, encoded);
  out_.write(encoded);
}

void Console::error(const Error& error) {
  message(tool_ + ": " + painted("error:", kRed) + " " + record::escape_text(error.message()));
  if (!error.hint.empty()) message("hint: " + record::escape_text(error.hint));
  if (options_.format != Format::text) print(record::record_of(error));
}

void Console::warn(std::string_view line) {
  message(tool_ + ": " + painted("warning:", kYellow) + " " + record::escape_text(line));
}

void Console::note(std::string_view line) {
  if (!options_.quiet) message(tool_ + ": " + record::escape_text(line));
}

void Console::message(std::string_view line) {
  out_.flush();
  std::string whole(line);
  whole += '\n';
  write_all(STDERR_FILENO, as_bytes(whole));  // nobody is left to tell
}

Log Console::log(LogLevel most) {
  return Log(most, [this](LogLevel level, const std::string& line) {
    switch (level) {
      case LogLevel::error:
        return message(tool_ + ": " + painted("error:", kRed) + " " + record::escape_text(line));
      case LogLevel::warning:
        return warn(line);
      case LogLevel::info:
      case LogLevel::debug:
        return note(line);
    }
  });
}

}  // namespace p2p::cli
