#include "files/pipeline.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <numeric>

using p2p::files::Pipeline;

TEST_CASE("results come in the order of submission, on the caller's thread") {
  for (const unsigned threads : {0U, 1U, 2U, 7U}) {
    Pipeline pipeline(threads);
    const auto caller = std::this_thread::get_id();
    std::vector<int> order;
    for (int i = 0; i < 1000; ++i) {
      auto value = std::make_shared<int>();
      pipeline.submit([value, i] { *value = i; },
                      [&order, value, caller] {
                        CHECK(std::this_thread::get_id() == caller);
                        order.push_back(*value);
                      });
    }
    pipeline.drain();
    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(order == expected);
  }
}

TEST_CASE("what is in flight is bounded") {
  Pipeline pipeline(3, 5);
  int submitted = 0;
  int followed_up = 0;
  for (int i = 0; i < 200; ++i) {
    ++submitted;
    pipeline.submit([] {}, [&] { ++followed_up; });
    CHECK(submitted - followed_up <= 5);
  }
  pipeline.drain();
  CHECK(followed_up == 200);
}

TEST_CASE("the memory of what is in flight is bounded, however many threads there are") {
  Pipeline pipeline(64);
  const std::size_t piece = Pipeline::kMostHeld / 3;
  int submitted = 0;
  int followed_up = 0;
  for (int i = 0; i < 200; ++i) {
    ++submitted;
    pipeline.submit([] {}, [&] { ++followed_up; }, piece);
    CHECK(submitted - followed_up <= 3);
  }
  // What is larger than all may be is waited for alone.
  pipeline.submit([] {}, [&] { ++followed_up; }, 4 * Pipeline::kMostHeld);
  CHECK(followed_up == 201);
  pipeline.submit([] {}, {}, piece);
  pipeline.drain();
}

TEST_CASE("jobs run at the same time") {
  // Each of two jobs waits for the other: on one thread neither would end.
  Pipeline pipeline(2);
  auto both = std::make_shared<std::latch>(2);
  for (int i = 0; i < 2; ++i) pipeline.submit([both] { both->arrive_and_wait(); }, {});
  pipeline.drain();
}

TEST_CASE("what is done is followed up while the job after it still runs") {
  // The second job waits for that: done by the thread that follows up, it would wait forever.
  for (int i = 0; i < 100; ++i) {
    Pipeline pipeline(2);
    auto followed_up = std::make_shared<std::latch>(1);
    pipeline.submit([] {}, [followed_up] { followed_up->count_down(); });
    pipeline.submit([followed_up] { followed_up->wait(); }, {});
    pipeline.drain();
  }
}

TEST_CASE("work without a job keeps its place") {
  Pipeline pipeline(4);
  std::string order;
  pipeline.submit([] {}, [&] { order += 'a'; });
  pipeline.submit({}, [&] { order += 'b'; });
  pipeline.submit([] {}, {});
  pipeline.submit({}, [&] { order += 'c'; });
  pipeline.drain();
  CHECK(order == "abc");
}

TEST_CASE("a pipeline that is given up drops what has not begun") {
  std::atomic<int> ran = 0;
  int followed_up = 0;
  {
    Pipeline pipeline(2, 100);
    for (int i = 0; i < 50; ++i) pipeline.submit([&] { ++ran; }, [&] { ++followed_up; });
  }
  CHECK(ran <= 50);
  CHECK(followed_up <= 50);
}
