#include "content/dag_pb.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "content/block.h"
#include "content/unixfs.h"
#include "support/hex.h"

using namespace p2p;
using content::decode_dag_pb;
using content::encode_dag_pb;
using content::PbNode;
using multiformats::Cid;
using p2p::test::unhex;

namespace {

/// Raw, identity, no bytes: the shortest CID there is.
Cid cid() { return *Cid::decode(unhex("01550000")); }

}  // namespace

// The forms that the test-suites of go-codec-dagpb and js-dag-pb have in common.
TEST_CASE("published forms encode and decode") {
  const auto both_ways = [](const PbNode& node, std::string_view expected) {
    CHECK(hex_encode(encode_dag_pb(node)) == expected);
    const auto decoded = decode_dag_pb(unhex(expected));
    REQUIRE(decoded);
    CHECK(hex_encode(encode_dag_pb(*decoded)) == expected);
    CHECK(decoded->data == node.data);
    CHECK(decoded->links.size() == node.links.size());
  };
  PbNode node;
  both_ways(node, "");
  node.data = Bytes();
  both_ways(node, "0a00");
  node.data = unhex("0001020304");
  both_ways(node, "0a050001020304");

  PbNode linked;
  linked.links.push_back({cid(), std::nullopt, std::nullopt});
  both_ways(linked, "12060a0401550000");
  linked.links.front() = {cid(), "", std::nullopt};
  both_ways(linked, "12080a04015500001200");
  linked.links.front() = {cid(), "some name", std::nullopt};
  both_ways(linked, "12110a04015500001209736f6d65206e616d65");
  linked.links.front() = {cid(), std::nullopt, 0};
  both_ways(linked, "12080a04015500001800");
  linked.links.front() = {cid(), std::nullopt, 1010};
  both_ways(linked, "12090a040155000018f207");
  linked.links.front() = {cid(), std::nullopt, 9007199254740991};
  both_ways(linked, "120f0a040155000018ffffffffffffff0f");
  linked.data = unhex("0001");
  linked.links.front() = {cid(), std::nullopt, std::nullopt};
  both_ways(linked, "12060a04015500000a020001");
}

TEST_CASE("data before links is read, and written back as it was") {
  const auto old = decode_dag_pb(unhex("0a02000112060a0401550000"));
  REQUIRE(old);
  CHECK(old->data_first);
  CHECK(hex_encode(encode_dag_pb(*old)) == "0a02000112060a0401550000");
}

TEST_CASE("what the specification forbids is refused") {
  const std::pair<const char*, const char*> bad[] = {
      {"links on both sides of the data", "12060a04015500000a010012060a0401550000"},
      {"data twice", "0a01000a0100"},
      {"an unknown field", "1a0100"},
      {"the wrong wire type of data", "0801"},
      {"the wrong wire type of links", "1001"},
      {"a link without a CID", "1200"},
      {"an empty CID", "12020a00"},
      {"a cut CID", "12050a03015500"},
      {"a hash twice", "120c0a04015500000a0401550000"},
      {"a name before the hash", "120812000a0401550000"},
      {"a size before the hash", "120818000a0401550000"},
      {"a size before the name", "120a0a040155000018001200"},
      {"a name twice", "120a0a040155000012001200"},
      {"an unknown field in a link", "12080a04015500002000"},
      {"the wrong wire type of a name", "12080a04015500001000"},
      {"the wrong wire type of a size", "12090a04015500001a0100"},
      {"a length in more bytes than it needs", "0a81000f"},
      {"a size in more bytes than it needs", "12090a0401550000188000"},
      {"a tag in more bytes than it needs", "8a0000"},
      {"a tag alone", "0a"},
      {"less data than announced", "0a05000102"},
  };
  for (const auto& [what, block] : bad) {
    CAPTURE(what);
    const auto decoded = decode_dag_pb(unhex(block));
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == Code::parse);
  }
}

TEST_CASE("every cut of a valid block is another block or none") {
  const Bytes block = unhex("12110a04015500001209736f6d65206e616d6512060a04015500000a050001020304");
  for (std::size_t size = 0; size < block.size(); ++size) {
    const auto decoded = decode_dag_pb(ByteView(block).first(size));
    if (decoded) CHECK(equal(encode_dag_pb(*decoded), ByteView(block).first(size)));
  }
}

TEST_CASE("UnixFS messages") {
  CHECK(hex_encode(content::leaf_frame(0).head) == "0a040802");
  CHECK(hex_encode(content::leaf_frame(0).tail) == "1800");
  CHECK(hex_encode(content::leaf_frame(1).head) == "0a0708021201");
  CHECK(hex_encode(content::leaf_frame(262144).head) ==
        "0a8a801008021280"
        "8010");
  const std::uint64_t parts[] = {262144, 1};
  CHECK(hex_encode(content::unixfs_file(262145, parts)) ==
        "08021881801020808010"
        "2001");
  CHECK(hex_encode(content::unixfs_directory()) == "0801");
  CHECK(hex_encode(content::unixfs_symlink("x")) == "0804120178");
  CHECK(hex_encode(content::unixfs_shard(Bytes{0x80}, 256)) ==
        "080512018028223080"
        "02");
}

TEST_CASE("whole blocks are named after a check of their form") {
  using crypto::HashAlg;
  using multiformats::Codec;
  const auto name = [](Codec codec, ByteView block) {
    return content::cid_of_block(codec, HashAlg::sha2_256, block);
  };
  CHECK(name(Codec::raw, {})->text() ==
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  CHECK(name(Codec::dag_pb, {})->text() ==
        "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  CHECK(name(Codec::dag_cbor, unhex("a1616101"))->text() ==
        "bafyreihltcnuuyqp2jm24aqydpnlj7b6w3ogwrplomrjtg5rifv44mmjey");
  // Tag 42 over something that is no CID is canonical CBOR, but no dag-cbor.
  CHECK_FALSE(name(Codec::dag_cbor, unhex("d82a43000102")));
  CHECK(name(Codec::dag_cbor, unhex("d82a450001550000")));
  CHECK_FALSE(name(Codec::dag_cbor, unhex("a16161f90000")));
  CHECK_FALSE(name(Codec::bitcoin_block, Bytes(79)));
  CHECK(name(Codec::bitcoin_block, Bytes(80))->hash().code() ==
        multiformats::HashCode::dbl_sha2_256);
  const auto unknown = name(Codec::git_raw, {});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::unsupported);
}
