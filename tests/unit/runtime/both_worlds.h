// Runs one case in the real world and in the simulated one, there with several seeds, each twice
// with equal traces.
#pragma once

#include <doctest/doctest.h>

#include "runtime/deadline.h"
#include "runtime/sim/world.h"
#include "runtime/uv/uv_runtime.h"

/// Like REQUIRE, in a coroutine that returns nothing: an exception would end the program.
#define NEED(condition)                              \
  do {                                               \
    const bool holds = static_cast<bool>(condition); \
    CHECK_MESSAGE(holds, #condition);                \
    if (!holds) co_return;                           \
  } while (false)

namespace p2p::runtime::test {

/// Where a case plays: two hosts in the simulation, twice the same in the real world.
struct Stage {
  Runtime here;
  Runtime there;
  IpAddress there_ip;
  bool simulated;

  /// Any port of the other host.
  Endpoint there_at(std::uint16_t port = 0) const {
    Endpoint out;
    out.ip = there_ip;
    out.port = port;
    return out;
  }
};

using Case = Task<void> (*)(Stage);

/// Longer than any case takes, so that one which hangs fails instead.
inline constexpr Duration kCaseLimit = std::chrono::seconds(60);

inline Task<int> within_limit(Stage stage, Case play) {
  const auto end = stage.here.clock.now() + kCaseLimit;
  auto race = before(stage.here.queue, stage.here.clock, end, play(stage));
  const bool done = co_await std::move(race);
  CHECK(done);
  co_return 0;
}

inline void play_real(Case play) {
  UvRuntime world;
  Stage stage{world.runtime(), world.runtime(), IpAddress::v4(127, 0, 0, 1), false};
  const auto outcome = world.run(within_limit(stage, play));
  CHECK(outcome.status == 0);
  CHECK(outcome.signal == 0);
}

inline std::uint64_t play_simulated(Case play, std::uint64_t seed) {
  CAPTURE(seed);
  SimWorld world(seed);
  SimLink link;
  link.jitter = std::chrono::milliseconds(3);
  world.set_link(link);
  SimHost& here = world.host("here");
  SimHost& there = world.host("there");
  Stage stage{here.runtime(), there.runtime(), there.ip(), true};
  CHECK(world.run(here, play(stage), kCaseLimit));
  return world.trace();
}

inline void play_both(Case play) {
  SUBCASE("in the real world") { play_real(play); }
  SUBCASE("simulated") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      CAPTURE(seed);
      CHECK(play_simulated(play, seed) == play_simulated(play, seed));
    }
  }
}

}  // namespace p2p::runtime::test
