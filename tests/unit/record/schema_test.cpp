#include "record/schema.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "unit/record/samples.h"

using namespace p2p;
using namespace p2p::record;

TEST_CASE("schema: the table itself is sound") {
  std::set<std::string_view> types;
  for (const auto& schema : schemas()) {
    CAPTURE(schema.type);
    CHECK(types.insert(schema.type).second);
    CHECK(schema.version >= 1);
    CHECK_FALSE(schema.meaning.empty());
    std::set<std::string_view> names = {"type", "v"};
    std::set<int> columns;
    for (const auto& field : schema.fields) {
      CAPTURE(field.name);
      CHECK(names.insert(field.name).second);
      CHECK_FALSE(field.name.ends_with("_b64"));
      CHECK_FALSE(field.meaning.empty());
      CHECK(field.meaning.find('|') == field.meaning.npos);
      CHECK(std::ranges::all_of(field.name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      }));
      if (field.column > 0) columns.insert(field.column);
    }
    // Columns are numbered without gaps, and the first is what the next tool consumes.
    REQUIRE_FALSE(columns.empty());
    CHECK(*columns.begin() == 1);
    CHECK(*columns.rbegin() == static_cast<int>(columns.size()));
    CHECK(schema.fields.front().column == 1);
    CHECK(schema.fields.front().presence == Presence::required);
  }
}

TEST_CASE("schema: check tells what is wrong") {
  const auto why = [](const Record& record) { return check(record).error().why; };
  auto good = Record("tip").set("id", Bytes{1}).set("height", 3);
  CHECK(check(good));
  CHECK(why(Record("nonsense")) == "no such type");
  CHECK(why(Record("tip", 2)) == "version 2 is not 1");
  CHECK(why(Record("tip").set("id", Bytes{1})) == "field \"height\" is missing");
  CHECK(why(Record(good).set("hight", 3)) == "no such field as \"hight\"");
  CHECK(why(Record(good).set("height", "3")) == "field \"height\" is not of kind integer");
  CHECK_FALSE(check(Record(good).set("height", kMaxJsonInteger + 1)));
  CHECK_FALSE(check(Record(good).set("height", 3.0)));
  CHECK_FALSE(check(Record(good).set("work", "\xff")));
  CHECK_FALSE(check(Record(good).set("id", "01")));
  const auto probe = Record("probe").set("addr", "a").set("ok", true);
  CHECK(check(probe));
  CHECK_FALSE(check(Record(probe).set("dial_ms", 1.0 / 0.0)));
  CHECK_FALSE(check(Record(probe).set("dial_ms", 1)));
  CHECK_FALSE(check(Record(probe).set("protocols", std::vector<std::string>{"\xff"})));
}

TEST_CASE("schema: every type's sample keeps it") {
  for (const auto& schema : schemas()) {
    CAPTURE(schema.type);
    const auto checked = check(sample(schema));
    CHECK_MESSAGE(checked, (checked ? "" : checked.error().message()));
  }
}

TEST_CASE("schema: the error record of any error keeps it") {
  CHECK(check(record_of(Error(Code::io, ""))));
  CHECK(check(record_of(Error(Code::io, "read", "file", "no space").with_hint("free some"))));
}

TEST_CASE("schema: the datum is the first column as it is") {
  CHECK(datum(Record("cid").set("path", "p").set("cid", "bafy")) == "bafy");
  CHECK(datum(Record("digest").set("digest", Bytes{0xab})) == "ab");
  CHECK(datum(Record("message").set("data", Bytes{'a', '\t'})) == "a\t");
  CHECK(datum(Record("message")) == "");
  CHECK(datum(Record("unknown").set("x", 1)) == "");
}

TEST_CASE("schema: docs/records.md says what the table says") {
  std::ifstream file(P2P_SOURCE_DIR "/docs/records.md", std::ios::binary);
  REQUIRE(file);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string marker = "<!-- From here on as `p2p-check-records --docs` prints it. -->\n";
  const auto at = text.find(marker);
  REQUIRE(at != text.npos);
  CHECK(text.substr(at + marker.size()) == schema_markdown());
}
