#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/units.h"
#include "cli/console.h"

namespace p2p::cli {

namespace {

/// Work that is done sooner leaves no trace on the terminal.
constexpr Duration kPatience = std::chrono::seconds(1);
constexpr Duration kRedraw = std::chrono::milliseconds(100);

std::size_t terminal_columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string clock_text(std::int64_t seconds) {
  char text[32];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(seconds / 3600),
                  static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  }
  return text;
}

void draw(std::string_view text) {
  // A progress line that cannot be written is not worth a word.
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

std::string progress_line(const std::string& what, std::uint64_t done,
                          std::optional<std::uint64_t> total, Duration elapsed) {
  std::string line = what + "  " + format_size(done);
  if (total) line += " of " + format_size(*total);
  const double seconds = static_cast<double>(elapsed.count()) / 1e6;
  if (seconds <= 0 || done == 0) return line;
  const double rate = static_cast<double>(done) / seconds;
  line += "  " + format_size(static_cast<std::uint64_t>(rate)) + "/s";
  if (total && *total >= done && rate >= 1) {
    const double left = static_cast<double>(*total - done) / rate;
    line += "  " + clock_text(static_cast<std::int64_t>(std::min(left, 1e9))) + " left";
  }
  return line;
}

Progress::Progress(const Console& console)
    : visible_(!console.quiet() && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { end(); }

void Progress::begin(std::string what, std::optional<std::uint64_t> total, Time now) {
  end();
  what_ = std::move(what);
  total_ = total;
  begun_ = now;
  drawn_at_ = now;
}

void Progress::update(std::uint64_t done, Time now) {
  if (!visible_ || now - begun_ < kPatience || now - drawn_at_ < kRedraw) return;
  drawn_at_ = now;
  drawn_ = true;
  std::string line = progress_line(what_, done, total_, now - begun_);
  line.resize(std::min(line.size(), terminal_columns() - 1));
  draw("\r" + line + "\x1b[K");
}

void Progress::end() {
  if (drawn_) draw("\r\x1b[K");
  drawn_ = false;
}

}  // namespace p2p::cli
