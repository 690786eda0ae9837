#include "base/ip_text.h"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("IPv4: four decimal numbers and nothing else") {
  CHECK(parse_ip4("127.0.0.1") == std::array<std::uint8_t, 4>{127, 0, 0, 1});
  CHECK(format_ip4(*parse_ip4("255.0.10.1")) == "255.0.10.1");
  for (const auto* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3", "256.1.1.1",
                           "01.2.3.4", "1.2.3.-4", "0x1.2.3.4", "1..2.3", "1.2.3.4 ", "::1"}) {
    CAPTURE(text);
    CHECK(parse_ip4(text).error().code == Code::parse);
  }
}

TEST_CASE("IPv6: RFC 5952's examples are written in its form") {
  const std::pair<const char*, const char*> vectors[] = {
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:DB8::AAAA", "2001:db8::aaaa"},
      {"::", "::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"fe80::", "fe80::"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"::1.2.3.4", "::102:304"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"}};
  for (const auto& [text, canonical] : vectors) {
    CAPTURE(text);
    const auto ip = parse_ip6(text);
    REQUIRE(ip);
    CHECK(format_ip6(*ip) == canonical);
    CHECK(parse_ip6(canonical) == *ip);
  }
}

TEST_CASE("IPv6: what is no address") {
  for (const auto* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "::1::",
                           "1::2::3",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           ":1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7:8:",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3",
                           "::1.2.3.4:5",
                           "1.2.3.4",
                           "fe80::1%eth0",
                           "[::1]",
                           "::-1",
                           "::+1",
                           "::0x1",
                           " ::1",
                           "::1 ",
                           "1:2:3:4:5:6:7:8.1.1.1"}) {
    CAPTURE(text);
    CHECK(parse_ip6(text).error().code == Code::parse);
  }
}
