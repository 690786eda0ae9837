// Time as the program sees it: a monotonic clock for deadlines and a wall clock for timestamps,
// both in whole microseconds, both handed in by whoever runs the code (see runtime/clock.h).
#pragma once

#include <chrono>
#include <cstdint>

namespace p2p {

using Duration = std::chrono::microseconds;

/// Tags time points of the runtime's monotonic clock. It has no now(): only a runtime::Clock tells.
struct Monotonic {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Monotonic, Duration>;
  static constexpr bool is_steady = true;
};

/// A moment of the monotonic clock. Its epoch means nothing; only differences do.
using Time = Monotonic::time_point;

/// A deadline that never comes.
inline constexpr Time kNever = Time::max();

/// A moment of the wall clock, UTC since 1970.
using WallTime = std::chrono::sys_time<Duration>;

inline std::int64_t unix_seconds(WallTime t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

/// Milliseconds with their fraction, as records print them (`rtt_ms`).
inline double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1000.0; }

}  // namespace p2p
