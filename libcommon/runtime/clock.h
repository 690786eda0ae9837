// Time, as an interface: the real one in runtime/uv, a virtual one in runtime/sim.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "runtime/task.h"

namespace p2p::runtime {

/// Calls back once, at or after the moment it is armed for, from the loop and never inline.
class Timer {
 public:
  virtual ~Timer() = default;  ///< disarms
  /// Arms, or moves, the timer. kNever disarms.
  virtual void arm(Time at) = 0;
  virtual void disarm() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic; may stand still during one round of events.
  virtual Time now() const = 0;
  /// The wall clock. It may jump.
  virtual WallTime wall() const = 0;
  virtual std::unique_ptr<Timer> timer(std::move_only_function<void()> fire) = 0;
};

Task<void> sleep_until(Clock& clock, Time at);
Task<void> sleep_for(Clock& clock, Duration d);

}  // namespace p2p::runtime
