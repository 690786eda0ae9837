#include "files/tree_writer.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "files/output.h"
#include "files/scratch.h"
#include "support/temp_folder.h"

using namespace p2p;
using files::TreeWriter;
namespace fs = std::filesystem;

namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

auto with(std::string_view text) {
  return [text](const TreeWriter::Put& put) { return put(as_bytes(text)); };
}

}  // namespace

TEST_CASE("names that lead elsewhere are refused by every function") {
  const test::TempFolder folder;
  auto writer = TreeWriter::open(folder.at("in"), false).value();
  for (const auto& name : {std::string(""), std::string("."), std::string(".."), std::string("a/b"),
                           std::string("/x"), std::string("a\0b", 3)}) {
    CHECK(writer.enter(name).error().code == Code::permission);
    CHECK(writer.file(name, {}, with("x")).error().code == Code::permission);
    CHECK(writer.symlink(name, "x", {}).error().code == Code::permission);
  }
  CHECK(folder.entries() == 1);
  CHECK(fs::is_empty(folder.at("in")));
}

TEST_CASE("what no disk has room for is refused") {
  const test::TempFolder folder;
  const auto writer = TreeWriter::open(folder.path(), false).value();
  CHECK(writer.check_room(0));
  CHECK(writer.check_room(1));
  for (const auto size : {UINT64_MAX, std::uint64_t{1} << 62}) {
    CHECK(writer.check_room(size).error().code == Code::limit);
  }
}

TEST_CASE("a file appears whole or not at all") {
  const test::TempFolder folder;
  auto writer = TreeWriter::open(folder.path(), false).value();
  REQUIRE(writer.file("whole", {0600, {}}, with("content")));
  CHECK(content_of(folder.at("whole")) == "content");
  const auto failed = writer.file("half", {}, [](const TreeWriter::Put& put) -> Result<void> {
    P2P_CHECK(put(Bytes(1'000'000)));
    return fail(Code::mismatch, "wrong");
  });
  CHECK(failed.error().code == Code::mismatch);
  CHECK(folder.entries() == 1);
  CHECK(writer.file("whole", {}, with("other")).error().code == Code::already_exists);
  CHECK(writer.symlink("whole", "x", {}).error().code == Code::already_exists);
  CHECK(content_of(folder.at("whole")) == "content");
  CHECK(folder.entries() == 1);
}

TEST_CASE("replacing replaces files and links, but not what links lead to, and no folder") {
  const test::TempFolder folder;
  std::ofstream(folder.at("target")) << "precious";
  fs::create_symlink("target", folder.at("link"));
  fs::create_directory(folder.at("folder"));
  auto writer = TreeWriter::open(folder.path(), true).value();
  REQUIRE(writer.file("link", {}, with("new")));
  CHECK_FALSE(fs::is_symlink(folder.at("link")));
  CHECK(content_of(folder.at("target")) == "precious");
  CHECK_FALSE(writer.file("folder", {}, with("new")));
  REQUIRE(writer.symlink("target", "elsewhere", {}));
  CHECK(fs::read_symlink(folder.at("target")) == "elsewhere");
  CHECK(folder.entries() == 3);
}

TEST_CASE("links are not followed on the way") {
  const test::TempFolder folder;
  fs::create_directory(folder.at("outside"));
  fs::create_directory(folder.at("in"));
  fs::create_symlink(folder.at("outside"), folder.at("in/link"));
  auto writer = TreeWriter::open(folder.at("in"), true).value();
  CHECK_FALSE(writer.enter("link"));
  REQUIRE(writer.symlink("own", "../outside", {}));
  CHECK_FALSE(writer.enter("own"));
  CHECK(fs::is_empty(folder.at("outside")));
}

TEST_CASE("modes and times, without the rights of others") {
  const test::TempFolder folder;
  auto writer = TreeWriter::open(folder.path(), false).value();
  const content::UnixFsMetadata metadata{04755, content::UnixFsTime{981173106, 5}};
  REQUIRE(writer.enter("sub"));
  REQUIRE(writer.file("file", metadata, with("x")));
  REQUIRE(writer.symlink("link", "file", {{}, metadata.mtime}));
  REQUIRE(writer.leave({0500, metadata.mtime}));
  struct stat status{};
  REQUIRE(::stat(folder.at("sub/file").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
  CHECK(status.st_mtim.tv_sec == 981173106);
  CHECK(status.st_mtim.tv_nsec == 5);
  REQUIRE(::lstat(folder.at("sub/link").c_str(), &status) == 0);
  CHECK(status.st_mtim.tv_sec == 981173106);
  REQUIRE(::stat(folder.at("sub").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0500);
  CHECK(status.st_mtim.tv_sec == 981173106);
  ::chmod(folder.at("sub").c_str(), 0700);
}

TEST_CASE("an output file takes its place only when it is done") {
  const test::TempFolder folder;
  std::ofstream(folder.at("out")) << "old";
  {
    auto file = files::OutputFile::create(folder.at("out")).value();
    REQUIRE(file.write(Bytes(1'000'000, 'x')));
    CHECK(content_of(folder.at("out")) == "old");
  }
  CHECK(content_of(folder.at("out")) == "old");
  CHECK(folder.entries() == 1);
  auto file = files::OutputFile::create(folder.at("out")).value();
  REQUIRE(file.write(as_bytes("0123456789")));
  REQUIRE(file.write_at(2, as_bytes("xx")));
  REQUIRE(file.write(as_bytes("end")));
  CHECK(file.size() == 13);
  REQUIRE(file.commit());
  CHECK(content_of(folder.at("out")) == "01xx456789end");
  CHECK(folder.entries() == 1);
  CHECK(files::OutputFile::create(folder.at("nosuch/out")).error().subject ==
        folder.at("nosuch/out"));
  auto full = files::OutputFile::create("/dev/full").value();
  CHECK_FALSE(full.regular());
  CHECK_FALSE((full.write(as_bytes("x")) && full.commit()));
}

TEST_CASE("a temporary file reads back what it was given, wherever that is") {
  const test::TempFolder folder;
  files::TemporaryFile file(folder.path());
  Bytes all;
  for (const std::size_t size : {10, 600'000, 600'000, 3'000'000, 5, 0, 1'048'576, 1}) {
    Bytes part(size);
    for (std::size_t i = 0; i < size; ++i) part[i] = static_cast<std::uint8_t>(i * 7 + size);
    CHECK(file.append(part).value() == all.size());
    append(all, part);
  }
  CHECK(file.size() == all.size());
  for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{1'200'000},
                               std::size_t{4'200'000}, all.size() - 3, all.size()}) {
    Bytes read(3'000'000);
    const auto size = file.read_at(at, read).value();
    CHECK(size == std::min(read.size(), all.size() - at));
    CHECK(equal(ByteView(read).first(size), ByteView(all).subspan(at, size)));
  }
  CHECK(folder.entries() == 0);  // it has no name
  files::TemporaryFile nowhere(folder.at("nosuch"));
  CHECK(nowhere.append(Bytes(10)));
  const auto failed = nowhere.append(Bytes(2'000'000));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().subject == folder.at("nosuch"));
}
