#include <deque>

#include "base/units.h"
#include "run.h"
#include "runtime/clock.h"
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

/// How long a message waits for its first peer, without --wait.
constexpr Duration kWait = std::chrono::seconds(30);

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

enum class Waited { done, late, alone };

Task<void> note(std::optional<Waited>& how, runtime::WaitList& changed, Task<void> task,
                Waited what) {
  co_await std::move(task);
  if (!how) how = what;
  changed.wake_all();
}

class Publisher {
 public:
  Publisher(Session& session, Outcome& outcome)
      : session_(session), gossip_(session.gossip()), outcome_(outcome) {}

  Task<Result<ExitStatus>> send(Bytes data) {
    const Options& options = session_.options();
    if (sent_ == 0) {
      Task<void> peers = enough_peers(gossip_, options.topic,
                                      static_cast<std::size_t>(options.min_peers.value_or(1)));
      auto there = co_await needed(std::move(peers));
      if (there != ExitStatus::yes) co_return there;
    }
    std::optional<Duration> gap;
    if (options.rate) gap = Duration(std::chrono::seconds(1)) / *options.rate;
    co_await gossip_.room(options.topic, gap);
    auto published = gossip_.publish(options.topic, std::move(data));
    if (!published) co_return fail(std::move(published).error());
    under_way_.push_back(std::move(*published));
    ++sent_;
    changed_.wake_all();
    co_return co_await arrived(kMostUnderWay);
  }

  /// Waits until at most `left` messages are still to arrive somewhere.
  Task<Result<ExitStatus>> arrived(std::size_t left) {
    while (!failed_ && under_way_.size() > left) co_await changed_.wait();
    if (failed_) co_return *failed_;
    co_return ExitStatus::yes;
  }

  /// Sees to it that messages arrive, oldest first, also while the next is waited for; and decides
  /// the outcome once one cannot.
  Task<void> follow() {
    while (true) {
      while (under_way_.empty()) co_await changed_.wait();
      const PublicationPtr oldest = under_way_.front();
      Task<void> arriving = somebody_has(gossip_, oldest);
      auto arrived = co_await needed(std::move(arriving));
      if (arrived != ExitStatus::yes) {
        failed_ = arrived;
        outcome_.decide(std::move(arrived));
        changed_.wake_all();
        co_return;
      }
      under_way_.pop_front();
      changed_.wake_all();
      cli::Console& console = session_.context().console;
      if (console.format() != cli::Format::text) {
        console.print(record_of(*oldest->message, oldest->id));
      }
    }
  }

  std::uint64_t sent() const { return sent_; }

 private:
  /// Waits for what a message cannot do without: yes when it is there, no when nobody is left who
  /// could bring it, an error when it takes too long.
  Task<Result<ExitStatus>> needed(Task<void> task) {
    const runtime::Runtime& runtime = session_.context().runtime;
    const Duration wait = session_.options().wait.value_or(kWait);
    std::optional<Waited> how;
    runtime::WaitList changed;
    runtime::TaskGroup group(runtime.queue);
    group.spawn(note(how, changed, std::move(task), Waited::done));
    group.spawn(note(how, changed, runtime::sleep_for(runtime.clock, wait), Waited::late));
    group.spawn(note(how, changed, session_.alone(), Waited::alone));
    while (!how) co_await changed.wait();
    if (how == Waited::done) co_return ExitStatus::yes;
    if (how == Waited::alone) co_return left_alone(session_);
    const std::string& topic = session_.options().topic;
    co_return fail(Error(Code::timeout, "publish to", topic,
                         "no peer of the topic was found within " + format_duration(wait))
                       .with_hint("somebody must have subscribed to it: p2p-gossip sub " + topic));
  }

  Session& session_;
  Service& gossip_;
  Outcome& outcome_;
  std::deque<PublicationPtr> under_way_;
  std::optional<Result<ExitStatus>> failed_;
  runtime::WaitList changed_;  // under_way_ or failed_
  std::uint64_t sent_ = 0;
};

Task<Result<ExitStatus>> publish_input(Session& session, Outcome& outcome, std::uint64_t most) {
  // Without input, too, it is worth knowing that nobody can be reached.
  co_await session.tried();
  if (session.is_alone()) co_return left_alone(session);
  Publisher publisher(session, outcome);
  runtime::TaskGroup following(session.context().runtime.queue);
  following.spawn(publisher.follow());
  Splitter splitter(session.options().framing());
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
        static_cast<void>(co_await publisher.arrived(0));
        co_return fail(std::move(message).error());
      }
      if (!*message) break;
      auto sent = co_await publisher.send(std::move(**message));
      if (sent != ExitStatus::yes) co_return sent;
    }
  }
  co_return co_await publisher.arrived(0);
}

}  // namespace

Task<void> publish(Session& session, Outcome& outcome, bool ends) {
  const std::uint64_t most =
      ends ? session.options().count.value_or(UINT64_MAX) : std::uint64_t(UINT64_MAX);
  auto published = co_await publish_input(session, outcome, most);
  if (ends || published != ExitStatus::yes) outcome.decide(std::move(published));
}

}  // namespace p2p::gossip
