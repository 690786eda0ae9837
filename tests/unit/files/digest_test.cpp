#include "files/digest.h"
#include "support/noise.h"
#include "support/temp_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace p2p;
using crypto::HashAlg;
using files::Algorithms;
using files::Digester;
using files::Digests;

namespace {

std::vector<Bytes> expected(const Algorithms& algorithms, ByteView content) {
  std::vector<Bytes> values;
  for (const auto alg : algorithms) values.push_back(crypto::hash(alg, content));
  return values;
}

const Algorithms kSets[] = {
    {HashAlg::sha2_256},
    {HashAlg::blake3},
    {HashAlg::sha1, HashAlg::blake3, HashAlg::crc32c, HashAlg::blake3},
    {*crypto::hash_by_name("blake3-1024")},
    {*crypto::hash_by_name("blake3-512"), HashAlg::blake3, HashAlg::blake2b_256},
};

}  // namespace

TEST_CASE("digests come in the order they were asked for, on any number of threads") {
  const test::TempFolder folder;
  // Large ones first, so that small ones are done before them; sizes around what decides how they
  // are read.
  const std::size_t sizes[] = {
      9'000'001, 8 * 1024 * 1024, 3, 0, 1024 * 1024, 1024 * 1024 - 1, 1, 70'000, 2, 12'582'912};
  std::vector<Bytes> contents;
  for (const auto size : sizes) {
    contents.push_back(test::noise(size));
    folder.file(std::to_string(contents.size()), contents.back());
  }
  for (const unsigned threads : {1U, 2U, 5U}) {
    for (const auto& algorithms : kSets) {
      Digester digester(threads);
      std::vector<std::string> order;
      for (std::size_t i = 0; i < contents.size(); ++i) {
        digester.add(folder.at(std::to_string(i + 1)), algorithms, [&, i](Result<Digests> digests) {
          order.push_back(std::to_string(i));
          REQUIRE(digests);
          CHECK(digests->size == contents[i].size());
          CHECK(digests->values == expected(algorithms, contents[i]));
        });
        digester.then([&, i] { order.push_back("after " + std::to_string(i)); });
      }
      digester.drain();
      REQUIRE(order.size() == 2 * contents.size());
      for (std::size_t i = 0; i < contents.size(); ++i) {
        CHECK(order[2 * i] == std::to_string(i));
        CHECK(order[2 * i + 1] == "after " + std::to_string(i));
      }
    }
  }
}

TEST_CASE("a large file that is the only one") {
  const test::TempFolder folder;
  for (const std::size_t size : {std::size_t{8 * 1024 * 1024}, std::size_t{9'000'001}}) {
    const Bytes content = test::noise(size);
    const auto path = folder.file("f", content);
    for (const unsigned threads : {1U, 2U, 5U}) {
      for (const auto& algorithms : kSets) {
        Digester digester(threads);
        std::size_t called = 0;
        // Twice: the second time, it is the last of several.
        for (int files = 1; files <= 2; ++files) {
          for (int i = 0; i < files; ++i) {
            digester.add(path, algorithms, [&](Result<Digests> digests) {
              ++called;
              REQUIRE(digests);
              CHECK(digests->values == expected(algorithms, content));
            });
          }
          digester.drain();
        }
        CHECK(called == 3);
      }
    }
  }
}

TEST_CASE("small files side by side have the digests they have alone") {
  const test::TempFolder folder;
  // Around what is hashed together, with a few in between that are not: too large, empty, missing.
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 100; ++i) sizes.push_back(i % 7 == 0 ? 64 * 1024 + i : i * 97);
  for (const unsigned threads : {1U, 3U}) {
    std::uint64_t total = 0;
    std::atomic<std::uint64_t> advanced = 0;
    Digester digester(threads, [&](std::uint64_t bytes) { advanced += bytes; });
    std::size_t called = 0;
    for (const auto size : sizes) {
      const auto content = test::noise(size);
      total += size;
      const auto path = folder.file(std::to_string(size), content);
      digester.add(path, {HashAlg::sha2_256}, [&, content](const Result<Digests>& digests) {
        REQUIRE(digests);
        ++called;
        CHECK(digests->size == content.size());
        CHECK(digests->values == expected({HashAlg::sha2_256}, content));
      });
      digester.add(folder.at("missing"), {HashAlg::sha2_256}, [&](const Result<Digests>& digests) {
        ++called;
        CHECK_FALSE(digests);
      });
    }
    digester.drain();
    CHECK(called == 2 * sizes.size());
    CHECK(advanced == total);
  }
}

TEST_CASE("many small files, each with functions of its own") {
  const test::TempFolder folder;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < 300; ++i)
    paths.push_back(folder.file(std::to_string(i), test::noise(i)));
  Digester digester(3);
  std::size_t next = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const Algorithms algorithms = kSets[i / 7 % 3];
    digester.add(paths[i], algorithms, [&, i, algorithms](Result<Digests> digests) {
      CHECK(next++ == i);
      REQUIRE(digests);
      CHECK(digests->values == expected(algorithms, test::noise(i)));
    });
  }
  digester.drain();
  CHECK(next == paths.size());
}

TEST_CASE("what cannot be read is said, and the rest goes on") {
  const test::TempFolder folder;
  const std::string good = folder.file("good", test::noise(10));
  for (const auto& algorithms : kSets) {
    Digester digester(2);
    std::vector<std::string> said;
    const auto note = [&](Result<Digests> digests) {
      said.push_back(digests ? "ok" : digests.error().why);
    };
    digester.add(folder.at("none"), algorithms, note);
    digester.add(folder.at("."), algorithms, note);
    digester.add(good, algorithms, note);
    digester.add(good + "/x", algorithms, note);
    digester.drain();
    CHECK(said == std::vector<std::string>{"No such file or directory", "Is a directory", "ok",
                                           "Not a directory"});
  }
}

TEST_CASE("pipes are read to their end") {
  const test::TempFolder folder;
  const std::string fifo = folder.at("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{3'000'000}}) {
    const Bytes content = test::noise(size);
    for (const auto& algorithms : kSets) {
      for (const unsigned threads : {1U, 2U}) {
        std::jthread writer([&] { folder.file("fifo", content); });
        Digester digester(threads);
        bool called = false;
        digester.add(fifo, algorithms, [&](Result<Digests> digests) {
          called = true;
          REQUIRE(digests);
          CHECK(digests->size == size);
          CHECK(digests->values == expected(algorithms, content));
        });
        digester.drain();
        CHECK(called);
      }
    }
  }
}

TEST_CASE("a file that changes while it is read has no digest") {
  const test::TempFolder folder;
  for (const std::size_t size :
       {std::size_t{100}, std::size_t{2'000'000}, std::size_t{9'000'000}}) {
    for (const auto& algorithms : kSets) {
      const std::string path = folder.file("f", test::noise(size));
      auto file = files::File::open(path);
      REQUIRE(file);
      // Before the first byte is read, which is as good as in between.
      REQUIRE(::truncate(path.c_str(), static_cast<off_t>(size / 2)) == 0);
      files::Pipeline pipeline(2);
      const auto together = files::digest_together(pipeline, *file, algorithms, {});
      REQUIRE(!together);
      CHECK(together.error().why == "changed while it was read");
      files::Summer summer(algorithms);
      const auto alone = summer.digest(*file);
      REQUIRE(!alone);
      CHECK(alone.error().why == "changed while it was read");
      // And what it had read of it is forgotten.
      auto other = files::File::open(folder.file("g", test::noise(7)));
      REQUIRE(other);
      const auto digests = summer.digest(*other);
      REQUIRE(digests);
      CHECK(digests->values == expected(algorithms, test::noise(7)));
    }
  }
}

TEST_CASE("files of /proc, whose size is not known, are hashed as they read") {
  files::Summer summer({HashAlg::sha2_256});
  auto file = files::File::open("/proc/self/cmdline");
  REQUIRE(file);
  CHECK(file->size() == 0);
  const auto digests = summer.digest(*file);
  REQUIRE(digests);
  CHECK(digests->size > 0);
}

TEST_CASE("advance adds up to all bytes") {
  const test::TempFolder folder;
  for (const auto& algorithms : kSets) {
    std::atomic<std::uint64_t> seen = 0;
    Digester digester(2, [&](std::uint64_t bytes) { seen += bytes; });
    std::uint64_t size = 0;
    for (const std::size_t one : {std::size_t{9'000'000}, std::size_t{5}, std::size_t{2'000'000}}) {
      const auto path = folder.file(std::to_string(one), test::noise(one));
      digester.add(path, algorithms, [&](const Result<Digests>& digests) { REQUIRE(digests); });
      size += one;
    }
    digester.drain();
    CHECK(seen == size);
  }
}
