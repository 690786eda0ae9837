#include "cli/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/options.h"
#include "support/temp_folder.h"

using namespace p2p;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

crypto::SigningKey some_key() {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = 1;
  return crypto::SigningKey::from_seed(seed);
}

}  // namespace

TEST_CASE("a written file is whole, replaces the old one, and leaves nothing beside it") {
  const test::TempFolder folder;
  const auto path = folder.at("addr");
  REQUIRE(cli::write_file(path, as_bytes("first")));
  REQUIRE(cli::write_file(path, as_bytes("second, and longer"), 0600));
  CHECK(as_text(*cli::read_file(path, 100)) == "second, and longer");
  CHECK(mode_of(path) == 0600);
  CHECK(folder.entries() == 1);
  const auto failed = cli::write_file(folder.at("no/such"), as_bytes("x"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Code::not_found);
  // A folder cannot be replaced by a file: the rename fails, and its temporary file goes.
  std::filesystem::create_directory(folder.at("dir"));
  CHECK_FALSE(cli::write_file(folder.at("dir"), as_bytes("x")));
  CHECK(folder.entries() == 2);
}

TEST_CASE("reading is bounded") {
  const test::TempFolder folder;
  REQUIRE(cli::write_file(folder.at("f"), Bytes(1000)));
  CHECK(cli::read_file(folder.at("f"), 1000)->size() == 1000);
  const auto large = cli::read_file(folder.at("f"), 999);
  REQUIRE_FALSE(large);
  CHECK(large.error().code == Code::limit);
  CHECK(cli::read_file("/dev/zero", 100).error().code == Code::limit);
  CHECK(cli::read_file(folder.at("none"), 1).error().code == Code::not_found);
}

TEST_CASE("a key file is created for its owner only, never over another, and read back") {
  const test::TempFolder folder;
  const auto path = folder.at("key");
  const mode_t before = ::umask(0);
  REQUIRE(cli::create_key_file(path, some_key()));
  ::umask(before);
  CHECK(mode_of(path) == 0600);
  CHECK(cli::create_key_file(path, some_key()).error().code == Code::already_exists);
  CHECK(folder.entries() == 1);
  const auto key = cli::read_key_file(path);
  REQUIRE(key);
  CHECK(key->seed() == some_key().seed());
}

TEST_CASE("a key that others can read or write is refused, and the hint cures it") {
  const test::TempFolder folder;
  const auto path = folder.at("key");
  REQUIRE(cli::create_key_file(path, some_key()));
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0666, 0610}) {
    CAPTURE(mode);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto key = cli::read_key_file(path);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Code::permission);
    CHECK(key.error().hint == "chmod 600 " + path);
  }
  for (const mode_t mode : {0600, 0400, 0700}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(cli::read_key_file(path));
  }
}

TEST_CASE("a file that holds no key is refused by name") {
  const test::TempFolder folder;
  REQUIRE(cli::write_file(folder.at("key"), as_bytes("no key"), 0600));
  const auto key = cli::read_key_file(folder.at("key"));
  REQUIRE_FALSE(key);
  CHECK(key.error().message().find(folder.at("key")) != std::string::npos);
  // What is there but is no key must not be overwritten by a fresh one.
  crypto::SeededRandom random(1);
  CHECK_FALSE(cli::read_or_create_key_file(folder.at("key"), random));
  CHECK(as_text(*cli::read_file(folder.at("key"), 100)) == "no key");
}

TEST_CASE("--key makes an identity that lasts; without it each is new") {
  const test::TempFolder folder;
  crypto::SeededRandom random(1);
  cli::KeyOptions options;
  CHECK(cli::load_key(options, random)->seed() != cli::load_key(options, random)->seed());
  options.file = folder.at("key");
  const auto first = cli::load_key(options, random);
  REQUIRE(first);
  CHECK(cli::load_key(options, random)->seed() == first->seed());
}

TEST_CASE("--write-addr gets one address a line") {
  const test::TempFolder folder;
  cli::ListenOptions options;
  const auto address = *multiformats::Multiaddr::parse("/ip4/127.0.0.1/tcp/4001");
  CHECK(cli::write_addresses(options, {address}));
  CHECK(folder.entries() == 0);
  options.write_addr = folder.at("addr");
  REQUIRE(cli::write_addresses(options, {address, address}));
  CHECK(as_text(*cli::read_file(folder.at("addr"), 1000)) ==
        "/ip4/127.0.0.1/tcp/4001\n/ip4/127.0.0.1/tcp/4001\n");
  const auto bad = cli::parse_address("127.0.0.1:4001");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message().find("127.0.0.1:4001") != std::string::npos);
  CHECK_FALSE(bad.error().hint.empty());
}
