#include "run.h"

#include "runtime/clock.h"

namespace p2p::gossip {

using cli::ExitStatus;
using runtime::Task;

namespace {

Task<void> give_up_alone(Session& session, Outcome& outcome, bool receives) {
  co_await session.alone();
  // A subscriber that has heard enough may leave before our input's end is known.
  while (!receives && outcome.sent.all_arrived()) {
    co_await outcome.sent.resumed.wait();
    co_await session.alone();
  }
  if (outcome.status) co_return;
  const bool met = outcome.sent.count > 0 || outcome.received > 0;
  Error error(Code::not_found,
              std::string(met ? "every peer has left" : "no peer could be reached") +
                  ", and none can come");
  session.context().console.error(
      std::move(error).with_hint("give a PEER that answers, --listen, or --mdns"));
  outcome.decide(ExitStatus::no);
}

Task<void> end_after(Session& session, Outcome& outcome, Duration span) {
  co_await runtime::sleep_for(session.context().runtime.clock, span);
  outcome.decide(outcome.received > 0 ? ExitStatus::yes : ExitStatus::no);
}

}  // namespace

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
    parts.spawn(give_up_alone(session, outcome, work.receives));
    while (!outcome.status) co_await outcome.decided.wait();
  }
  co_await session.close();
  co_return std::move(*outcome.status);
}

}  // namespace p2p::gossip
