// A deadline on a task: whichever comes first, the task's result or the time.
#pragma once

#include <optional>

#include "runtime/clock.h"

namespace p2p::runtime {

namespace detail {

template <class T>
struct Race {
  std::optional<T> value;
  bool expired = false;
  WaitList changed;
};

template <class T>
Task<void> run_into(Race<T>& race, Task<T> task) {
  race.value.emplace(co_await std::move(task));
  race.changed.wake_all();
}

}  // namespace detail

/// Awaits `task`; if `at` comes first, destroys it and returns nothing.
template <class T>
Task<std::optional<T>> before(ReadyQueue& queue, Clock& clock, Time at, Task<T> task) {
  detail::Race<T> race;
  auto timer = clock.timer([&race] {
    race.expired = true;
    race.changed.wake_all();
  });
  timer->arm(at);
  TaskGroup group(queue);
  group.spawn(detail::run_into(race, std::move(task)));
  while (!race.value && !race.expired) co_await race.changed.wait();
  co_return std::move(race.value);
}

namespace detail {

inline Task<bool> finished(Task<void> task) {
  co_await std::move(task);
  co_return true;
}

}  // namespace detail

/// The same for a task without a value: whether it came to its end.
inline Task<bool> before(ReadyQueue& queue, Clock& clock, Time at, Task<void> task) {
  Task<bool> whole = detail::finished(std::move(task));
  const auto ended = co_await before(queue, clock, at, std::move(whole));
  co_return ended.has_value();
}

}  // namespace p2p::runtime
