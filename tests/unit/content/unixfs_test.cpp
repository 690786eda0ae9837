#include "content/unixfs.h"

#include <doctest/doctest.h>

#include "base/basen.h"
#include "support/hex.h"

using namespace p2p;
using content::decode_unixfs;
using content::encode_unixfs;
using content::UnixFs;
using content::UnixFsMetadata;
using content::UnixFsTime;
using p2p::test::unhex;

namespace {

std::string why(std::string_view text) {
  const Bytes message = unhex(text);
  const auto node = decode_unixfs(message);
  REQUIRE_FALSE(node);
  CHECK(node.error().code == Code::parse);
  return node.error().why;
}

}  // namespace

TEST_CASE("what the importer writes decodes to what it meant") {
  const UnixFsMetadata metadata{0644, UnixFsTime{-1, 999'999'999}};
  const std::uint64_t parts[] = {262144, 1};
  const Bytes file = content::unixfs_file(262145, parts, metadata);
  CHECK(hex_encode(file) ==
        "08021881801020808010200138a4034210"
        "08ffffffffffffffffff0115ffc99a3b");
  auto node = decode_unixfs(file);
  REQUIRE(node);
  CHECK(node->type == UnixFs::Type::file);
  CHECK(node->file_size == 262145);
  CHECK(node->block_sizes == std::vector<std::uint64_t>{262144, 1});
  CHECK(node->metadata == metadata);
  CHECK_FALSE(node->data);

  const Bytes link = content::unixfs_symlink("../x");
  node = decode_unixfs(link);
  REQUIRE(node);
  CHECK(node->type == UnixFs::Type::symlink);
  REQUIRE(node->data);
  CHECK(as_text(*node->data) == "../x");

  const Bytes shard = content::unixfs_shard(unhex("8001"), 16, {0755, std::nullopt});
  node = decode_unixfs(shard);
  REQUIRE(node);
  CHECK(node->is_directory());
  CHECK(node->hash_type == content::kMurmur3);
  CHECK(node->fanout == 16);
  CHECK(node->metadata.mode == 0755);

  for (const auto& message : {content::unixfs_directory(), content::unixfs_directory(metadata)}) {
    node = decode_unixfs(message);
    REQUIRE(node);
    CHECK(node->type == UnixFs::Type::directory);
    CHECK(encode_unixfs(*node) == message);
  }
}

TEST_CASE("leaves are framed around content that is not there") {
  const auto frame = content::leaf_frame(3, UnixFs::Type::raw);
  CHECK(hex_encode(frame.head) == "0a0908001203");
  CHECK(hex_encode(frame.tail) == "1803");
  const auto empty = content::leaf_frame(0, UnixFs::Type::file, {0600, UnixFsTime{1, 0}});
  CHECK(hex_encode(empty.head) == "0a0b0802");
  CHECK(hex_encode(empty.tail) ==
        "1800"
        "388003"
        "42020801");
}

TEST_CASE("messages that break a rule are refused") {
  CHECK(why("") == "unixfs: no type");
  CHECK(why("1800") == "unixfs: no type");
  CHECK(why("0806") == "unixfs: unknown type 6");
  CHECK(why("08020802") == "unixfs: fields out of order or repeated");
  CHECK(why("080218001200") == "unixfs: fields out of order or repeated");
  CHECK(why("0802180038013801") == "unixfs: fields out of order or repeated");
  CHECK(why("08014801") == "unixfs: an unknown field or wire type");
  CHECK(why("08022202") != "");                                         // packed, and cut short
  CHECK(why("0802220101") == "unixfs: an unknown field or wire type");  // packed
  CHECK(why("08021201611802") == "unixfs: the size is not that of the data and the parts");
  CHECK(why("0802180120012001") == "unixfs: the size is not that of the data and the parts");
  CHECK(why("08022001") == "unixfs: the size is not that of the data and the parts");
  CHECK(why("0802180120ffffffffffffffffff012002") == "unixfs: sizes that pass 2^64");
  CHECK(why("0801388080808010") == "unixfs: a mode of more than 32 bits");
  CHECK(why("08014200") == "unixfs: a time without seconds");
  CHECK(why("08014205"
            "1501000000") == "unixfs: a time has an unknown, repeated or misplaced field");
  CHECK(why("08014207"
            "08011500ca9a3b") == "unixfs: nanoseconds of 1000000000");
  CHECK(why("08014207"
            "08011500000000") == "unixfs: nanoseconds of 0");
  CHECK(why("0805") == "unixfs: a shard whose hash is not murmur3");
  CHECK(why("0805282330"
            "8002") == "unixfs: a shard whose hash is not murmur3");
  for (const auto* fanout : {"2822", "28223000", "28223004", "2822300c", "2822308010"}) {
    CHECK(why("0805" + std::string(fanout)) ==
          "unixfs: a shard whose fanout is no power of two of 8 to 1024");
  }
  CHECK(why("080512020001"
            "28223008") == "unixfs: a shard's bit field is longer than its fanout");
  CHECK(why("088200") == "unixfs: numbers not in their shortest form");
  CHECK(why("08021281006118"
            "01") == "unixfs: numbers not in their shortest form");
  for (std::size_t size = 1; size < 16; ++size) {
    const Bytes whole = content::unixfs_symlink("0123456789abcde");
    CHECK_FALSE(decode_unixfs(ByteView(whole).first(size + 2)));
  }
}
