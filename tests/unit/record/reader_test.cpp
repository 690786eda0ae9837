#include "record/reader.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "record/schema.h"
#include "record/writer.h"
#include "unit/record/samples.h"

using namespace p2p;
using namespace p2p::record;

namespace {

struct Outcome {
  std::vector<Record> records;
  std::optional<Error> error;

  bool operator==(const Outcome& other) const {
    const bool same_error =
        error.has_value() == other.error.has_value() &&
        (!error || (error->code == other.error->code && error->why == other.error->why));
    return records == other.records && same_error;
  }
};

void drain(Reader& reader, Outcome& outcome) {
  while (!outcome.error) {
    auto record = reader.next();
    if (!record) {
      outcome.error = record.error();
    } else if (!*record) {
      return;
    } else {
      outcome.records.push_back(std::move(**record));
    }
  }
}

/// All of `input` in pieces of `piece` bytes, with next() called after each.
Outcome read(ByteView input, std::size_t piece, std::string type = "peer") {
  Reader reader(std::move(type));
  Outcome outcome;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    reader.feed(input.subspan(at, std::min(piece, input.size() - at)));
    drain(reader, outcome);
  }
  reader.end();
  drain(reader, outcome);
  return outcome;
}

Outcome read(std::string_view input, std::string type = "peer") {
  return read(as_bytes(input), input.size() + 1, std::move(type));
}

std::vector<Record> samples() {
  std::vector<Record> records;
  for (const auto& schema : schemas()) records.push_back(sample(schema));
  // A newer tool's records.
  records.push_back(
      Record("newer", 9).set("n", -5).set("b", Bytes{1}).set("x", 0.5).set("y", true));
  return records;
}

}  // namespace

TEST_CASE("reader: JSON and CBOR give back what was written, however it is split") {
  for (const auto format : {Format::json, Format::cbor}) {
    Bytes stream;
    for (const auto& record : samples()) write(record, format, stream);
    for (const std::size_t piece : {1, 2, 3, 7, 64, 1000, 1 << 20}) {
      CAPTURE(piece);
      const auto outcome = read(stream, piece);
      CHECK_FALSE(outcome.error);
      CHECK(outcome.records == samples());
    }
  }
}

TEST_CASE("reader: the format is told by the first byte") {
  const auto format_of = [](std::string_view text) {
    Reader reader("peer");
    reader.feed(as_bytes(text));
    (void)reader.next();
    return reader.format();
  };
  CHECK(format_of("/ip4/127.0.0.1/tcp/1") == Format::text);
  CHECK(format_of("\n\r\n  {") == Format::json);
  CHECK(format_of("{") == Format::json);
  CHECK(format_of("\xa2") == Format::cbor);
  CHECK(format_of("\xbf") == Format::cbor);
  CHECK(format_of("\n\xa4") == Format::cbor);
  CHECK(format_of("\xc3\xa9") == Format::text);
  CHECK_FALSE(format_of(""));
  CHECK_FALSE(format_of(" \n"));
}

TEST_CASE("reader: a line of text needs only its first field") {
  const auto outcome = read("/ip4/127.0.0.1/tcp/1\n\n/dns4/x/tcp/2\tmdns\tmore\r\n \n/dns4/last");
  CHECK_FALSE(outcome.error);
  REQUIRE(outcome.records.size() == 3);
  CHECK(*outcome.records[0].text("addr") == "/ip4/127.0.0.1/tcp/1");
  CHECK(outcome.records[1] == Record("peer").set("addr", "/dns4/x/tcp/2"));
  CHECK(datum(outcome.records[2]) == "/dns4/last");
}

TEST_CASE("reader: text is taken as it stands, for bytes byte by byte") {
  const auto outcome = read("back\\tslash \xff\n", "message");
  CHECK(as_text(*outcome.records.at(0).bytes("data")) == "back\\tslash \xff");
  CHECK(*read("\xff\n").records.at(0).text("addr") == "\xef\xbf\xbd");
}

TEST_CASE("reader: a blank line before CBOR made a difference where it came alone") {
  const auto item = cbor_item(Record("peer").set("addr", "a"));
  for (const std::size_t piece : {1, 100}) {
    auto input = to_bytes("\n");
    append(input, item);
    CHECK(read(input, piece).records.size() == 1);
  }
}

TEST_CASE("reader: nothing in, nothing out") {
  for (const auto* text : {"", "\n", " \n\t\n", "   "}) {
    const auto outcome = read(text);
    CHECK(outcome.records.empty());
    CHECK_FALSE(outcome.error);
  }
}

TEST_CASE("reader: an item cut short is an error after the records before it") {
  for (const auto format : {Format::json, Format::cbor}) {
    Bytes stream;
    write(Record("peer").set("addr", "a"), format, stream);
    const auto whole = stream.size();
    write(Record("peer").set("addr", "b"), format, stream);
    for (auto size = whole + 1; size < stream.size() - 1; ++size) {
      CAPTURE(size);
      const auto outcome = read(ByteView(stream).first(size), 5);
      CHECK(outcome.records == std::vector{Record("peer").set("addr", "a")});
      REQUIRE(outcome.error);
      CHECK(outcome.error->code == Code::parse);
      CHECK(outcome.error->why.starts_with("record 2: cut short"));
    }
  }
  // Only the line's end is missing: the record is whole.
  CHECK(read("{\"type\":\"peer\",\"addr\":\"a\"}").records.size() == 1);
}

TEST_CASE("reader: an error is final") {
  Reader reader("peer");
  reader.feed(as_bytes("{]\n{\"type\":\"peer\"}\n"));
  CHECK(reader.next().error().code == Code::parse);
  CHECK(reader.next().error().code == Code::parse);
}

TEST_CASE("reader: the length of a line or item is bounded") {
  const std::string long_line(kMaxItemSize + 1, 'a');
  CHECK(read(long_line).error->code == Code::limit);
  CHECK(read(long_line + "\n").error->code == Code::limit);
  CHECK(read("{" + long_line).error->code == Code::limit);
  CHECK(read(std::string(kMaxItemSize, 'a')).records.size() == 1);
  const auto item = cbor_item(Record("peer").set("addr", long_line));
  CHECK(read(item, 1 << 16).error->code == Code::limit);
}

TEST_CASE("reader: JSON that is no record") {
  for (const auto* line :
       {"{}", "{\"type\":1}", "{\"type\":\"peer\",\"v\":-1}", "{\"type\":\"peer\",\"v\":\"1\"}",
        "{\"type\":\"peer\",\"addr\":1}", "{\"type\":\"peer\",\"addrs\":\"a\"}",
        "{\"type\":\"peer\",\"addrs\":[1]}", "{\"type\":\"tip\",\"height\":1.5}",
        "{\"type\":\"tip\",\"height\":9007199254740992}", "{\"type\":\"tip\",\"height\":\"x\"}",
        "{\"type\":\"tip\",\"id\":\"xy\"}", "{\"type\":\"tip\",\"id\":\"abc\"}",
        "{\"type\":\"message\",\"data\":\"hello\"}", "{\"type\":\"message\",\"data_b64\":\"?\"}",
        "{\"type\":\"message\",\"seqno\":\"18446744073709551616\"}",
        "{\"type\":\"peer\",\"type\":\"peer\"}", "{\"type\":\"peer\"} x",
        "{\"type\":\"probe\",\"ok\":1}", "{\"type\":\"probe\",\"dial_ms\":\"1\"}"}) {
    CAPTURE(line);
    const auto outcome = read(line);
    CHECK(outcome.records.empty());
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == Code::parse);
  }
}

TEST_CASE("reader: JSON that others may write") {
  const auto one = [](std::string_view line) {
    const auto outcome = read(line);
    if (outcome.error) FAIL(outcome.error->why);
    return outcome.records.at(0);
  };
  CHECK(one(" { \"addr\" : \"a\" , \"type\" : \"peer\" } ") == Record("peer").set("addr", "a"));
  // Numbers for large integers and the reverse, whole numbers for others, upper-case hex, null.
  CHECK(one("{\"type\":\"tx\",\"amount\":5}").integer("amount") == 5);
  CHECK(one("{\"type\":\"tip\",\"height\":\"5\"}").integer("height") == 5);
  CHECK(one("{\"type\":\"probe\",\"dial_ms\":3}").number("dial_ms") == 3.0);
  CHECK(*one("{\"type\":\"tip\",\"id\":\"AB\"}").bytes("id") == Bytes{0xab});
  CHECK(one("{\"type\":\"peer\",\"addr\":\"a\",\"agent\":null}").fields().size() == 1);
}

TEST_CASE("reader: unknown fields and types are kept as far as they can be") {
  const auto record = read(
                          "{\"type\":\"peer\",\"v\":7,\"addr\":\"a\",\"new\":1,\"raw_b64\":\"AQ=="
                          "\",\"odd_b64\":\"?\","
                          "\"addr_b64\":\"AQ==\",\"map\":{\"a\":1},\"mixed\":[1,\"a\"],\"list\":["
                          "\"x\"],\"far\":1e400}")
                          .records;
  // 1e400 is no number at all.
  CHECK(record.empty());
  const auto kept = read(
                        "{\"type\":\"peer\",\"v\":7,\"addr\":\"a\",\"new\":1,\"raw_b64\":\"AQ==\","
                        "\"odd_b64\":\"?\","
                        "\"map\":{\"a\":1},\"mixed\":[1,\"a\"],\"list\":[\"x\"]}")
                        .records.at(0);
  CHECK(kept == Record("peer", 7)
                    .set("addr", "a")
                    .set("new", 1)
                    .set("raw", Bytes{1})
                    .set("list", std::vector<std::string>{"x"}));
}

TEST_CASE("reader: CBOR in other forms than our own") {
  const auto one = [](std::string_view hex) { return read(*hex_decode(hex), 1); };
  // {_ "type": (_ "pe", "er"), "addr": "a", "addrs": [_ "x", "y"], "n": {1: [2]}, "t": 1("z"),
  //  "u": undefined}
  const auto outcome =
      one("bf64747970657f627065626572ff6461646472616165616464727"
          "39f61786179ff616ea1018102"
          "6174c1617a6175f7ff");
  if (outcome.error) FAIL(outcome.error->why);
  CHECK(outcome.records.at(0) ==
        Record("peer").set("addr", "a").set("addrs", std::vector<std::string>{"x", "y"}));
  for (const auto* hex : {"a10102", "a0", "a16474797065f5",
                          "a264747970656161647479706561"
                          "62",
                          "a26474797065647065657264616464720"
                          "1",
                          "a1647479706501",
                          "a264747970656474697070"
                          "00",
                          "b9", "a1647479706561ff"}) {
    CAPTURE(hex);
    const auto bad = one(hex);
    CHECK(bad.records.empty());
    REQUIRE(bad.error);
    CHECK(bad.error->code == Code::parse);
  }
}

TEST_CASE("reader: no field is named as another's base64, which JSON would then hold twice") {
  // {"type": "new", "x": h'01', "x_b64": "AQ==", "y_b64": h'02'}
  const auto outcome =
      read(*hex_decode("a46474797065636e65776178410165785f6236346441513d3d65795f6236344102"), 1);
  REQUIRE(outcome.records.size() == 1);
  CHECK(outcome.records[0] == Record("new").set("x", Bytes{1}));
}

// Written as CBOR, the first was lost, and the second gave a record two types.
TEST_CASE("reader: bytes do not take a name in JSON that is no field's: X_b64, type or v") {
  const auto outcome = read(
      "{\"type\":\"new\",\"x_b64_b64\":\"AP8=\",\"type_b64\":\"AP8=\",\"v_b64\":\"AP8=\","
      "\"y_b64\":\"AQ==\"}\n");
  REQUIRE(outcome.records.size() == 1);
  CHECK(outcome.records[0] == Record("new").set("y", Bytes{1}));
  const Bytes item = cbor_item(outcome.records[0]);
  CHECK(read(item, item.size()).records == outcome.records);
}

TEST_CASE("reader: any split gives the same, errors included") {
  const std::string inputs[] = {"a\tb\n\nc",
                                "{\"type\":\"peer\"}\n{\"type\":\"peer\"",
                                " \n{\"type\":\"x\"}\n\n{\"type\":3}\n",
                                "\xa1",
                                "\xa1\x64type\x61x\xa1\x64type\x61y\xff",
                                " \xa1",
                                "\r\n\t\x01\n",
                                "\n\xa4\xff",
                                "\n\n\xa1\x64type\x61x"};
  for (const auto& input : inputs) {
    CAPTURE(input);
    const auto whole = read(as_bytes(input), input.size());
    for (std::size_t piece = 1; piece < input.size(); ++piece) {
      CHECK(read(as_bytes(input), piece) == whole);
    }
  }
}
