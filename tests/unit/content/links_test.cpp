#include "content/links.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "content/block.h"
#include "content/dag_pb.h"
#include "support/hex.h"

using namespace p2p;
using multiformats::Cid;
using multiformats::Codec;
using p2p::test::unhex;

namespace {

Result<std::vector<std::string>> links(Codec codec, ByteView block) {
  std::vector<std::string> found;
  P2P_CHECK(content::links_of(Cid::v1(codec, multiformats::Multihash()), block,
                              [&](const Cid& cid) -> Result<void> {
                                found.push_back(hex_encode(cid.bytes()));
                                return {};
                              }));
  return found;
}

using Found = std::vector<std::string>;

}  // namespace

TEST_CASE("links of every format, in order, repeated ones repeatedly") {
  CHECK(*links(Codec::dag_pb, unhex("12060a040155000012060a0401550000")) ==
        Found{"01550000", "01550000"});
  CHECK(*links(Codec::dag_cbor, unhex("a26161d82a450001550000616282d82a46000171000100f6")) ==
        Found{"01550000", "0171000100"});
  CHECK(*links(Codec::dag_json, as_bytes(R"([{"/":"bafkqaaa"},{"a":{"/":"bafkqabiaaebagba"}}])")) ==
        Found{"01550000", "015500050001020304"});
  CHECK(*links(Codec::raw, unhex("12060a0401550000")) == Found{});
  CHECK(*links(Codec::git_raw, unhex("00")) == Found{});
  CHECK(content::knows_links(Codec::raw));
  CHECK_FALSE(content::knows_links(Codec::git_raw));
}

TEST_CASE("what is not of its format is refused, with the byte where it stands") {
  const auto at = [](Codec codec, ByteView block) {
    const auto found = links(codec, block);
    REQUIRE_FALSE(found);
    const auto& why = found.error().why;
    return why.substr(why.rfind(" at byte ") + 9);
  };
  CHECK(at(Codec::dag_pb, unhex("12060a04015500001a00")) == "8");
  CHECK(at(Codec::dag_pb, unhex("120c0a04015500000a0401550000")) == "8");
  CHECK(at(Codec::dag_pb, unhex("12090a0401550000188000")) == "9");
  CHECK(at(Codec::dag_pb, unhex("12060a0403550000")) == "4");
  CHECK(at(Codec::dag_cbor, unhex("a2616201616101")) == "4");
  CHECK(at(Codec::dag_cbor, unhex("821801f6")) == "1");
  CHECK(at(Codec::dag_json, as_bytes(R"({"b":1, "a":2})")) == "7");
  // Tag 42 over what is no CID is CBOR, but no dag-cbor.
  CHECK_FALSE(links(Codec::dag_cbor, unhex("d82a43000102")));
}

TEST_CASE("links are found in blocks that laxer encoders have written") {
  const auto loose = [](Codec codec, ByteView block) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    P2P_CHECK(content::loose_links_of(Cid::v1(codec, multiformats::Multihash()), block,
                                      [&](const Cid& cid) -> Result<void> {
                                        found.push_back(hex_encode(cid.bytes()));
                                        return {};
                                      }));
    return found;
  };
  // Keys out of order and twice, a long number, a short float, undefined, another tag, bad UTF-8.
  const Bytes cbor = unhex(
      "a661621818"
      "6161d82a450001550000"
      "6161f93c00"
      "6163f7"
      "6164c1d82a450001550000"
      "6165"
      "61ff");
  CHECK_FALSE(links(Codec::dag_cbor, cbor));
  CHECK(loose(Codec::dag_cbor, cbor).value() == Found{"01550000", "01550000"});
  CHECK_FALSE(loose(Codec::dag_cbor, unhex("9fff")));
  CHECK_FALSE(loose(Codec::dag_cbor, unhex("d82a43000102")));
  CHECK_FALSE(loose(Codec::dag_cbor, unhex("c1")));
  CHECK_FALSE(loose(Codec::dag_cbor, unhex("8201")));
  CHECK(loose(Codec::dag_json, as_bytes(R"({ "b": [{"/": "bafkqaaa"}], "a": 1 })")).value() ==
        Found{"01550000"});
  // Any base, any escape, keys twice, in order; but only a map's one key makes a link of its text.
  CHECK(loose(Codec::dag_json,
              as_bytes(R"([{"\u002f": "f0155000101"}, {"/": ["x"], "a": {"/": "bafkqaaa"}},
                          {"/": "x", "a": 1}, {"a": 1, "/": "x"}, {"/": {"bytes": "x"}},
                          {"a": {"/": "bafkqaaa"}, "a": {"/": "f0155000102"}}, "/", "x"])"))
            .value() == Found{"0155000101", "01550000", "01550000", "0155000102"});
  CHECK_FALSE(loose(Codec::dag_json, as_bytes(R"([{"/": "bafkqaaa"})")));
  CHECK_FALSE(loose(Codec::dag_json, as_bytes(R"({"/": "bafkq!"})")));
  CHECK_FALSE(loose(Codec::dag_pb, unhex("1a0100")));
}

TEST_CASE("a visitor's error ends the walk") {
  for (const auto& [codec, block] :
       {std::pair{Codec::dag_pb, unhex("12060a040155000012060a0401550000")},
        std::pair{Codec::dag_cbor, unhex("82d82a450001550000d82a450001550000")}}) {
    int visited = 0;
    const auto walked = content::links_of(Cid::v1(codec, multiformats::Multihash()), block,
                                          [&](const Cid&) -> Result<void> {
                                            ++visited;
                                            return fail(Code::limit, "enough");
                                          });
    REQUIRE_FALSE(walked);
    CHECK(walked.error().why == "enough");
    CHECK(visited == 1);
  }
}

TEST_CASE("a reader of dag-pb goes on where its copy stopped, over moved bytes") {
  content::PbNode node;
  for (const char* name : {"a", "b", "c"}) {
    node.links.push_back({*Cid::decode(unhex("01550000")), name, 1});
  }
  node.data = unhex("0801");
  const Bytes block = content::encode_dag_pb(node);
  content::PbReader reader(block);
  REQUIRE(reader.next());
  const Bytes moved = block;
  content::PbReader later = reader;
  later.rebind(moved);
  CHECK((*later.next())->name == "b");
  CHECK((*later.next())->name == "c");
  CHECK(equal((*later.next())->data, unhex("0801")));
  CHECK_FALSE(*later.next());
}
