// Diagnostics for people, one line each, handed to whoever holds the terminal. Not records: what a
// program downstream may want to read goes out as a record.
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace p2p {

enum class LogLevel { error, warning, info, debug };

/// Passed by value; an empty one is silent. The sink is called on the protocol thread.
class Log {
 public:
  using Sink = std::function<void(LogLevel, const std::string&)>;

  Log() = default;
  Log(LogLevel most, Sink sink) : most_(most), sink_(std::move(sink)) {}

  bool enabled(LogLevel level) const { return sink_ && level <= most_; }
  void operator()(LogLevel level, const std::string& line) const {
    if (enabled(level)) sink_(level, line);
  }

 private:
  LogLevel most_ = LogLevel::error;
  Sink sink_;
};

}  // namespace p2p
