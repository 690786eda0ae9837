#include "libp2p/mdns/dns.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "base/endian.h"

using namespace p2p;
using namespace p2p::libp2p::mdns;

namespace {

Name name(std::string_view text) {
  auto parsed = Name::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

/// A header with these counts, then `body`.
Bytes raw(std::uint16_t flags, std::array<std::uint16_t, 4> counts, std::string_view body) {
  Bytes out{0, 0};
  append_be(out, flags);
  for (const std::uint16_t count : counts) append_be(out, count);
  append(out, body);
  return out;
}

std::string_view operator""_b(const char* text, std::size_t size) { return {text, size}; }

void check_parse_error(ByteView data) {
  const auto message = decode(data);
  REQUIRE_FALSE(message);
  CHECK(name_of(message.error().code) == "parse");
}

}  // namespace

TEST_CASE("dns: the question that every libp2p peer asks, byte for byte") {
  Message query;
  query.questions.push_back({name("_p2p._udp.local"), Type::ptr, kClassIn});
  const auto data = encode(query);
  REQUIRE(data);
  CHECK(to_text(*data) == "\0\0\0\0\0\1\0\0\0\0\0\0\4_p2p\4_udp\5local\0\0\x0c\0\1"_b);
  const auto back = decode(*data);
  REQUIRE(back);
  CHECK(*back == query);
}

TEST_CASE("dns: every record type survives, and repeated names are compressed") {
  Message message;
  message.response = true;
  const Name service = name("_p2p._udp.local");
  const Name instance = service.child("abcdefghijklmnopqrstuvwxyz012345");
  const Name host = name("x.p2p.local");
  const auto add = [&](std::vector<Record>& to, const Name& owner, Type type) -> Record& {
    Record record;
    record.name = owner;
    record.type = type;
    record.ttl = 120;
    to.push_back(record);
    return to.back();
  };
  add(message.answers, service, Type::ptr).target = instance;
  Record& srv = add(message.additionals, instance, Type::srv);
  srv.target = host;
  srv.port = 4001;
  add(message.additionals, instance, Type::txt).texts = {"dnsaddr=/ip4/1.2.3.4",
                                                         std::string(255, 'x')};
  add(message.additionals, host, Type::a).data = {127, 0, 0, 1};
  add(message.additionals, host, Type::aaaa).data = Bytes(16, 1);
  add(message.authorities, host, static_cast<Type>(47)).data = to_bytes("raw");
  const auto data = encode(message);
  REQUIRE(data);
  const auto back = decode(*data);
  REQUIRE(back);
  CHECK(*back == message);
  // "_udp" stands there once.
  const std::string text = to_text(*data);
  CHECK(text.find("_udp") == text.rfind("_udp"));
}

TEST_CASE("dns: names compare without case; foreign bytes are shown as digits") {
  CHECK(name("_P2P._UDP.Local") == name("_p2p._udp.local"));
  CHECK(name("a.b").is_child_of(name("B")));
  CHECK_FALSE(name("a.b.c").is_child_of(name("c")));
  CHECK(Name({"a.b", "\x01"}).text() == "a\\046b.\\001");
  for (const auto* bad : {".", "a..b", ".a"}) CHECK_FALSE(Name::parse(bad));
  CHECK_FALSE(Name::parse(std::string(64, 'a')));
  CHECK_FALSE(Name::parse(std::string(63, 'a') + "." + std::string(63, 'a') + "." +
                          std::string(63, 'a') + "." + std::string(63, 'a')));
}

TEST_CASE("dns: compression pointers cannot loop") {
  const std::array<std::uint16_t, 4> one{1, 0, 0, 0};
  check_parse_error(raw(0, one, "\xc0\x0c\0\1\0\1"_b));          // to itself
  check_parse_error(raw(0, one, "\xc0\x0e\xc0\x0c\0\1\0\1"_b));  // forward
  check_parse_error(raw(0, one, "\1a\xc0\x0c\0\1\0\1"_b));       // to its own start
  check_parse_error(raw(0, {2, 0, 0, 0}, "\1a\xc0\x12\0\1\0\1\xc0\x0c\0\1\0\1"_b));
  const auto fine = decode(raw(0, {2, 0, 0, 0}, "\1a\0\0\1\0\1\1b\xc0\x0c\0\1\0\1"_b));
  REQUIRE(fine);
  CHECK(fine->questions[1].name == name("b.a"));
}

TEST_CASE("dns: what is truncated, overlong or no query is refused") {
  Message message;
  message.response = true;
  Record txt;
  txt.name = name("a.local");
  txt.type = Type::txt;
  txt.texts = {"one", "two"};
  message.answers = {txt, txt};
  const auto data = encode(message);
  REQUIRE(data);
  for (std::size_t size = 0; size < data->size(); ++size) {
    check_parse_error(ByteView(*data).first(size));
  }
  check_parse_error(raw(0x2800, {0, 0, 0, 0}, ""));  // an update
  check_parse_error(raw(0, {1, 0, 0, 0},
                        "\x40"
                        "a\0\0\1\0\1"_b));                                    // a label of kind 01
  check_parse_error(raw(0, {0, 1, 0, 0}, "\0\0\x10\0\1\0\0\0\0\0\2\3ab"_b));  // TXT past its record
  check_parse_error(raw(0, {0, 1, 0, 0}, "\0\0\1\0\1\0\0\0\0\0\3abc"_b));     // A of 3 bytes
  check_parse_error(raw(0, {0, 1, 0, 0}, "\0\0\x0c\0\1\0\0\0\0\0\3\0ab"_b));  // PTR with a rest
  CHECK_FALSE(decode(raw(0, {257, 0, 0, 0}, "")));
  CHECK_FALSE(decode(Bytes(kMaxMessage + 1)));

  // A name of more than 255 bytes, by pointers.
  std::string body;
  std::uint16_t count = 0;
  for (std::size_t at = 12; count < 6; ++count) {
    const std::size_t here = 12 + body.size();
    body += '\x3f' + std::string(63, 'a');
    if (count == 0) {
      body += '\0';
    } else {
      body += {'\xc0', static_cast<char>(at)};
    }
    body += "\0\1\0\1"_b;
    at = here;
    if (here > 255) break;
  }
  CHECK(decode(raw(0, {3, 0, 0, 0}, body)));
  CHECK_FALSE(decode(raw(0, {static_cast<std::uint16_t>(count + 1), 0, 0, 0}, body)));
}

TEST_CASE("dns: what cannot be encoded says so") {
  Message message;
  Record txt;
  txt.type = Type::txt;
  txt.texts = {std::string(256, 'x')};
  message.answers = {txt};
  CHECK_FALSE(encode(message));
  message.answers[0].texts = {};
  const auto empty = encode(message);
  REQUIRE(empty);
  CHECK(decode(*empty)->answers[0].texts.empty());
  message.answers[0].name = Name({std::string(64, 'a')});
  CHECK_FALSE(encode(message));
  message.answers.assign(300, Record());
  CHECK_FALSE(encode(message));
}
