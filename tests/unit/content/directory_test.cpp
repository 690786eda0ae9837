#include "content/directory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "content/dag_pb.h"
#include "content/file_importer.h"
#include "content/murmur3.h"

using namespace p2p;
using content::DirectoryImporter;
using content::FileImporter;
using content::Imported;
using content::Profile;

namespace {

Imported empty_file(const Profile& profile) { return *FileImporter(profile).finish(); }

std::string padded(std::size_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(width - digits.size(), '0') + digits;
}

/// A flat directory of `count` empty files, each name of 100 bytes, and one more of `last` bytes.
Imported flat(const Profile& profile, std::size_t count, std::size_t last) {
  DirectoryImporter directory(profile);
  for (std::size_t i = 1; i <= count; ++i) {
    REQUIRE(directory.add(padded(i, 100), empty_file(profile)));
  }
  REQUIRE(directory.add(std::string(last, 'z'), empty_file(profile)));
  auto root = directory.finish();
  REQUIRE(root);
  return *root;
}

}  // namespace

TEST_CASE("murmur3 of its reference implementation") {
  CHECK(content::murmur3_x64_64({}) == 0);
  CHECK(content::murmur3_x64_64(as_bytes("hello")) == 0xcbd8a7b341bd9b02);
  CHECK(content::murmur3_x64_64(as_bytes("The quick brown fox jumps over the lazy dog")) ==
        0xe34bbc7bbc071b6c);
}

TEST_CASE("a directory is sharded one byte past 256 KiB, not at it") {
  // By links: a name of 100 bytes and a CID of 34 make 134; 1,955 times that leaves 174 of 262,144
  // for a last entry, whose name then has 140.
  const Profile& old = *content::profile_by_name("unixfs-v0-2015");
  CHECK(flat(old, 1955, 140).blocks == 1 + 1956);
  CHECK(flat(old, 1955, 141).blocks > 1 + 1956);
  // By block: a link to an empty raw leaf with a name of 100 bytes takes 38 for the CID, 102 for
  // the name, 2 for the size, 3 around it: 145. 1,807 times that and 4 for the directory itself
  // leave 125 of 262,144: a name of 81 and 44 around it.
  const Profile& recent = *content::profile_by_name("unixfs-v1-2025");
  CHECK(flat(recent, 1807, 81).blocks == 1 + 1808);
  CHECK(flat(recent, 1807, 82).blocks > 1 + 1808);
}

TEST_CASE("names that are no names are refused") {
  const Profile& profile = *content::profile_by_name("v1");
  DirectoryImporter directory(profile);
  CHECK_FALSE(directory.add("", empty_file(profile)));
  CHECK_FALSE(directory.add("a/b", empty_file(profile)));
  CHECK(directory.add("a", empty_file(profile)));
  CHECK(directory.add("a", empty_file(profile)));
  CHECK_FALSE(directory.finish());
}

TEST_CASE("every shard is a dag-pb block, and its links are sorted") {
  const Profile& profile = *content::profile_by_name("v1");
  std::size_t shards = 0;
  DirectoryImporter directory(
      profile, [&](const multiformats::Cid& cid, ByteView block) -> Result<void> {
        ++shards;
        const auto node = content::decode_dag_pb(block);
        REQUIRE(node);
        CHECK(std::ranges::is_sorted(node->links, {}, [](const auto& link) { return *link.name; }));
        CHECK(cid == *content::cid_of_block(cid.codec(), profile.hash, block));
        return {};
      });
  for (std::size_t i = 0; i < 3000; ++i) {
    REQUIRE(directory.add(padded(i, 100), empty_file(profile)));
  }
  const auto root = directory.finish();
  REQUIRE(root);
  CHECK(root->blocks == 3000 + shards);
  CHECK(shards > 100);
}

TEST_CASE("an importer's CID does not depend on how its input is cut") {
  Profile profile = *content::profile_by_name("unixfs-v0-2015");
  for (const bool raw_leaves : {false, true}) {
    profile.raw_leaves = raw_leaves;
    profile.chunker = content::ChunkerSpec::fixed(7);
    profile.width = 3;
    Bytes data(1000);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 31);
    const auto import = [&](std::size_t piece) {
      FileImporter importer(profile);
      for (ByteView rest = data; !rest.empty();) {
        const auto part = rest.first(std::min(piece, rest.size()));
        REQUIRE(importer.update(part));
        rest = rest.subspan(part.size());
      }
      return *importer.finish();
    };
    const auto whole = import(data.size());
    CHECK(whole.size == 1000);
    for (const std::size_t piece : {1, 2, 6, 7, 8, 13, 14, 15, 999}) {
      CAPTURE(piece);
      CHECK(import(piece).cid == whole.cid);
    }
  }
}

TEST_CASE("a sink that fails stops the import") {
  const Profile& profile = *content::profile_by_name("v1");
  FileImporter importer(profile, [](const multiformats::Cid&, ByteView) -> Result<void> {
    return fail(Code::io, "disk full");
  });
  const Bytes chunk(profile.chunker.max);
  const auto result = importer.update(chunk);
  REQUIRE_FALSE(result);
  CHECK(result.error().why == "disk full");
}

TEST_CASE("a directory of many entries is the same by way of a scratch") {
  for (const auto* name : {"unixfs-v0-2015", "unixfs-v1-2025"}) {
    const Profile& profile = *content::profile_by_name(name);
    const auto make = [&](content::ScratchMaker scratch, std::size_t count) {
      std::vector<std::string> blocks;
      DirectoryImporter directory(
          profile,
          [&](const multiformats::Cid& cid, ByteView) -> Result<void> {
            blocks.push_back(cid.text());
            return {};
          },
          {}, std::move(scratch), 256 * 1024);
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(directory.add(padded(i * 7919 % 50'021, 100), empty_file(profile)));
      }
      const auto root = directory.finish();
      REQUIRE(root);
      blocks.push_back(std::to_string(root->blocks) + " " + std::to_string(root->dag_size));
      return blocks;
    };
    // Too small for shards, with some in memory, and with several runs.
    std::size_t scratches = 0;
    for (const std::size_t count : {10, 5'000, 50'000}) {
      CAPTURE(count);
      CHECK(make({}, count) == make(
                                   [&] {
                                     ++scratches;
                                     return std::make_unique<content::MemoryScratch>();
                                   },
                                   count));
      CHECK(scratches == (count == 50'000 ? 1 : 0));
    }
  }
}

TEST_CASE("a directory says so where its scratch fails") {
  class Full final : public content::Scratch {
    Result<std::size_t> read_at(std::uint64_t, MutableBytes) override { return std::size_t{0}; }
    Result<std::uint64_t> append(ByteView) override {
      return fail(Code::io, "write", "it", "full");
    }
  };
  const Profile& profile = *content::profile_by_name("v1");
  DirectoryImporter directory(profile, {}, {}, [] { return std::make_unique<Full>(); });
  Result<void> added;
  std::size_t i = 0;
  for (; added && i < 100'000; ++i) added = directory.add(padded(i, 100), empty_file(profile));
  CHECK(i > 10'000);
  REQUIRE_FALSE(added);
  CHECK(added.error().subject == "it");
}
