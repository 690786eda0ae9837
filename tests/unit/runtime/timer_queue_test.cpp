#include "runtime/timer_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "crypto/random.h"

using namespace p2p;
using namespace p2p::runtime;

namespace {

struct Numbered final : TimerQueue::Entry {
  Numbered(std::vector<int>& out, int n) : log(out), number(n) {}
  void fire() override { log.push_back(number); }
  std::vector<int>& log;
  int number;
};

Time at(std::int64_t micros) { return Time(Duration(micros)); }

}  // namespace

TEST_CASE("entries fire by time, then by the order they were armed in") {
  std::vector<int> log;
  TimerQueue queue;
  Numbered a(log, 1), b(log, 2), c(log, 3), d(log, 4);
  queue.arm(a, at(20));
  queue.arm(b, at(10));
  queue.arm(c, at(20));
  queue.arm(d, at(10));
  CHECK(queue.next() == at(10));
  queue.fire_due(at(9));
  CHECK(log.empty());
  queue.fire_due(at(10));
  CHECK(log == std::vector<int>{2, 4});
  queue.arm(a, at(20));  // moved behind c
  queue.fire_due(at(100));
  CHECK(log == std::vector<int>{2, 4, 3, 1});
  CHECK(queue.next() == kNever);
}

TEST_CASE("kNever and destruction disarm") {
  std::vector<int> log;
  TimerQueue queue;
  Numbered a(log, 1);
  {
    Numbered b(log, 2);
    queue.arm(b, at(1));
    queue.arm(a, at(1));
  }
  CHECK(queue.size() == 1);
  queue.arm(a, kNever);
  CHECK(queue.empty());
  CHECK_FALSE(a.armed());
}

TEST_CASE("any mixture of arming, moving and disarming keeps the order") {
  crypto::SeededRandom random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<int> log;
    TimerQueue queue;
    std::vector<std::unique_ptr<Numbered>> entries;
    std::vector<std::pair<Time, int>> expected(100, {kNever, 0});  // by time and arming
    for (int i = 0; i < 100; ++i) entries.push_back(std::make_unique<Numbered>(log, i));
    int armings = 0;
    for (int step = 0; step < 500; ++step) {
      const auto i = static_cast<std::size_t>(random.below(100));
      const auto when =
          random.below(4) == 0 ? kNever : at(static_cast<std::int64_t>(random.below(50)));
      queue.arm(*entries[i], when);
      expected[i] = {when, ++armings};
    }
    std::vector<int> order;
    for (int i = 0; i < 100; ++i) {
      if (expected[static_cast<std::size_t>(i)].first != kNever) order.push_back(i);
    }
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return expected[static_cast<std::size_t>(a)] < expected[static_cast<std::size_t>(b)];
    });
    while (!queue.empty()) queue.fire_next();
    CHECK(log == order);
  }
}

TEST_CASE("a timer may be destroyed or armed again by its own callback") {
  TimerQueue queue;
  std::unique_ptr<Timer> timer;
  int fired = 0;
  timer = make_timer(queue, [&] {
    ++fired;
    if (fired < 3) {
      timer->arm(at(fired));
    } else {
      timer.reset();
    }
  });
  timer->arm(at(0));
  queue.fire_due(at(10));
  CHECK(fired == 1);  // armed meanwhile: not in this pass
  queue.fire_due(at(10));
  queue.fire_due(at(10));
  CHECK(fired == 3);
  CHECK(queue.empty());
}

TEST_CASE("a queue that ends forgets what is armed") {
  std::vector<int> log;
  Numbered a(log, 1);
  {
    TimerQueue queue;
    queue.arm(a, at(1));
  }
  CHECK_FALSE(a.armed());
  CHECK(log.empty());
}
