#include "record/record.h"

#include <doctest/doctest.h>

#include <array>

using namespace p2p;
using namespace p2p::record;

TEST_CASE("a field keeps the kind it was set with") {
  const std::array<std::uint8_t, 2> digest = {1, 2};
  Record record("x");
  record.set("flag", true).set("small", 7).set("negative", -7L).set("big", ~0ULL).set("real", 1.5);
  record.set("literal", "a").set("view", std::string_view("b")).set("string", std::string("c"));
  record.set("array", digest).set("bytes", Bytes{3}).set("list", std::vector<std::string>{"d"});
  CHECK(record.boolean("flag") == true);
  CHECK(record.integer("small") == 7);
  CHECK(*record.find("negative") == Value(std::int64_t{-7}));
  CHECK(record.integer("big") == ~0ULL);
  CHECK(record.number("real") == 1.5);
  CHECK(record.number("small") == 7.0);
  CHECK(record.number("negative") == -7.0);
  CHECK(*record.text("literal") == "a");
  CHECK(*record.text("view") == "b");
  CHECK(*record.text("string") == "c");
  CHECK(*record.bytes("array") == Bytes{1, 2});
  CHECK(*record.bytes("bytes") == Bytes{3});
  CHECK(record.texts("list")->size() == 1);
}

TEST_CASE("a field that is missing or of another kind is nothing") {
  const auto record = Record("x").set("n", -1);
  CHECK(record.find("m") == nullptr);
  CHECK(record.text("n") == nullptr);
  CHECK_FALSE(record.integer("n"));
  CHECK_FALSE(record.boolean("n"));
  CHECK_FALSE(record.number("m"));
}

TEST_CASE("setting again replaces in place, an empty optional leaves out") {
  auto record = Record("x").set("a", 1).set("b", 2).set("a", "three");
  CHECK(record.fields().size() == 2);
  CHECK(record.fields()[0].name == "a");
  CHECK(*record.text("a") == "three");
  record.set("c", std::optional<int>()).set("d", std::optional<int>(4));
  CHECK(record.find("c") == nullptr);
  CHECK(record.integer("d") == 4);
}

TEST_CASE("an error becomes a record without its empty parts") {
  const auto record = record_of(Error(Code::timeout, "dial", "/ip4/1.2.3.4/tcp/1", "no answer"));
  CHECK(record.type() == "error");
  CHECK(*record.text("code") == "timeout");
  CHECK(*record.text("doing") == "dial");
  CHECK(*record.text("why") == "no answer");
  CHECK(record.find("hint") == nullptr);
}
