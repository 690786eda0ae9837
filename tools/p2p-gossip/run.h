// The subcommands. `pub` says, `sub` hears, `join` does both, over one session.
#pragma once

#include "session.h"

namespace p2p::gossip {

/// How a part of the work ended; the first that has a status ends the tool.
struct Outcome {
  std::optional<Result<cli::ExitStatus>> status;
  std::uint64_t received = 0;
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

/// Says that nobody is left to talk to; the answer is no.
cli::ExitStatus left_alone(Session& session);

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
