#include "base/units.h"
#include "run.h"
#include "runtime/deadline.h"
#include "splitter.h"

namespace p2p::gossip {

namespace {

using cli::ExitStatus;
using libp2p::gossipsub::PublicationPtr;
using libp2p::gossipsub::Service;
using runtime::Task;

/// Messages under way at one time: enough to keep connections busy, and few to lose when all peers
/// go at once.
constexpr std::size_t kMostUnderWay = 256;

Task<void> enough_peers(Service& gossip, std::string topic, std::size_t count) {
  while (gossip.peers(topic).size() < count) co_await gossip.topics_changed();
}

/// Returns when some peer has the message, sending it again to who came later.
Task<void> somebody_has(Service& gossip, PublicationPtr publication) {
  while (true) {
    co_await gossip.written(publication);
    if (!publication->written.empty()) co_return;
    co_await gossip.topic_peer(publication->message->topic);
    co_await gossip.room(publication->message->topic);
    gossip.republish(publication);
  }
}

class Publisher {
 public:
  Publisher(Session& session, Sent& sent)
      : session_(session), gossip_(session.gossip()), sent_(sent) {}

  Task<Result<void>> send(Bytes data) {
    const Options& options = session_.options();
    const Error nobody = late(options.wait);
    sent_.sending = true;
    sent_.resumed.wake_all();
    if (sent_.count == 0) {
      Task<void> peers =
          enough_peers(gossip_, options.topic, static_cast<std::size_t>(options.min_peers));
      const bool there = co_await within_wait(std::move(peers));
      if (!there) co_return fail(nobody);
    }
    std::optional<Duration> gap;
    if (options.rate) gap = Duration(std::chrono::seconds(1)) / *options.rate;
    co_await gossip_.room(options.topic, gap);
    auto published = gossip_.publish(options.topic, std::move(data));
    if (!published) co_return fail(std::move(published).error());
    sent_.under_way.push_back(std::move(*published));
    ++sent_.count;
    sent_.sending = false;
    while (sent_.under_way.size() > kMostUnderWay) {
      auto confirmed = co_await confirm();
      if (!confirmed) co_return confirmed;
    }
    co_return Result<void>();
  }

  Task<Result<void>> finish() {
    while (!sent_.under_way.empty()) {
      auto confirmed = co_await confirm();
      if (!confirmed) co_return confirmed;
    }
    co_return Result<void>();
  }

  std::uint64_t sent() const { return sent_.count; }

 private:
  /// Waits until the oldest message has arrived somewhere.
  Task<Result<void>> confirm() {
    const PublicationPtr oldest = sent_.under_way.front();
    Task<void> arriving = somebody_has(gossip_, oldest);
    const bool arrived = co_await within_wait(std::move(arriving));
    if (!arrived) co_return fail(late(session_.options().wait));
    sent_.under_way.pop_front();
    cli::Console& console = session_.context().console;
    if (console.format() != cli::Format::text) {
      console.print(record_of(*oldest->message, oldest->id));
    }
    co_return Result<void>();
  }

  Task<bool> within_wait(Task<void> task) {
    const runtime::Runtime& runtime = session_.context().runtime;
    return runtime::before(runtime.queue, runtime.clock,
                           runtime.clock.now() + session_.options().wait, std::move(task));
  }

  Error late(Duration wait) const {
    return Error(Code::timeout, "publish to", session_.options().topic,
                 "no peer of the topic was found within " + format_duration(wait))
        .with_hint("somebody must have subscribed to it: p2p-gossip sub " +
                   session_.options().topic);
  }

  Session& session_;
  Service& gossip_;
  Sent& sent_;
};

Task<Result<void>> publish_input(Session& session, Sent& sent, bool counts) {
  Publisher publisher(session, sent);
  Splitter splitter(session.options().framing());
  const std::uint64_t most = counts ? session.options().count.value_or(UINT64_MAX) : UINT64_MAX;
  bool more = true;
  while (more && publisher.sent() < most) {
    auto chunk = co_await session.context().input.read();
    if (!chunk) co_return fail(std::move(chunk).error());
    more = !chunk->empty();
    if (more) {
      splitter.feed(*chunk);
    } else {
      splitter.end();
    }
    while (publisher.sent() < most) {
      auto message = splitter.next();
      if (!message) {
        // What came before it is still to arrive.
        static_cast<void>(co_await publisher.finish());
        co_return fail(std::move(message).error());
      }
      if (!*message) break;
      auto done = co_await publisher.send(std::move(**message));
      if (!done) co_return done;
    }
  }
  auto finished = co_await publisher.finish();
  co_return finished;
}

}  // namespace

Task<void> publish(Session& session, Outcome& outcome, bool ends) {
  auto published = co_await publish_input(session, outcome.sent, ends);
  if (!published) {
    outcome.decide(fail(std::move(published).error()));
  } else if (ends) {
    outcome.decide(ExitStatus::yes);
  }
}

}  // namespace p2p::gossip
