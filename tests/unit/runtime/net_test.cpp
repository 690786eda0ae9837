#include "runtime/net.h"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::runtime;

namespace {

std::string round_trip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->text() : "error: " + address.error().message();
}

}  // namespace

TEST_CASE("IPv4 addresses are four plain decimal numbers") {
  CHECK(round_trip("127.0.0.1") == "127.0.0.1");
  CHECK(round_trip("0.0.0.0") == "0.0.0.0");
  CHECK(round_trip("255.255.255.255") == "255.255.255.255");
  for (const auto* bad : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ",
                          " 1.2.3.4", "1..3.4", "1.2.3.", "-1.2.3.4", "0x1.2.3.4", "1.2.3.4%2"}) {
    CAPTURE(bad);
    CHECK_FALSE(IpAddress::parse(bad));
  }
}

// The examples of RFC 5952, sections 2 and 4.
TEST_CASE("IPv6 text is RFC 5952's") {
  CHECK(round_trip("2001:db8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(round_trip("2001:0db8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(round_trip("2001:db8::1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(round_trip("2001:db8:aaaa:bbbb:cccc:dddd:0:1") == "2001:db8:aaaa:bbbb:cccc:dddd:0:1");
  CHECK(round_trip("2001:db8:0:0:0:0:2:1") == "2001:db8::2:1");
  CHECK(round_trip("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");
  CHECK(round_trip("2001:0:0:1:0:0:0:1") == "2001:0:0:1::1");
  CHECK(round_trip("2001:DB8::AAAA") == "2001:db8::aaaa");
  CHECK(round_trip("::") == "::");
  CHECK(round_trip("::1") == "::1");
  CHECK(round_trip("1::") == "1::");
  CHECK(round_trip("0:0:0:0:0:0:0:1") == "::1");
  CHECK(round_trip("1:0:0:0:0:0:0:0") == "1::");
  CHECK(round_trip("::ffff:192.0.2.1") == "::ffff:192.0.2.1");
  CHECK(round_trip("::ffff:c000:201") == "::ffff:192.0.2.1");
  CHECK(round_trip("64:ff9b::192.0.2.33") == "64:ff9b::c000:221");
  CHECK(round_trip("1:2:3:4:5:6:7::") == "1:2:3:4:5:6:7:0");
  CHECK(round_trip("fe80::1%2") == "fe80::1%2");
}

TEST_CASE("malformed IPv6 addresses are refused") {
  for (const auto* bad : {":",
                          ":::",
                          "1",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1::2::3",
                          "12345::",
                          "::g",
                          "1:",
                          ":1",
                          "1:2:3:4:5:6:7:8::",
                          "::1:2:3:4:5:6:7:8",
                          "1.2.3.4::",
                          "::1.2.3",
                          "::1.2.3.4:5",
                          "fe80::1%",
                          "fe80::1%eth0",
                          "fe80::1%0",
                          "fe80::1%4294967296",
                          "[::1]",
                          "::1 "}) {
    CAPTURE(bad);
    CHECK_FALSE(IpAddress::parse(bad));
  }
}

TEST_CASE("endpoints bracket IPv6") {
  for (const auto* text : {"127.0.0.1:80", "[::1]:65535", "[fe80::1%3]:0"}) {
    const auto endpoint = Endpoint::parse(text);
    REQUIRE(endpoint);
    CHECK(endpoint->text() == text);
  }
  for (const auto* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "[::1]",
                          "[127.0.0.1]:80", "127.0.0.1:+1", "[]:1", "localhost:80"}) {
    CAPTURE(bad);
    CHECK_FALSE(Endpoint::parse(bad));
  }
}

TEST_CASE("kinds of addresses") {
  CHECK(IpAddress::v4(127, 1, 2, 3).is_loopback());
  CHECK(IpAddress::v4(224, 0, 0, 251).is_multicast());
  CHECK_FALSE(IpAddress::v4(240, 0, 0, 1).is_multicast());
  CHECK(IpAddress::any(true).is_any());
  CHECK(IpAddress::parse("ff02::fb")->is_multicast());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::2")->is_loopback());
  CHECK(IpAddress::v4(1, 2, 3, 4).view().size() == 4);
  CHECK(IpAddress::any(true).view().size() == 16);
}
