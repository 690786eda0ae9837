// The reference CIDs of files, chunk sizes and directories (P2P_TEST_DATA/cid-vectors.json), which
// three implementations agree on, kubo among them.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "content/directory.h"
#include "content/file_importer.h"

using namespace p2p;
using content::Imported;
using content::Profile;
using Json = nlohmann::ordered_json;

namespace {

const Profile& profile(const std::string& name) {
  const Profile* found = content::profile_by_name(name);
  REQUIRE_MESSAGE(found != nullptr, name);
  return *found;
}

std::optional<Json> vectors() {
  const char* folder = std::getenv("P2P_TEST_DATA");
  if (folder == nullptr) {
    MESSAGE("skipped: P2P_TEST_DATA is not set");
    return std::nullopt;
  }
  std::ifstream file(std::string(folder) + "/cid-vectors.json");
  REQUIRE(file.good());
  return Json::parse(file);
}

/// Runs a generator command and hands over its output in pieces of an odd size.
void generate(const std::string& command, const std::function<void(ByteView)>& take) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Bytes piece(100'003);
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe)) {
    take(ByteView(piece).first(n));
  }
  REQUIRE(::pclose(pipe) == 0);
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
    const auto child = slash == std::string::npos
                           ? import_command(profile, command_for(text))
                           : import_tree(profile, tree, prefix + name + "/");
    REQUIRE(directory.add(name, child));
  }
  auto root = directory.finish();
  REQUIRE(root);
  return *root;
}

}  // namespace

TEST_CASE("files have the CIDs, block counts and sizes that ipfs gives them") {
  const auto json = vectors();
  if (!json) return;
  for (const auto& file : json->at("files")) {
    for (const auto& [name, cid] : file.at("cid").items()) {
      CAPTURE(file.at("name").get<std::string>());
      CAPTURE(name);
      const auto root = import_command(profile(name), file.at("cmd"));
      CHECK(root.cid.text() == cid.get<std::string>());
      CHECK(root.size == file.at("size").get<std::uint64_t>());
      CHECK(root.blocks == file.at("blocks").at(name).get<std::uint64_t>());
      CHECK(root.dag_size == file.at("tsize").at(name).get<std::uint64_t>());
    }
  }
}

TEST_CASE("trees of more than two levels: 45 MiB in chunks of 1 KiB") {
  const auto json = vectors();
  if (!json) return;
  for (const auto& entry : json->at("chunker")) {
    for (const auto& [name, cid] : entry.at("cid").items()) {
      CAPTURE(name);
      Profile small = profile(name);
      small.chunk_size = entry.at("chunk");
      const auto root = import_command(
          small,
          "head -c 47185920 /dev/zero | openssl enc -aes-128-ctr "
          "-K 00000000000000000000000000000000 -iv 00000000000000000000000000000000");
      CHECK(root.cid.text() == cid.get<std::string>());
      CHECK(root.blocks == entry.at("blocks").at(name).get<std::uint64_t>());
    }
  }
}

TEST_CASE("directories have the CIDs that ipfs gives them, whatever their names sort by") {
  const auto json = vectors();
  if (!json) return;
  for (const auto& entry : json->at("dirs")) {
    const auto tree = entry.at("tree").get<std::map<std::string, std::string>>();
    for (const auto& [name, cid] : entry.at("cid").items()) {
      CAPTURE(entry.at("name").get<std::string>());
      CAPTURE(name);
      CHECK(import_tree(profile(name), tree, "").cid.text() == cid.get<std::string>());
    }
  }
}

TEST_CASE("a CAR's blocks come out of the importer, leaves before what links to them") {
  const auto json = vectors();
  if (!json) return;
  for (const auto& car : json->at("cars")) {
    const auto input = car.at("input").get<std::string>();
    for (const auto& file : json->at("files")) {
      if (file.at("name") != input) continue;
      std::vector<std::string> seen;
      content::FileImporter importer(profile(car.at("profile")),
                                     [&](const multiformats::Cid& cid, ByteView) -> Result<void> {
                                       seen.push_back(cid.text());
                                       return {};
                                     });
      generate(file.at("cmd"), [&](ByteView data) { REQUIRE(importer.update(data)); });
      REQUIRE(importer.finish());
      auto expected = car.at("order").get<std::vector<std::string>>();
      // The CAR is written root first; the importer cannot know the root before its leaves.
      std::ranges::rotate(expected, expected.begin() + 1);
      CHECK(seen == expected);
    }
  }
}
