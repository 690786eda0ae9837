#include "files/import.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "content/directory.h"
#include "content/file_importer.h"
#include "files/listing.h"
#include "support/noise.h"
#include "support/temp_folder.h"

#include <fcntl.h>

using namespace p2p;
using content::Imported;
using content::Profile;
using content::UnixFsMetadata;
using content::UnixFsTime;
using files::Importer;
using files::ImportOptions;
using files::Kind;
using test::noise;
using test::TempFolder;

namespace {

struct Outcome {
  std::vector<Result<Imported>> roots;
  std::vector<std::string> failed;  // path: why
  std::vector<std::pair<multiformats::Cid, Bytes>> blocks;
  std::uint64_t bytes = 0;
  Result<void> finished;
};

Outcome import(ImportOptions options, const std::vector<std::string>& paths, unsigned threads,
               bool sink = false) {
  Outcome outcome;
  files::Pipeline pipeline(threads);
  Importer::Events events;
  events.failed = [&](const std::string& path, const Error& why) {
    outcome.failed.push_back(path + ": " + why.why);
  };
  events.progress = [&](const std::string&, std::uint64_t bytes) { outcome.bytes += bytes; };
  if (sink) {
    events.sink = [&](const multiformats::Cid& cid, ByteView block) -> Result<void> {
      outcome.blocks.emplace_back(cid, to_bytes(block));
      return {};
    };
  }
  Importer importer(std::move(options), pipeline, std::move(events));
  for (const auto& path : paths) {
    importer.import(path, [&](Result<Imported> root) { outcome.roots.push_back(std::move(root)); });
  }
  outcome.finished = importer.finish();
  return outcome;
}

ImportOptions options(std::string_view profile = "v1") {
  ImportOptions made;
  made.profile = *content::profile_by_name(profile);
  made.recursive = true;
  return made;
}

content::ChunkerSpec chunker(std::string_view text) { return *content::parse_chunker(text); }

/// What the importer that knows no threads makes of the same bytes.
Imported sequential(const Profile& profile, ByteView data, const UnixFsMetadata& metadata = {}) {
  content::FileImporter importer(profile, {}, metadata);
  REQUIRE(importer.update(data));
  return *importer.finish();
}

}  // namespace

TEST_CASE("a file is the same whatever it is cut by, however many threads, read or mapped") {
  const TempFolder folder;
  const UnixFsMetadata metadata{0640, UnixFsTime{5, 6}};
  for (const std::size_t size : {0UL, 1UL, 262143UL, 262144UL, 262145UL, 4194304UL, 9'000'001UL}) {
    const Bytes data = noise(size);
    folder.file("f", data);
    for (const auto* text : {"size-262144", "size-1000", "size-2096896", "buzhash", "rabin",
                             "rabin-1000-5000-20000"}) {
      for (const bool stored : {false, true}) {
        CAPTURE(size);
        CAPTURE(text);
        ImportOptions made = options("v0");
        made.profile.chunker = chunker(text);
        if (stored) {
          made.metadata.mode = metadata.mode;
          made.metadata.mtime = metadata.mtime;
        }
        const auto expected = sequential(made.profile, data, stored ? metadata : UnixFsMetadata());
        for (const unsigned threads : {1U, 3U}) {
          for (const bool sink : {false, true}) {
            ImportOptions again = options("v0");
            again.profile = made.profile;
            again.metadata = made.metadata;
            const auto outcome = import(std::move(again), {folder.at("f")}, threads, sink);
            REQUIRE(outcome.roots.size() == 1);
            REQUIRE(outcome.roots[0]);
            CHECK(outcome.roots[0]->cid == expected.cid);
            CHECK(outcome.roots[0]->dag_size == expected.dag_size);
            CHECK(outcome.roots[0]->blocks == expected.blocks);
            CHECK(outcome.bytes == size);
            if (sink) CHECK(outcome.blocks.size() == expected.blocks);
          }
        }
      }
    }
  }
}

TEST_CASE("a tree and the order of its blocks do not depend on the threads") {
  const TempFolder folder;
  for (const auto* name : {"t/a/b/c", "t/empty", "t/z"}) folder.folder(name);
  for (int i = 0; i < 300; ++i) folder.file("t/a/f" + std::to_string(i), noise(i * 37U));
  folder.file("t/a/b/large", noise(5'000'000));
  folder.file("t/a/b/larger than a leaf", noise(300'000));
  folder.file("t/z/last", noise(10));
  std::filesystem::create_symlink("nowhere", folder.at("t/link"));
  const auto one = import(options(), {folder.at("t")}, 1, true);
  REQUIRE(one.roots.at(0));
  CHECK(one.failed.empty());
  CHECK(one.blocks.size() == one.roots[0]->blocks);
  std::map<multiformats::Cid, bool> seen;
  for (const auto& [cid, block] : one.blocks) {
    CHECK(*content::cid_of_block(cid.codec(), crypto::HashAlg::sha2_256, block) == cid);
    seen[cid] = true;
  }
  CHECK(one.blocks.back().first == one.roots[0]->cid);
  for (const unsigned threads : {2U, 5U}) {
    const auto many = import(options(), {folder.at("t")}, threads, true);
    CHECK(many.blocks == one.blocks);
    const auto without = import(options(), {folder.at("t"), folder.at("t/")}, threads);
    REQUIRE(without.roots.size() == 2);
    CHECK(without.roots[0]->cid == one.roots[0]->cid);
    CHECK(without.roots[1]->cid == one.roots[0]->cid);
    CHECK(without.roots[0]->blocks == one.roots[0]->blocks);
  }
}

TEST_CASE("what cannot be read is told of, and the rest goes on") {
  const TempFolder folder;
  for (const auto* name : {"t/good", "t/bad", "t/worse"}) folder.folder(name);
  folder.file("t/good/f", as_bytes("x"));
  folder.file("t/bad/f", as_bytes("x"));
  REQUIRE(::mkfifo(folder.at("t/bad/fifo").c_str(), 0600) == 0);
  REQUIRE(::mkfifo(folder.at("t/worse/fifo").c_str(), 0600) == 0);
  const auto outcome =
      import(options(),
             {folder.at("t"), folder.at("none"), folder.at("t/good"), folder.at("t/good/f/")}, 2);
  CHECK(outcome.failed == std::vector{folder.at("t/bad/fifo") + ": Not a regular file",
                                      folder.at("t/worse/fifo") + ": Not a regular file"});
  REQUIRE(outcome.roots.size() == 4);
  CHECK(outcome.roots[0].error().code == Code::cancelled);
  CHECK(outcome.roots[1].error().why == "No such file or directory");
  CHECK(outcome.roots[2]);
  CHECK(outcome.roots[3]);

  ImportOptions flat = options();
  flat.recursive = false;
  const auto refused = import(std::move(flat), {folder.at("t")}, 2);
  CHECK(refused.roots.at(0).error().why == "Is a directory");
}

TEST_CASE("a file that changes while it is read has no CID") {
  const TempFolder folder;
  const std::string path = folder.at("f");
  for (const auto* text : {"size-262144", "buzhash"}) {
    for (const off_t new_size : {3'000'000, 0, 20'000'001}) {
      for (const bool sink : {false, true}) {
        CAPTURE(text);
        CAPTURE(new_size);
        folder.file("f", noise(20'000'000));
        folder.file("g", noise(100));
        files::Pipeline pipeline(1);  // so that the second part is read after the first is settled
        Importer::Events events;
        events.progress = [&](const std::string& of, std::uint64_t) {
          if (of == path) REQUIRE(::truncate(path.c_str(), new_size) == 0);
        };
        if (sink) {
          events.sink = [](const multiformats::Cid&, ByteView) -> Result<void> { return {}; };
        }
        ImportOptions made = options();
        made.profile.chunker = chunker(text);
        Importer importer(std::move(made), pipeline, std::move(events));
        std::vector<Result<Imported>> roots;
        for (const auto& file : {path, folder.at("g")}) {
          importer.import(file, [&](Result<Imported> root) { roots.push_back(std::move(root)); });
        }
        REQUIRE(importer.finish());
        REQUIRE(roots.size() == 2);
        REQUIRE_FALSE(roots[0]);
        CHECK(roots[0].error().why == "changed while it was read");
        CHECK(roots[1]);
      }
    }
  }
}

TEST_CASE("a sink that fails cancels what comes after, and says so at the end") {
  const TempFolder folder;
  folder.folder("t");
  for (int i = 0; i < 200; ++i) folder.file("t/" + std::to_string(i), noise(100));
  files::Pipeline pipeline(2);
  std::size_t taken = 0;
  std::vector<std::string> failed;
  Importer::Events events;
  events.sink = [&](const multiformats::Cid&, ByteView) -> Result<void> {
    if (++taken == 10) return fail(Code::io, "disk full");
    return {};
  };
  events.failed = [&](const std::string& path, const Error&) { failed.push_back(path); };
  Importer importer(options(), pipeline, std::move(events));
  Code code = Code::internal;
  importer.import(folder.at("t"), [&](const Result<Imported>& root) {
    REQUIRE_FALSE(root);
    code = root.error().code;
  });
  const auto finished = importer.finish();
  CHECK(code == Code::cancelled);
  REQUIRE_FALSE(finished);
  CHECK(finished.error().why == "disk full");
  CHECK(taken == 10);
  CHECK(failed.empty());
}

TEST_CASE("an importer that is given up waits for its jobs, and calls nobody") {
  const TempFolder folder;
  folder.folder("t");
  for (int i = 0; i < 2000; ++i) folder.file("t/" + std::to_string(i), noise(1000));
  folder.file("large", noise(30'000'000));
  files::Pipeline pipeline(4);
  bool over = false;
  std::size_t late = 0;
  {
    Importer importer(options(), pipeline, {});
    for (const auto* path : {"t", "large", "t"}) {
      importer.import(folder.at(path), [&](const Result<Imported>&) { late += over ? 1 : 0; });
    }
    over = true;
  }
  CHECK(late == 0);
}

TEST_CASE("hidden and ignored entries, empty folders and links are taken or not") {
  const TempFolder folder;
  folder.folder("t/sub/.hidden folder");
  folder.folder("t/empty");
  folder.file("t/sub/.h", as_bytes("h"));
  folder.file("t/a.log", as_bytes("a"));
  std::filesystem::create_symlink("a.log", folder.at("t/link"));
  std::filesystem::create_symlink("t", folder.at("to t"));
  const Profile& profile = *content::profile_by_name("v1");
  const auto leaf = [&](std::string_view text) { return sequential(profile, as_bytes(text)); };
  const auto of = [&](std::initializer_list<std::pair<const char*, Imported>> entries) {
    content::DirectoryImporter directory(profile);
    for (const auto& [name, entry] : entries) REQUIRE(directory.add(name, entry));
    return *directory.finish();
  };
  const auto check = [&](ImportOptions made, const char* path, const Imported& expected) {
    const auto outcome = import(std::move(made), {folder.at(path)}, 2);
    REQUIRE(outcome.roots.at(0));
    CHECK(outcome.roots[0]->cid == expected.cid);
    CHECK(outcome.roots[0]->dag_size == expected.dag_size);
  };
  const Imported link = *content::import_symlink(profile, "a.log");
  const auto none = of({});
  check(options(), "t", of({{"sub", none}, {"empty", none}, {"a.log", leaf("a")}, {"link", link}}));
  ImportOptions hidden = options();
  hidden.hidden = true;
  check(std::move(hidden), "t/sub", of({{".h", leaf("h")}, {".hidden folder", none}}));
  ImportOptions ignoring = options();
  REQUIRE(ignoring.ignore.add("*.log"));
  REQUIRE(ignoring.ignore.add("link"));
  check(std::move(ignoring), "t", of({{"sub", none}, {"empty", none}}));
  ImportOptions full = options();
  full.empty_folders = false;
  check(std::move(full), "t", of({{"a.log", leaf("a")}, {"link", link}}));
  ImportOptions named = options();
  named.empty_folders = false;
  check(std::move(named), "t/empty", none);
  check(options(), "to t", *content::import_symlink(profile, "t"));
  ImportOptions following = options();
  following.follow_all = true;
  check(std::move(following), "to t",
        of({{"sub", none}, {"empty", none}, {"a.log", leaf("a")}, {"link", leaf("a")}}));
}

TEST_CASE("links that lead round in a circle are told of") {
  const TempFolder folder;
  folder.folder("t/sub");
  std::filesystem::create_symlink("..", folder.at("t/sub/up"));
  std::filesystem::create_symlink("itself", folder.at("t/itself"));
  ImportOptions following = options();
  following.follow_all = true;
  const auto outcome = import(std::move(following), {folder.at("t")}, 2);
  CHECK(outcome.failed ==
        std::vector{folder.at("t/itself") + ": Too many levels of symbolic links",
                    folder.at("t/sub/up") + ": a symbolic link leads back to a folder it is in"});
}

TEST_CASE("modes and times are stored as kubo stores them") {
  files::Status status;
  status.mode = 04755;
  status.modified = {1700000000, 5};
  files::MetadataRule rule;
  CHECK_FALSE(rule.any());
  CHECK(rule.of(Kind::regular, &status).empty());
  rule.keep_mode = true;
  rule.keep_mtime = true;
  CHECK(rule.of(Kind::regular, &status) == UnixFsMetadata{04755, UnixFsTime{1700000000, 5}});
  CHECK(rule.of(Kind::symlink, &status) == UnixFsMetadata{{}, UnixFsTime{1700000000, 5}});
  CHECK(rule.of(Kind::regular, nullptr).empty());
  status.mode = 0;
  CHECK_FALSE(rule.of(Kind::regular, &status).mode);
  CHECK(rule.of(Kind::directory, &status).mode == 0U);
  // The beginning of Go's time is no time.
  status.modified = {-62135596800, 0};
  CHECK_FALSE(rule.of(Kind::regular, &status).mtime);
  rule.mode = 04644;
  rule.mtime = UnixFsTime{7, 8};
  CHECK(rule.of(Kind::regular, nullptr) == UnixFsMetadata{0644, UnixFsTime{7, 8}});
}

TEST_CASE("a listing is sorted by bytes, whatever its size") {
  const TempFolder folder;
  std::vector<std::string> names = {"\xff", "é", "e\u0301", "a", "B", std::string(255, 'x')};
  for (int i = 0; i < 3000; ++i) {
    names.push_back(std::to_string(i * 7919 % 3001) +
                    std::string(static_cast<std::size_t>(i) % 200, 'n'));
  }
  for (const auto& name : names) folder.file(name, {});
  folder.folder("left out");
  std::ranges::sort(names);
  // All in memory, and by way of a temporary file.
  for (const std::size_t memory : {files::Listing::kMemory, std::size_t{1000}}) {
    const int fd = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(fd >= 0);
    auto listing =
        files::Listing::read(fd, [](std::string_view name) { return name == "left out"; }, memory);
    ::close(fd);
    REQUIRE(listing);
    CHECK(listing->size() == names.size());
    for (const auto& name : names) {
      const auto entry = listing->next();
      REQUIRE((entry && *entry));
      CHECK((*entry)->name == name);
      CHECK((*entry)->kind == Kind::regular);
    }
    CHECK_FALSE(*listing->next());
  }
}
