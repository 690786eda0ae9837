#include "run.h"

#include "runtime/clock.h"

namespace p2p::gossip {

using cli::ExitStatus;
using runtime::Task;

namespace {

Task<void> give_up_alone(Session& session, Outcome& outcome) {
  co_await session.alone();
  if (!outcome.status) outcome.decide(left_alone(session));
}

Task<void> end_after(Session& session, Outcome& outcome, Duration span) {
  co_await runtime::sleep_for(session.context().runtime.clock, span);
  outcome.decide(outcome.received > 0 ? ExitStatus::yes : ExitStatus::no);
}

}  // namespace

ExitStatus left_alone(Session& session) {
  const std::string who = session.met() ? "every peer has left" : "no peer could be reached";
  session.context().console.error(Error(Code::not_found, who + ", and none can come")
                                      .with_hint("give a PEER that answers, --listen, or --mdns"));
  // Of peers that could not be read nobody knows whether they would have answered.
  return session.misread() && !session.met() ? ExitStatus::error : ExitStatus::no;
}

Task<Result<ExitStatus>> run(cli::Context& context, const Options& options, Work work) {
  auto key = cli::load_key(options.key, context.runtime.random);
  if (!key) co_return fail(std::move(key).error());
  Session session(context, options, std::move(*key));
  if (work.receives) session.gossip().subscribe(options.topic);
  auto started = session.start();
  if (!started) co_return fail(std::move(started).error());

  Outcome outcome;
  {
    runtime::TaskGroup parts(context.runtime.queue);
    if (work.receives) parts.spawn(receive(session, outcome));
    if (work.publishes) parts.spawn(publish(session, outcome, !work.receives));
    if (options.span) parts.spawn(end_after(session, outcome, *options.span));
    // A publisher misses its peers when it has something to say, and not before.
    if (work.receives) parts.spawn(give_up_alone(session, outcome));
    while (!outcome.status) co_await outcome.decided.wait();
  }
  co_await session.close();
  co_return std::move(*outcome.status);
}

}  // namespace p2p::gossip
