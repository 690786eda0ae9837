// Work off the protocol thread: hashing, mining, bulk signature checks. A job sees only what was
// handed to it and returns a value; everything else stays on the one thread that owns it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "runtime/task.h"

namespace p2p::runtime {

class Workers {
 public:
  virtual ~Workers() = default;

  /// How many jobs run at the same time; at least 1.
  virtual unsigned threads() const = 0;

  /// Runs `job` elsewhere, then `done` on the protocol thread (from the loop, never inline). In a
  /// simulation both run on the one thread, in order. If the runtime ends first, `done` is never
  /// called, but a job that has begun is waited for.
  virtual void submit(std::move_only_function<void()> job,
                      std::move_only_function<void()> done) = 0;
};

namespace detail {
template <class T>
struct JobState {
  std::optional<T> value;
  WaitList changed;
};
}  // namespace detail

/// co_await run_on(workers, job): the job's value. Destroying the awaiting task abandons the
/// result.
template <class T>
Task<T> run_on(Workers& workers, std::move_only_function<T()> job) {
  auto state = std::make_shared<detail::JobState<T>>();
  auto value = std::make_shared<std::optional<T>>();
  std::move_only_function<void()> work = [value, job = std::move(job)]() mutable {
    value->emplace(job());
  };
  std::move_only_function<void()> done = [state, value] {
    state->value = std::move(*value);
    state->changed.wake_all();
  };
  workers.submit(std::move(work), std::move(done));
  while (!state->value) co_await state->changed.wait();
  co_return std::move(*state->value);
}

}  // namespace p2p::runtime
