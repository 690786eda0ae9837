#include "files/quota.h"

#include <doctest/doctest.h>

#include <fstream>

#include "support/temp_folder.h"

using p2p::files::processors_in_quota;
using p2p::files::quota_of_group;

TEST_CASE("a quota is so many processors, rounded up") {
  CHECK(processors_in_quota("200000 100000\n") == 2);
  CHECK(processors_in_quota("100001 100000") == 2);
  CHECK(processors_in_quota("1000 100000") == 1);
  CHECK(processors_in_quota("max 100000\n") == std::nullopt);
  for (const auto* none : {"", "max", "100000", "1 0", "0 1", "-1 100000", "1 2 3", "x y"}) {
    CAPTURE(none);
    CHECK(processors_in_quota(none) == std::nullopt);
  }
}

TEST_CASE("the least of a group and those above it counts") {
  const p2p::test::TempFolder folder;
  const std::string& root = folder.path();
  folder.folder("a/b/c");
  const auto write = [&](const std::string& group, const char* text) {
    std::ofstream(root + group + "/cpu.max") << text;
  };
  const auto least = [&](const char* membership) { return quota_of_group(membership, root); };
  CHECK(least("0::/a/b/c\n") == std::nullopt);
  write("/a/b", "300000 100000\n");
  CHECK(least("0::/a/b/c\n") == 3);
  CHECK(least("2:cpu:/x\n1:name=systemd:/\n0::/a/b\n") == 3);
  write("/a/b/c", "max 100000\n");
  CHECK(least("0::/a/b/c") == 3);
  write("/a", "200000 100000\n");
  CHECK(least("0::/a/b/c") == 2);
  CHECK(least("0::/") == std::nullopt);
  CHECK(least("0::/elsewhere") == std::nullopt);
  write("", "100000 100000\n");
  CHECK(least("0::/") == 1);
  CHECK(least("0::/a/b/c") == 1);
  CHECK(least("10::/a\n1:cpu:/a\n") == std::nullopt);
  CHECK(least("") == std::nullopt);
}
