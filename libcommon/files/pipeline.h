// Jobs on all cores, their results in order on the caller's thread.
//
//     Pipeline pipeline(default_jobs());
//     for (…) pipeline.submit(job, then);
//     pipeline.drain();
//
// Each `job` runs on some thread, at the same time as others; its `then` runs on the thread that
// calls submit() or drain(), after its job and after the `then` of everything submitted before. So
// what is read in parallel is printed in order, and a parent follows its children: submit them
// first. What is in flight is bounded: submit() waits while there is too much.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace p2p::files {

/// How many threads may run at once: the processors that the system lets this process use, by its
/// affinity and its control group's quota.
unsigned default_jobs();

class Pipeline {
 public:
  /// A quarter of 64 MiB, which a tool may take whatever it reads: the allocator's leftovers and
  /// what else the tool does were seen to take twice as much again.
  static constexpr std::size_t kMostHeld = 16 * 1024 * 1024;

  using Work = std::move_only_function<void()>;

  /// So many jobs run at once. With 1, or `threads` of 0, submit() does the work itself before it
  /// returns; else it is done by threads of their own, and the caller's only follows it up, at
  /// once. Where the system gives no threads, the caller's does it. `in_flight` bounds what is
  /// submitted and not yet followed up, and so the memory that jobs hold; 0 is four for each
  /// thread.
  explicit Pipeline(unsigned threads, std::size_t in_flight = 0);
  /// Drops what has not begun and waits for what has; no `then` is called.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  unsigned threads() const { return threads_; }

  /// Either may be empty. A `then` may not call submit() or drain(). `held` is the memory in bytes
  /// that both hold until they are done, where it is much: when submit() returns, what is in flight
  /// holds no more than kMostHeld together, however many threads there are.
  void submit(Work job, Work then, std::size_t held = 0);
  /// Returns when all that was submitted is followed up.
  void drain();
  /// Called on the caller's thread before it waits, or works on a job itself: the time to flush
  /// what was printed.
  void before_waiting(std::function<void()> flush) { before_waiting_ = std::move(flush); }

 private:
  struct Item {
    Work job;
    Work then;
    std::size_t held = 0;
    enum class State { waiting, running, done } state = State::waiting;
  };

  void serve();
  void add_worker();
  /// Follows up what is done at the front; afterwards at most `most` are in flight.
  void retire(std::size_t most);
  /// The next job that nobody has taken, marked as running; null where there is none.
  Item* take();

  const unsigned threads_;
  const std::size_t in_flight_;
  std::function<void()> before_waiting_;

  std::mutex mutex_;
  std::condition_variable work_added_;
  std::condition_variable front_done_;
  std::deque<Item> items_;   // a deque keeps its elements in place as its ends move
  std::size_t untaken_ = 0;  // place in items_ of the first that is waiting
  std::size_t held_ = 0;     // by all in items_
  bool stopping_ = false;
  unsigned most_threads_;  // fewer than threads_ where the system gives no more
  std::vector<std::jthread> workers_;
};

}  // namespace p2p::files
