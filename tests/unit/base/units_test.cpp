#include "base/units.h"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

TEST_CASE("durations as people write them") {
  CHECK(parse_duration("250ms") == Duration(250ms));
  CHECK(parse_duration("5s") == Duration(5s));
  CHECK(parse_duration("1.5m") == Duration(90s));
  CHECK(parse_duration("2h") == Duration(2h));
  CHECK(parse_duration("100us") == Duration(100us));
  CHECK(parse_duration("1d") == Duration(24h));
  CHECK(parse_duration("0s") == Duration(0));
  CHECK(parse_duration("0.000001s") == Duration(1us));
  CHECK(parse_duration("3650d") == Duration(24h * 3650));
}

TEST_CASE("durations that make no sense are refused") {
  for (const auto* text : {"",
                           "5",
                           "s",
                           "-5s",
                           "+5s",
                           " 5s",
                           "5s ",
                           "5 s",
                           "5S",
                           "05s",
                           "1.s",
                           ".5s",
                           "1..5s",
                           "1.5.5s",
                           "0x5s",
                           "1e3s",
                           "nan",
                           "inf",
                           "0.5us",
                           "0.0000001s",
                           "3651d",
                           "3650.1d",
                           "99999999999999999999d",
                           "18446744073709551616us",
                           "5min",
                           "5ss",
                           "5s5s",
                           "0.3333333333333333333s"}) {
    CAPTURE(text);
    CHECK(parse_duration(text).error().code == Code::invalid_argument);
  }
}

TEST_CASE("a formatted duration is short and reads back") {
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(60s) == "1m");
  CHECK(format_duration(24h) == "1d");
  CHECK(format_duration(1500us) == "1.5ms");
  CHECK(format_duration(-5s) == "-5s");
  for (const std::int64_t count :
       {1L, 999L, 1000L, 1001L, 86'399'999'999L, 123'456'789L, 315'360'000'000'000L}) {
    CAPTURE(count);
    CHECK(parse_duration(format_duration(Duration(count))) == Duration(count));
  }
}

TEST_CASE("sizes") {
  CHECK(parse_size("64KiB") == 65'536);
  CHECK(parse_size("1MiB") == 1'048'576);
  CHECK(parse_size("2GiB") == 2'147'483'648);
  CHECK(parse_size("10kB") == 10'000);
  CHECK(parse_size("5MB") == 5'000'000);
  CHECK(parse_size("100B") == 100);
  CHECK(parse_size("1.5KiB") == 1536);
  CHECK(parse_size("9223372036854775807B") == 9'223'372'036'854'775'807ULL);
  for (const auto* text : {"", "100", "1K", "1KB", "1kb", "-1B", "8EiB", "9223372036854775808B",
                           "1.5B", "010B", "1 B"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("sizes for people") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1024) == "1.0 KiB");
  CHECK(format_size(1'572'864) == "1.5 MiB");
  CHECK(format_size(1'048'575) == "1.0 MiB");
  CHECK(format_size(~0ULL) == "16.0 EiB");
}

TEST_CASE("plain numbers are bounds-checked") {
  CHECK(parse_number("0", 0, 10) == 0);
  CHECK(parse_number("10", 0, 10) == 10);
  CHECK(parse_number("18446744073709551615", 0, ~0ULL) == ~0ULL);
  for (const auto* text : {"", "11", "-1", "+1", "010", "1.0", "1e3", "0x1", " 1", "nan",
                           "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK(parse_number(text, 0, 10).error().code == Code::invalid_argument);
  }
  CHECK_FALSE(parse_number("18446744073709551616", 0, ~0ULL));
  CHECK_FALSE(parse_number("4", 5, 10));
}
