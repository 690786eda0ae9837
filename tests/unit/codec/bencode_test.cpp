#include "codec/bencode.h"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;
using codec::BencodeWriter;
using codec::decode_bencode;
using Kind = codec::BencodeNode::Kind;

namespace {

std::string why_not(std::string_view text) {
  const auto document = decode_bencode(as_bytes(text));
  return document ? "" : document.error().message();
}

std::string flaw_of(std::string_view text) {
  const auto document = decode_bencode(as_bytes(text));
  REQUIRE(document);
  return document->flaw().value_or("");
}

}  // namespace

TEST_CASE("bencode: BEP 3's examples") {
  const std::string spam = "4:spam";
  CHECK(as_text(*decode_bencode(as_bytes(spam))->root().string()) == "spam");
  CHECK(decode_bencode(as_bytes("i3e"))->root().integer() == 3);
  CHECK(decode_bencode(as_bytes("i-3e"))->root().integer() == -3);
  CHECK(decode_bencode(as_bytes("i0e"))->root().integer() == 0);

  const auto list = decode_bencode(as_bytes("l4:spam4:eggse"));
  REQUIRE(list);
  std::string joined;
  for (const auto item : list->root().items()) joined += as_text(*item.string());
  CHECK(joined == "spameggs");

  const auto dict = decode_bencode(as_bytes("d4:spaml1:a1:bee"));
  REQUIRE(dict);
  const auto found = dict->root().find("spam");
  REQUIRE(found);
  CHECK(as_text(found->raw()) == "l1:a1:be");
  CHECK(found->offset() == 7);
  CHECK_FALSE(dict->root().find("eggs"));
  CHECK_FALSE(dict->flaw());
}

TEST_CASE("bencode: integers to the edges of 64 bits") {
  CHECK(decode_bencode(as_bytes("i9223372036854775807e"))->root().integer() == INT64_MAX);
  CHECK(decode_bencode(as_bytes("i-9223372036854775808e"))->root().integer() == INT64_MIN);
  CHECK(why_not("i9223372036854775808e") == "integer beyond 64 bits at byte 0");
  CHECK(why_not("li1ei-9223372036854775809ee") == "integer beyond 64 bits at byte 4");
}

TEST_CASE("bencode: what is no bencoding, and where") {
  CHECK(why_not("") == "cut short at byte 0");
  CHECK(why_not("x") == "no value at byte 0");
  CHECK(why_not("e") == "no value at byte 0");
  CHECK(why_not("i") == "cut short at byte 1");
  CHECK(why_not("ie") == "integer without digits at byte 0");
  CHECK(why_not("i-e") == "integer without digits at byte 0");
  CHECK(why_not("i+1e") == "integer without digits at byte 0");
  CHECK(why_not("i1x") == "integer without an end at byte 2");
  CHECK(why_not("5:spam") == "string that is cut short at byte 0");
  CHECK(why_not("99999999999999999999:") == "length out of range at byte 0");
  CHECK(why_not("-1:") == "no value at byte 0");
  CHECK(why_not("4spam") == "length without a colon at byte 1");
  CHECK(why_not("l") == "cut short at byte 1");
  CHECK(why_not("di1ei2ee") == "key that is no string at byte 1");
  CHECK(why_not("d1:ae") == "key without a value at byte 4");
  const std::string whole = "d1:al1:bi-12eee";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode_bencode(as_bytes(whole.substr(0, size))));
  }
}

TEST_CASE("bencode: foreign forms are read, and said to be what they are") {
  CHECK(flaw_of("d1:bi1e1:ai2ee") == "unsorted key at byte 7");
  CHECK(flaw_of("d1:ai1e1:ai2ee") == "key that stands twice at byte 7");
  CHECK(flaw_of("i007e") == "needless zero at byte 0");
  CHECK(flaw_of("i-0e") == "minus zero at byte 0");
  CHECK(flaw_of("l03:abce") == "needless zero at byte 1");
  CHECK(flaw_of("i1e\n") == "bytes after the value at byte 3");
  CHECK(flaw_of("d0:i0e1:ai1e2:aai2e1:bi3ee").empty());
  // The first of two values under one key counts, as in libtorrent.
  const std::string twice = "d1:ai1e1:ai2ee";
  CHECK(decode_bencode(as_bytes(twice))->root().find("a")->integer() == 1);
}

TEST_CASE("bencode: depth and number of values are bounded") {
  const std::size_t most = codec::kMaxBencodeDepth;
  CHECK(decode_bencode(as_bytes(std::string(most, 'l') + std::string(most, 'e'))));
  const auto deep = decode_bencode(as_bytes(std::string(most + 1, 'l')));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().code == Code::limit);
  const auto many = decode_bencode(as_bytes("l" + std::string(2 * codec::kMaxBencodeTokens, '0')));
  CHECK_FALSE(many);
  std::string empty_strings = "l";
  for (std::size_t i = 0; i < codec::kMaxBencodeTokens; ++i) empty_strings += "0:";
  const auto crowded = decode_bencode(as_bytes(empty_strings + "e"));
  REQUIRE_FALSE(crowded);
  CHECK(crowded.error().code == Code::limit);
}

TEST_CASE("bencode: the writer writes what the reader reads") {
  Bytes out;
  BencodeWriter writer(out);
  writer.dict().key("list").list().integer(-5).string("x").dict().end().end();
  writer.key("raw").integer(7).key("z").string("").end();
  CHECK(as_text(out) == "d4:listli-5e1:xdee3:rawi7e1:z0:e");
  const auto document = decode_bencode(out);
  REQUIRE(document);
  CHECK_FALSE(document->flaw());
  CHECK(document->root().find("raw")->integer() == 7);
  CHECK(document->root().find("list")->is_list());
  CHECK(document->root().kind() == Kind::dict);
  // Views of a kind that the value is not have nothing in them.
  CHECK(document->root().items().begin() == document->root().items().end());
  CHECK_FALSE(document->root().integer());
  CHECK_FALSE(document->root().string());
}
