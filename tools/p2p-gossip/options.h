#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"

namespace p2p::gossip {

/// How messages are told apart on standard input, and on standard output in text.
enum class Framing {
  lines,  ///< one message a line; printed escaped, so that it stays a line
  null,   ///< each message ends with a NUL
  raw,    ///< all of standard input is one message; printed as they are, nothing between
};

struct Options {
  std::string topic;
  std::vector<std::string> peers;  ///< addresses or records
  cli::ListenOptions listen;
  cli::KeyOptions key;
  bool mdns = false;
  std::optional<std::string> peers_from;
  bool null = false;
  bool raw = false;
  std::optional<std::uint64_t> count;
  std::optional<Duration> timeout;
  std::optional<Duration> span;  ///< --for
  std::optional<Duration> wait;
  std::optional<std::uint64_t> min_peers;
  std::optional<std::uint64_t> rate;  ///< messages a second

  Framing framing() const { return raw ? Framing::raw : null ? Framing::null : Framing::lines; }
};

}  // namespace p2p::gossip
