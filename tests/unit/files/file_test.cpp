#include "files/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "files/listing.h"
#include "files/read_ahead.h"
#include "files/walk.h"
#include "support/noise.h"
#include "support/temp_folder.h"

using p2p::Bytes;
using p2p::ByteView;
using p2p::Code;
using p2p::Result;
using p2p::files::File;
using p2p::files::Kind;
using p2p::test::noise;
using p2p::test::TempFolder;

namespace {}  // namespace

TEST_CASE("windows and streams give the file's bytes, mapped or read") {
  const TempFolder folder;
  const Bytes content = noise(3 * 1024 * 1024 + 17);
  auto file = File::open(folder.file("f", content));
  REQUIRE(file);
  CHECK(file->regular());
  CHECK(file->size() == content.size());
  const std::size_t sizes[] = {0, 1, 4096, 256 * 1024, 2 * 1024 * 1024};
  for (const std::size_t size : sizes) {
    for (const std::size_t offset :
         {std::size_t{0}, std::size_t{1}, std::size_t{4097}, content.size() - size}) {
      auto window = file->window(offset, size);
      REQUIRE(window);
      CHECK(p2p::equal(window->bytes(), ByteView(content).subspan(offset, size)));
      CHECK(window->close());
    }
  }
  Bytes streamed;
  REQUIRE(file->read_all([&](ByteView piece) -> Result<void> {
    CHECK(piece.size() <= p2p::files::kPieceSize);
    p2p::append(streamed, piece);
    return {};
  }));
  CHECK(streamed == content);
  CHECK(file->unchanged());
}

TEST_CASE("what was peeked at is read again, and no more than once") {
  const TempFolder folder;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{70000}}) {
    const Bytes content = noise(size);
    auto file = File::open(folder.file("f", content)).value();
    for (const std::size_t room : {std::size_t{2}, std::size_t{1}, std::size_t{4}}) {
      const auto peeked = file.peek(room);
      REQUIRE(peeked);
      CHECK(p2p::equal(*peeked, ByteView(content).first(std::min(room, size))));
    }
    File moved = std::move(file);
    Bytes streamed(std::min<std::size_t>(size, 1));
    CHECK(moved.read(streamed).value() == streamed.size());
    REQUIRE(moved.read_all([&](ByteView piece) -> Result<void> {
      p2p::append(streamed, piece);
      return {};
    }));
    CHECK(streamed == content);
  }
}

TEST_CASE("reading ahead gives the file's bytes, whole or given up") {
  const TempFolder folder;
  using p2p::files::kPieceSize;
  const std::size_t sizes[] = {0,
                               1,
                               kPieceSize - 1,
                               kPieceSize,
                               kPieceSize + 1,
                               4 * kPieceSize,
                               8 * kPieceSize,
                               20 * kPieceSize + 5};
  for (const std::size_t size : sizes) {
    const Bytes content = noise(size);
    auto file = File::open(folder.file("f", content));
    REQUIRE(file);
    {
      p2p::files::ReadAhead ahead(*file);
      Bytes read;
      for (;;) {
        const auto piece = ahead.next();
        REQUIRE(piece);
        if (piece->empty()) break;
        CHECK(piece->size() <= kPieceSize);
        p2p::append(read, *piece);
      }
      CHECK(read == content);
    }
    // Nobody takes anything, or only some.
    {
      const p2p::files::ReadAhead untouched(*file);
    }
    p2p::files::ReadAhead started(*file);
    CHECK(started.next());
  }
  auto directory = File::open(folder.path());
  REQUIRE(directory);
  p2p::files::ReadAhead failing(*directory);
  CHECK_FALSE(failing.next());
}

TEST_CASE("a file that shrinks under its window is an error, and no signal") {
  const TempFolder folder;
  const std::string path = folder.file("f", noise(4 * 1024 * 1024));
  auto file = File::open(path);
  REQUIRE(file);
  auto window = file->window(0, 4 * 1024 * 1024);
  REQUIRE(window);
  REQUIRE(::truncate(path.c_str(), 1024 * 1024) == 0);
  std::size_t sum = 0;
  // Another thread may be the one that touches it.
  std::thread([&] {
    for (const auto byte : window->bytes()) sum += byte;
  }).join();
  CHECK(sum > 0);
  CHECK(window->bytes().back() == 0);
  const auto closed = window->close();
  REQUIRE(!closed);
  CHECK(closed.error().code == Code::io);
  CHECK(!file->unchanged());
  // A small window is read, and finds the end as well.
  CHECK(!file->window(1024 * 1024 - 10, 100));
}

TEST_CASE("a file that is written to while it is read has changed") {
  const TempFolder folder;
  const std::string path = folder.file("f", noise(100));
  auto file = File::open(path);
  REQUIRE(file);
  CHECK(file->unchanged());
  folder.file("f", noise(101));
  CHECK(!file->unchanged());
}

TEST_CASE("what cannot be opened or read says so in the system's words") {
  const TempFolder folder;
  const auto missing = File::open(folder.path() + "/none");
  REQUIRE(!missing);
  CHECK(missing.error().code == Code::not_found);
  CHECK(missing.error().why == "No such file or directory");
  auto directory = File::open(folder.path());
  REQUIRE(directory);
  CHECK(directory->status().kind == Kind::directory);
  Bytes room(10);
  const auto read = directory->read(room);
  REQUIRE(!read);
  CHECK(read.error().why == "Is a directory");
}

TEST_CASE("entries are sorted by bytes, with their kinds") {
  const TempFolder folder;
  folder.file("b", {});
  folder.file("B", {});
  folder.file("\xc3\xa4", {});
  std::filesystem::create_directory(folder.path() + "/a");
  std::filesystem::create_symlink("b", folder.path() + "/link");
  REQUIRE(::mkfifo((folder.path() + "/pipe").c_str(), 0600) == 0);
  auto listing = p2p::files::Listing::of(folder.path(), 1);
  REQUIRE(listing);
  std::string seen;
  for (;;) {
    const auto entry = listing->next();
    REQUIRE(entry);
    if (!*entry) break;
    seen +=
        std::string((*entry)->name) + "=" + std::to_string(static_cast<int>((*entry)->kind)) + " ";
  }
  CHECK(seen == "B=0 a=1 b=0 link=2 pipe=3 \xc3\xa4=0 ");
  CHECK(p2p::files::read_link(folder.path() + "/link") == "b");
  const auto status = p2p::files::link_status(folder.path() + "/link");
  REQUIRE(status);
  CHECK(status->kind == Kind::symlink);
}
