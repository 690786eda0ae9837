// Progress for people: one line on stderr that is redrawn in place, with bytes, rate and time left.
// Shown only where stderr is a terminal and --quiet was not given, and only for work that has taken
// a second already, so that quick work leaves no trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace p2p::cli {

class Console;

/// The line's text, without the terminal: "photo.raw  1.5 GiB of 3.0 GiB  1.1 GiB/s  0:01 left".
std::string progress_line(const std::string& what, std::uint64_t done,
                          std::optional<std::uint64_t> total, Duration elapsed);

/// Time is handed in: tools take it from their runtime's clock, synchronous ones from
/// steady_time().
class Progress {
 public:
  explicit Progress(const Console& console);
  ~Progress();  ///< erases the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool visible() const { return visible_; }
  void begin(std::string what, std::optional<std::uint64_t> total, Time now);
  /// Redraws at most ten times a second.
  void update(std::uint64_t done, Time now);
  /// Erases the line, so that something else can be printed.
  void end();

 private:
  bool visible_ = false;
  bool drawn_ = false;
  std::string what_;
  std::optional<std::uint64_t> total_;
  Time begun_{};
  Time drawn_at_{};
};

}  // namespace p2p::cli
