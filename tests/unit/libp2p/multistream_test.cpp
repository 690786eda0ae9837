#include "libp2p/multistream.h"

#include <doctest/doctest.h>

#include "base/varint.h"

namespace p2p::libp2p {
namespace {

Bytes frame(std::string_view text) {
  Bytes out;
  append_varint(out, text.size() + 1);
  append(out, text);
  out.push_back('\n');
  return out;
}

Bytes frames(std::initializer_list<std::string_view> texts) {
  Bytes out;
  for (const auto text : texts) append(out, frame(text));
  return out;
}

Multistream listener_of(std::string protocol) {
  return Multistream::listener(
      [protocol = std::move(protocol)](std::string_view offered) { return offered == protocol; });
}

Result<void> feed(Multistream& m, ByteView bytes) { return m.receive(bytes); }

TEST_CASE("na is the four bytes of the specification") {
  auto m = listener_of("/noise");
  CHECK(m.take_output() == frame(kMultistream));  // unprompted
  REQUIRE(feed(m, frames({kMultistream, "/tls/1.0.0"})));
  CHECK(m.take_output() == Bytes{0x03, 0x6e, 0x61, 0x0a});
  CHECK_FALSE(m.done());
  REQUIRE(feed(m, frame("/noise")));
  CHECK(m.take_output() == frame("/noise"));
  CHECK(m.done());
  CHECK(m.protocol() == "/noise");
}

TEST_CASE("a dialer with one protocol sends everything at once and may send data behind it") {
  auto m = Multistream::dialer({"/noise"});
  CHECK(m.may_send());
  CHECK(m.take_output() == frames({kMultistream, "/noise"}));
  CHECK_FALSE(m.done());
  REQUIRE(feed(m, frames({kMultistream, "/noise"})));
  CHECK(m.done());
}

TEST_CASE("a dialer goes through its protocols and may send data only once one is taken") {
  auto m = Multistream::dialer({"/a", "/b", "/c"});
  CHECK(m.take_output() == frames({kMultistream, "/a"}));
  CHECK_FALSE(m.may_send());
  REQUIRE(feed(m, frames({kMultistream, "na"})));
  CHECK(m.take_output() == frame("/b"));
  REQUIRE(feed(m, frame("/b")));
  CHECK(m.done());
  CHECK(m.may_send());
  CHECK(m.protocol() == "/b");
}

TEST_CASE("nothing in common is unsupported, and says what was proposed") {
  auto m = Multistream::dialer({"/a", "/b"});
  const auto result = feed(m, frames({kMultistream, "na", "na"}));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::unsupported);
  CHECK(result.error().why == "peer does not support /a, /b");
}

TEST_CASE("what follows the agreement is left to the caller, at every split") {
  Bytes wire = frames({kMultistream, "/x", "/a"});
  append(wire, "data behind it");
  for (std::size_t split = 0; split <= wire.size(); ++split) {
    auto m = listener_of("/a");
    Bytes left;
    for (ByteView part : {ByteView(wire).first(split), ByteView(wire).subspan(split)}) {
      REQUIRE(m.receive(part));
      append(left, part);
    }
    CHECK(m.done());
    CHECK(to_text(left) == "data behind it");
    CHECK(m.take_output() == frames({kMultistream, "na", "/a"}));
  }
  auto m = listener_of("/a");
  Bytes left;
  for (const std::uint8_t& byte : wire) {
    ByteView one(&byte, 1);
    REQUIRE(m.receive(one));
    append(left, one);
  }
  CHECK(to_text(left) == "data behind it");
}

TEST_CASE("another protocol's greeting is recognised at its first byte") {
  auto m = Multistream::dialer({"/noise"});
  const auto result = feed(m, as_bytes("SSH-2.0-OpenSSH_9.2p1\r\n"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::protocol);
  CHECK(result.error().why ==
        "that is an SSH server, no libp2p peer: it sent \"SSH-2.0-OpenSSH_9.2p1\"");
  for (const char* garbage :
       {"\x13/multistream/2.0.0\n", "\x14/multistream/1.0.0\n", "\n", "\xff"}) {
    auto other = listener_of("/noise");
    CHECK_FALSE(feed(other, as_bytes(garbage)));
  }
}

TEST_CASE("an answer that is neither echo nor na breaks the protocol") {
  auto m = Multistream::dialer({"/noise"});
  const auto result = feed(m, frames({kMultistream, "/tls/1.0.0"}));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::protocol);
}

TEST_CASE("hostile lengths") {
  const auto after_header = [](Bytes wire) {
    auto m = listener_of("/noise");
    REQUIRE(feed(m, frame(kMultistream)));
    const auto result = feed(m, wire);
    REQUIRE_FALSE(result);
    return result.error().code;
  };
  CHECK(after_header({0x00}) == Code::protocol);
  Bytes wire;
  append_varint(wire, kMaxProtocolReceived + 1);
  CHECK(after_header(wire) == Code::limit);
  CHECK(after_header({0x81, 0x00}) == Code::parse);
  CHECK(after_header({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}) == Code::parse);
  CHECK(after_header({0x02, 'n', 'a'}) == Code::protocol);  // no newline
}

TEST_CASE("a dialer that proposes without end is cut off") {
  auto m = listener_of("/noise");
  REQUIRE(feed(m, frame(kMultistream)));
  Result<void> result;
  int proposals = 0;
  while (result && proposals <= kMaxProposals) {
    result = feed(m, frame("/x"));
    ++proposals;
  }
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::limit);
  CHECK(proposals == kMaxProposals + 1);
}

}  // namespace
}  // namespace p2p::libp2p
