// A source of peers is one file: a command that declares itself, and a task that tells a Sink of
// each peer as it is found.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/app.h"
#include "cli/options.h"
#include "libp2p/host.h"

namespace p2p::discover {

/// What every source is told.
struct Options {
  std::optional<std::uint64_t> count;
  cli::KeyOptions key;
};

/// Prints peers, each once.
class Sink {
 public:
  Sink(cli::Console& console, std::string source, const Options& options)
      : console_(console), source_(std::move(source)), count_(options.count) {}

  /// `addrs` begin with the one to dial, and need not contain /p2p; `identity` where it is known.
  void found(const multiformats::PeerId& peer, const std::vector<multiformats::Multiaddr>& addrs,
             const libp2p::Identity* identity = nullptr);
  /// An address whose peer is not named.
  void found(const multiformats::Multiaddr& addr);

  /// --count peers were found.
  bool full() const { return count_ && printed_ >= *count_; }
  /// Yes if peers were found, as many as --count wanted.
  cli::ExitStatus status() const;

 private:
  cli::Console& console_;
  std::string source_;
  std::optional<std::uint64_t> count_;
  std::uint64_t printed_ = 0;
  std::set<multiformats::PeerId> seen_;
};

void add_mdns(cli::Command& tool, const Options& options);
void add_bootstrap(cli::Command& tool, const Options& options);
void add_dns(cli::Command& tool, const Options& options);

}  // namespace p2p::discover
