// The subcommands. `pub` says, `sub` hears, `join` does both, over one session.
#pragma once

#include <algorithm>
#include <deque>

#include "session.h"

namespace p2p::gossip {

/// What pub has sent.
struct Sent {
  std::uint64_t count = 0;
  /// What is not known yet to have arrived, oldest first.
  std::deque<libp2p::gossipsub::PublicationPtr> under_way;
  bool sending = false;  ///< a message waits to be sent
  runtime::WaitList resumed;

  /// Some were sent, and all have arrived: nobody is missed until there is another to send.
  bool all_arrived() const {
    return count > 0 && !sending &&
           std::ranges::none_of(under_way, [](const auto& one) { return one->written.empty(); });
  }
};

/// How a part of the work ended; the first that has a status ends the tool.
struct Outcome {
  std::optional<Result<cli::ExitStatus>> status;
  std::uint64_t received = 0;
  Sent sent;
  runtime::WaitList decided;

  void decide(Result<cli::ExitStatus> how) {
    if (status) return;
    status.emplace(std::move(how));
    decided.wake_all();
  }
};

/// Sends standard input's messages; decides at its end if `ends`, or once it fails.
runtime::Task<void> publish(Session& session, Outcome& outcome, bool ends);
/// Prints what comes; decides once --count messages have come.
runtime::Task<void> receive(Session& session, Outcome& outcome);

struct Work {
  bool publishes = false;
  bool receives = false;
};
runtime::Task<Result<cli::ExitStatus>> run(cli::Context& context, const Options& options,
                                           Work work);

/// A message as a record.
record::Record record_of(const libp2p::gossipsub::Message& message,
                         const libp2p::gossipsub::MessageId& id);

}  // namespace p2p::gossip
