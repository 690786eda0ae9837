// The reference CIDs of files, chunk sizes and directories (P2P_TEST_DATA/cid-vectors.json), which
// three implementations agree on, kubo among them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "codec/json.h"
#include "content/directory.h"
#include "content/file_importer.h"
#include "support/cid_vectors.h"

using namespace p2p;
using codec::Value;
using content::Imported;
using content::Profile;
using test::at;
using test::generate;
using test::input_of;
using test::list_at;
using test::number_at;
using test::text_at;

namespace {

const Profile& profile(const std::string& name) {
  const Profile* found = content::profile_by_name(name);
  REQUIRE_MESSAGE(found != nullptr, name);
  return *found;
}

Imported import_command(const Profile& profile, const std::string& command) {
  content::FileImporter importer(profile);
  generate(command, [&](ByteView data) { REQUIRE(importer.update(data)); });
  auto root = importer.finish();
  REQUIRE(root);
  return *root;
}

std::string command_for(const std::string& content) {
  if (content.starts_with("head ")) return content;
  return "printf '%s' '" + content + "'";
}

/// The paths below `prefix` of a tree given as path -> content.
Imported import_tree(const Profile& profile, const std::map<std::string, std::string>& tree,
                     const std::string& prefix) {
  content::DirectoryImporter directory(profile);
  std::map<std::string, bool> seen;
  for (const auto& [path, text] : tree) {
    if (!path.starts_with(prefix)) continue;
    const std::string rest = path.substr(prefix.size());
    const auto slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    if (std::exchange(seen[name], true)) continue;
    const auto child = slash == std::string::npos ? import_command(profile, command_for(text))
                                                  : import_tree(profile, tree, prefix + name + "/");
    REQUIRE(directory.add(name, child));
  }
  auto root = directory.finish();
  REQUIRE(root);
  return *root;
}

}  // namespace

TEST_SUITE_BEGIN("needs data");

TEST_CASE("files have the CIDs, block counts and sizes that ipfs gives them") {
  const auto json = test::cid_vectors();
  if (!json) return;
  for (const auto& file : list_at(*json, "files")) {
    for (const auto& [name, cid] : *at(file, "cid").map()) {
      CAPTURE(text_at(file, "name"));
      CAPTURE(name);
      const auto root = import_command(profile(name), text_at(file, "cmd"));
      CHECK(root.cid.text() == *cid.text());
      CHECK(root.size == number_at(file, "size"));
      CHECK(root.blocks == number_at(at(file, "blocks"), name));
      CHECK(root.dag_size == number_at(at(file, "tsize"), name));
    }
  }
}

TEST_CASE("trees of more than two levels: 45 MiB in chunks of 1 KiB") {
  const auto json = test::cid_vectors();
  if (!json) return;
  for (const auto& entry : list_at(*json, "chunker")) {
    for (const auto& [name, cid] : *at(entry, "cid").map()) {
      CAPTURE(name);
      Profile small = profile(name);
      small.chunker = content::ChunkerSpec::fixed(number_at(entry, "chunk"));
      const auto root = import_command(
          small,
          "head -c 47185920 /dev/zero | openssl enc -aes-128-ctr "
          "-K 00000000000000000000000000000000 -iv 00000000000000000000000000000000");
      CHECK(root.cid.text() == *cid.text());
      CHECK(root.blocks == number_at(at(entry, "blocks"), name));
    }
  }
}

TEST_CASE("directories have the CIDs that ipfs gives them, whatever their names sort by") {
  const auto json = test::cid_vectors();
  if (!json) return;
  for (const auto& entry : list_at(*json, "dirs")) {
    std::map<std::string, std::string> tree;
    for (const auto& [path, content] : *at(entry, "tree").map()) tree[path] = *content.text();
    for (const auto& [name, cid] : *at(entry, "cid").map()) {
      CAPTURE(text_at(entry, "name"));
      CAPTURE(name);
      CHECK(import_tree(profile(name), tree, "").cid.text() == *cid.text());
    }
  }
}

TEST_CASE("a CAR's blocks come out of the importer, leaves before what links to them") {
  const auto json = test::cid_vectors();
  if (!json) return;
  for (const auto& car : list_at(*json, "cars")) {
    const auto& file = input_of(*json, car);
    std::vector<std::string> seen;
    const auto note = [&](const multiformats::Cid& cid, ByteView) -> Result<void> {
      seen.push_back(cid.text());
      return {};
    };
    content::FileImporter importer(profile(text_at(car, "profile")), note);
    generate(text_at(file, "cmd"), [&](ByteView data) { REQUIRE(importer.update(data)); });
    REQUIRE(importer.finish());
    std::vector<std::string> expected;
    for (const auto& cid : *at(car, "order").list()) expected.push_back(*cid.text());
    // A CAR is written root first; the importer cannot know the root before its leaves.
    std::ranges::rotate(expected, expected.begin() + 1);
    CHECK(seen == expected);
  }
}

TEST_SUITE_END();
