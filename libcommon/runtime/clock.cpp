#include "runtime/clock.h"

namespace p2p::runtime {

Task<void> sleep_until(Clock& clock, Time at) {
  WaitList changed;
  bool fired = false;
  const auto timer = clock.timer([&changed, &fired] {
    fired = true;
    changed.wake_all();
  });
  timer->arm(at);
  while (!fired) co_await changed.wait();
}

Task<void> sleep_for(Clock& clock, Duration d) {
  // Not a coroutine: the deadline counts from the call, not from the first resumption.
  return sleep_until(clock, clock.now() + d);
}

}  // namespace p2p::runtime
