#include "base/time.h"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

TEST_CASE("seconds are floored, before 1970 too") {
  CHECK(unix_seconds(WallTime(1'999'999us)) == 1);
  CHECK(unix_seconds(WallTime(-1us)) == -1);
  CHECK(unix_seconds(WallTime(0us)) == 0);
}

TEST_CASE("milliseconds keep their fraction") {
  CHECK(milliseconds(1500us) == 1.5);
  CHECK(milliseconds(1us) == 0.001);
}

TEST_CASE("never is later than any moment") { CHECK(Time(Duration(24h * 365'000)) < kNever); }
