#include "runtime/task.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace p2p::runtime;

namespace {

Task<int> now(int value) { co_return value; }

Task<void> nothing() { co_return; }

Task<void> count_to(int n, int& count) {
  for (int i = 0; i < n; ++i) count += co_await now(1);
}

/// Leaves a mark when its frame is destroyed.
struct Mark {
  Mark(std::string& out, char c) : log(out), mark(c) {}
  ~Mark() { log += mark; }
  std::string& log;
  char mark;
};

Task<void> wait_once(WaitList& list, std::string& log, char c) {
  const Mark mark(log, c);
  co_await list.wait();
  log += static_cast<char>(c - 'a' + 'A');
}

Task<void> nested_wait(WaitList& list, std::string& log, char c) {
  const Mark mark(log, c);
  co_await wait_once(list, log, static_cast<char>(c + 1));
}

}  // namespace

TEST_CASE("a million synchronous awaits do not grow the stack") {
  ReadyQueue queue;
  TaskGroup group(queue);
  int count = 0;
  group.spawn(count_to(1'000'000, count));
  queue.run_until_idle();
  CHECK(count == 1'000'000);
  CHECK(group.empty());
}

namespace {

Task<void> hand_over(WaitList& mine, WaitList& other, int n, int& count) {
  for (int i = 0; i < n; ++i) {
    other.wake_one();
    ++count;
    co_await mine.wait();
  }
}

Task<int> deep(WaitList& list, int depth) {
  if (depth == 0) {
    co_await list.wait();
    co_return 0;
  }
  const int below = co_await deep(list, depth - 1);
  co_return below + 1;
}

Task<void> keep(Task<int> task, int& out) { out = co_await std::move(task); }

}  // namespace

TEST_CASE("a hundred thousand suspensions go through the queue without nesting") {
  ReadyQueue queue;
  WaitList ping;
  WaitList pong;
  int count = 0;
  TaskGroup group(queue);
  group.spawn(hand_over(ping, pong, 100'000, count));
  group.spawn(hand_over(pong, ping, 100'000, count));
  queue.run_until_idle();
  CHECK(count >= 199'999);
}

TEST_CASE("results come up through suspended parents") {
  ReadyQueue queue;
  WaitList list;
  int out = -1;
  TaskGroup group(queue);
  group.spawn(keep(deep(list, 100), out));
  queue.run_until_idle();
  CHECK(out == -1);
  list.wake_all();
  queue.run_until_idle();
  CHECK(out == 100);
  CHECK(group.empty());
}

namespace {

Task<void> hold(std::shared_ptr<int>) { co_return; }

}  // namespace

TEST_CASE("a task that is never started is destroyed with its arguments") {
  ReadyQueue queue;
  const auto held = std::make_shared<int>(0);
  {
    const auto task = hold(held);
    TaskGroup group(queue);
    group.spawn(hold(held));
    CHECK(held.use_count() == 3);
  }
  CHECK(queue.empty());
  CHECK(held.use_count() == 1);
}

TEST_CASE("wake-ups keep their order, across lists and tasks") {
  ReadyQueue queue;
  WaitList first;
  WaitList second;
  std::string log;
  TaskGroup group(queue);
  for (const char c : {'a', 'b', 'c'}) group.spawn(wait_once(first, log, c));
  for (const char c : {'x', 'y'}) group.spawn(wait_once(second, log, c));
  queue.run_until_idle();
  CHECK(log.empty());
  second.wake_one();
  first.wake_all();
  second.wake_one();
  CHECK(log.empty());  // nothing resumes inline
  queue.run_until_idle();
  CHECK(log == "XxAaBbCcYy");
}

TEST_CASE("waking a list with nobody in it does nothing") {
  ReadyQueue queue;
  WaitList list;
  list.wake_one();
  list.wake_all();
  CHECK(queue.empty());
  CHECK_FALSE(queue.run_one());
}

TEST_CASE("cancelling destroys suspended frames, inner ones first") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  TaskGroup group(queue);
  group.spawn(nested_wait(list, log, 'a'));
  queue.run_until_idle();
  group.cancel();
  CHECK(log == "ba");
  CHECK(group.empty());
  CHECK(list.empty());
  list.wake_all();
  CHECK(queue.empty());
}

TEST_CASE("cancelling what was woken but not resumed takes it out of the queue") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  TaskGroup group(queue);
  group.spawn(wait_once(list, log, 'a'));
  queue.run_until_idle();
  list.wake_all();
  CHECK_FALSE(queue.empty());
  group.cancel();
  CHECK(queue.empty());
  CHECK(log == "a");
}

TEST_CASE("a list that goes first forgets its waiters") {
  ReadyQueue queue;
  std::string log;
  auto list = std::make_unique<WaitList>();
  TaskGroup group(queue);
  group.spawn(wait_once(*list, log, 'a'));
  queue.run_until_idle();
  list.reset();
  queue.run_until_idle();
  CHECK(group.size() == 1);
  group.cancel();
  CHECK(log == "a");
}

namespace {

Task<void> cancel_own(std::unique_ptr<TaskGroup>& group, WaitList& list, std::string& log) {
  const Mark mark(log, 'x');
  group.reset();
  log += '1';  // still running: the frame is intact
  co_await nothing();
  log += '2';
  co_await list.wait();
  log += '3';
}

Task<void> cancel_own_and_end(TaskGroup& group, std::string& log) {
  const Mark mark(log, 'x');
  group.cancel();
  log += '1';
  co_return;
}

Task<void> cancel_other(TaskGroup& other, std::string& log) {
  other.cancel();
  log += '1';
  co_return;
}

}  // namespace

TEST_CASE("a task that destroys its own group runs on until it suspends") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  auto group = std::make_unique<TaskGroup>(queue);
  TaskGroup& raw = *group;
  raw.spawn(cancel_own(group, list, log));
  raw.spawn(wait_once(list, log, 'a'));
  queue.run_until_idle();
  CHECK(log == "12x");
  CHECK(list.empty());
}

TEST_CASE("a task that cancels its own group and then ends is destroyed once") {
  ReadyQueue queue;
  std::string log;
  TaskGroup group(queue);
  group.spawn(cancel_own_and_end(group, log));
  queue.run_until_idle();
  CHECK(log == "1x");
  CHECK(group.empty());
}

TEST_CASE("a task may cancel another group while that one's tasks are ready") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  TaskGroup one(queue);
  TaskGroup two(queue);
  two.spawn(wait_once(list, log, 'a'));
  queue.run_until_idle();
  one.spawn(cancel_other(two, log));
  list.wake_all();
  one.cancel();
  one.spawn(cancel_other(two, log));
  queue.run_until_idle();
  CHECK(log.find('1') != std::string::npos);
  CHECK(log.find('a') != std::string::npos);
  CHECK(two.empty());
}

namespace {

struct Owner {
  explicit Owner(ReadyQueue& queue) : group(queue) {}
  TaskGroup group;
  WaitList list;
};

Task<void> own(std::shared_ptr<Owner> owner, bool wait) {
  if (wait) co_await owner->list.wait();
}

}  // namespace

TEST_CASE("a group may be owned by its own tasks") {
  ReadyQueue queue;
  std::weak_ptr<Owner> watch;
  {
    const auto owner = std::make_shared<Owner>(queue);
    watch = owner;
    owner->group.spawn(own(owner, false));
    owner->group.spawn(own(owner, false));
  }
  CHECK_FALSE(watch.expired());
  queue.run_until_idle();
  CHECK(watch.expired());

  auto owner = std::make_shared<Owner>(queue);
  watch = owner;
  Owner& raw = *owner;
  raw.group.spawn(own(std::move(owner), true));
  queue.run_until_idle();
  CHECK_FALSE(watch.expired());
  raw.group.cancel();  // the frame holds the last reference to the group itself
  CHECK(watch.expired());
}

namespace {

Task<int> broken(WaitList* list) {
  if (list) co_await list->wait();
  throw std::runtime_error("broken");
}

Task<void> catches(WaitList* list, std::string& log) {
  try {
    const int value = co_await broken(list);
    log += std::to_string(value);
  } catch (const std::runtime_error& e) {
    log += e.what();
  }
}

}  // namespace

TEST_CASE("exceptions travel to the awaiting task, at once or after a wait") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  TaskGroup group(queue);
  group.spawn(catches(nullptr, log));
  group.spawn(catches(&list, log));
  queue.run_until_idle();
  CHECK(log == "broken");
  list.wake_all();
  queue.run_until_idle();
  CHECK(log == "brokenbroken");
  CHECK(group.empty());
}

namespace {

Task<void> join_then(TaskGroup& group, std::string& log) {
  co_await group.join();
  log += 'J';
}

Task<void> below_then(TaskGroup& group, std::size_t limit, std::string& log) {
  co_await group.below(limit);
  log += static_cast<char>('0' + limit);
}

}  // namespace

TEST_CASE("join and below wait for the group to shrink") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  TaskGroup group(queue);
  TaskGroup watchers(queue);
  for (const char c : {'a', 'b', 'c'}) group.spawn(wait_once(list, log, c));
  watchers.spawn(join_then(group, log));
  watchers.spawn(below_then(group, 3, log));
  watchers.spawn(below_then(group, 2, log));
  watchers.spawn(below_then(group, 4, log));
  queue.run_until_idle();
  CHECK(log == "4");
  list.wake_one();
  queue.run_until_idle();
  CHECK(log == "4Aa3");
  list.wake_one();
  queue.run_until_idle();
  CHECK(log == "4Aa3Bb2");
  group.cancel();
  queue.run_until_idle();
  CHECK(log == "4Aa3Bb2cJ");
  CHECK(watchers.empty());
}

TEST_CASE("a group that is destroyed forgets who joins it") {
  ReadyQueue queue;
  WaitList list;
  std::string log;
  auto group = std::make_unique<TaskGroup>(queue);
  TaskGroup watchers(queue);
  group->spawn(wait_once(list, log, 'a'));
  watchers.spawn(join_then(*group, log));
  queue.run_until_idle();
  group.reset();
  queue.run_until_idle();
  CHECK(log == "a");
  CHECK(watchers.size() == 1);
}

namespace {

Task<void> spawner(TaskGroup& group, int depth, int& count) {
  ++count;
  if (depth > 0) {
    group.spawn(spawner(group, depth - 1, count));
    group.spawn(spawner(group, depth - 1, count));
  }
  co_return;
}

struct SpawnsWhenGone {
  SpawnsWhenGone(TaskGroup& g, int& c) : group(g), count(c) {}
  ~SpawnsWhenGone() { group.spawn(spawner(group, 0, count)); }
  TaskGroup& group;
  int& count;
};

Task<void> spawn_at_end(TaskGroup& group, WaitList& list, int& count) {
  const SpawnsWhenGone late(group, count);
  co_await list.wait();
}

}  // namespace

TEST_CASE("tasks may spawn into their own group, while running and while being cancelled") {
  ReadyQueue queue;
  WaitList list;
  int count = 0;
  {
    TaskGroup group(queue);
    group.spawn(spawner(group, 10, count));
    queue.run_until_idle();
    CHECK(count == 2047);
    CHECK(group.empty());

    group.spawn(spawn_at_end(group, list, count));
    queue.run_until_idle();
    group.cancel();
    CHECK(group.size() == 1);
    queue.run_until_idle();
    CHECK(count == 2048);

    group.spawn(spawn_at_end(group, list, count));
    queue.run_until_idle();
  }
  CHECK(queue.empty());  // what was spawned into a dying group never runs
  CHECK(count == 2048);
}

TEST_CASE("move-only results and moved tasks") {
  ReadyQueue queue;
  int out = 0;
  TaskGroup group(queue);
  auto task = now(7);
  auto other = std::move(task);
  task = now(8);
  task = std::move(other);
  group.spawn(keep(std::move(task), out));
  queue.run_until_idle();
  CHECK(out == 7);
}
