// Progress over all files: one line on stderr for what many threads read.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/progress.h"

namespace p2p::hash {

class Meter {
 public:
  /// Watches nothing unless the console shows progress.
  explicit Meter(cli::Console& console);

  bool visible() const { return progress_.visible(); }
  void begin(std::string what, std::optional<std::uint64_t> total);
  /// So many bytes more, from any thread.
  void advance(std::uint64_t bytes);
  /// Takes the line off the terminal before something else is printed; it comes back by itself.
  void hide();
  /// Hides it and flushes what was printed, if anything was.
  void flush();

 private:
  cli::Console& console_;
  std::atomic<std::uint64_t> done_ = 0;
  std::mutex mutex_;
  cli::Progress progress_;
};

/// What the line says is worked on: the one file's name, or how many there are.
std::string describe(const std::vector<std::string>& names);
/// Bytes in the files named, or with `recursive` in the regular files below them; what cannot be
/// read has none. Nothing where a stream is among them, which ends when it ends.
std::optional<std::uint64_t> total_size(const std::vector<std::string>& names, bool recursive);

}  // namespace p2p::hash
