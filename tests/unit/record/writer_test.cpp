#include "record/writer.h"

#include <doctest/doctest.h>

#include <limits>

#include "base/basen.h"
#include "record/schema.h"

using namespace p2p;
using namespace p2p::record;

namespace {

Record probe() {
  return Record("probe")
      .set("addr", "/ip4/127.0.0.1/tcp/4001")
      .set("ok", true)
      .set("network", "libp2p")
      .set("peer_id", "12D3KooW")
      .set("agent", "kubo/0.40.0")
      .set("ping_median_ms", 0.25);
}

}  // namespace

TEST_CASE("text: columns by tabs") {
  CHECK(text_line(probe()) == "/ip4/127.0.0.1/tcp/4001\tok\tlibp2p\t12D3KooW\tkubo/0.40.0\t0.25\n");
}

TEST_CASE("text: fields share a column, missing ones are a dash, or left out at the end") {
  const auto failed = Record("probe")
                          .set("addr", "/ip4/127.0.0.1/tcp/1")
                          .set("ok", false)
                          .set("phase", "dial")
                          .set("cause", "connection refused");
  CHECK(text_line(failed) == "/ip4/127.0.0.1/tcp/1\tfail\t-\t-\t-\tdial\tconnection refused\n");
  CHECK(text_line(Record("peer").set("addr", "a").set("source", "")) == "a\t-\n");
  CHECK(text_line(Record("peer").set("addr", "a").set("agent", "x")) == "a\n");
  CHECK(
      text_line(Record("peer").set("addr", "a").set("addrs", std::vector<std::string>{"b", "c"})) ==
      "a\t-\tb c\n");
  CHECK(text_line(Record("message").set("data", Bytes{})) == "\n");
}

TEST_CASE("text: one record is one line and drives no terminal") {
  CHECK(escape_text("a\tb\nc\rd") == "a\\tb\\nc\\rd");
  CHECK(escape_text(std::string_view("\0\x1b[2J\x7f", 6)) == "\\x00\\x1b[2J\\x7f");
  CHECK(escape_text("\xc2\x9b"
                    "2J") == "\\xc2\\x9b2J");
  CHECK(escape_text("\xc2\xa0") == "\xc2\xa0");
  CHECK(escape_text("a\xe2\x80\xa8z") == "a\\xe2\\x80\\xa8z");
  CHECK(escape_text("\xff"
                    "a\xe2\x82") == "\\xffa\\xe2\\x82");
  CHECK(escape_text("back\\slash \xe2\x82\xac") == "back\\slash \xe2\x82\xac");
}

TEST_CASE("text: a type without a schema prints its values") {
  CHECK(text_line(Record("new").set("a", 1).set("b", "x\ty").set("c", true)) == "1\tx\\ty\ttrue\n");
}

TEST_CASE("JSON: types, bytes, ids, large integers") {
  const auto message = Record("message")
                           .set("data", Bytes{0, 255})
                           .set("topic", "n\"ews")
                           .set("seqno", ~0ULL)
                           .set("id", Bytes{0xab, 0x01});
  CHECK(json_line(message) ==
        "{\"type\":\"message\",\"v\":1,\"data_b64\":\"AP8=\",\"topic\":\"n\\\"ews\","
        "\"seqno\":\"18446744073709551615\",\"id\":\"ab01\"}\n");
  CHECK(json_line(Record("tip").set("height", 5)) == "{\"type\":\"tip\",\"v\":1,\"height\":5}\n");
  CHECK(json_line(Record("tx").set("amount", 5)) == "{\"type\":\"tx\",\"v\":1,\"amount\":\"5\"}\n");
  CHECK(
      json_line(Record("probe")
                    .set("ok", false)
                    .set("dial_ms", 3.0)
                    .set("protocols", std::vector<std::string>{"/a", "/b"})) ==
      "{\"type\":\"probe\",\"v\":1,\"ok\":false,\"dial_ms\":3.0,\"protocols\":[\"/a\",\"/b\"]}\n");
}

TEST_CASE("JSON: what a schema does not know goes by its value") {
  CHECK(json_line(Record("new", 2)
                      .set("b", Bytes{1})
                      .set("n", -3)
                      .set("big", kMaxJsonInteger + 1)
                      .set("low", std::numeric_limits<std::int64_t>::min())) ==
        "{\"type\":\"new\",\"v\":2,\"b_b64\":\"AQ==\",\"n\":-3,\"big\":\"9007199254740992\","
        "\"low\":\"-9223372036854775808\"}\n");
}

TEST_CASE("JSON: what is not UTF-8 is repaired, what is no number is left out") {
  CHECK(json_line(Record("x").set("a", "\xff")) ==
        "{\"type\":\"x\",\"v\":1,\"a\":\"\xef\xbf\xbd\"}\n");
  CHECK(json_line(Record("x").set("a", std::numeric_limits<double>::quiet_NaN())) ==
        "{\"type\":\"x\",\"v\":1}\n");
}

TEST_CASE("CBOR: one map an item, bytes as bytes") {
  // {"type": "x", "v": 1, "b": h'ff', "n": -1, "t": ["a"], "f": false}
  CHECK(hex_encode(cbor_item(Record("x")
                                 .set("b", Bytes{0xff})
                                 .set("n", -1)
                                 .set("t", std::vector<std::string>{"a"})
                                 .set("f", false))) ==
        "a66474797065617861760161624"
        "1ff616e2061748161616166f4");
  CHECK(cbor_item(Record("x").set("a", 1.0 / 0.0))[0] == 0xa2);
}

TEST_CASE("write appends") {
  Bytes out = to_bytes("before ");
  write(Record("peer").set("addr", "a"), Format::text, out);
  write(Record("x"), Format::json, out);
  CHECK(as_text(out) == "before a\n{\"type\":\"x\",\"v\":1}\n");
}
