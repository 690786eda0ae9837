#include "content/checksum_list.h"

#include <doctest/doctest.h>

using namespace p2p;
using content::ChecksumLine;
using content::ChecksumList;

namespace {

const std::string kHex(64, 'a');

struct Item {
  std::uint64_t number;
  std::string name;  // "?" for a line that is none

  friend bool operator==(const Item&, const Item&) = default;
};

std::vector<Item> read(std::string_view text, std::size_t piece) {
  std::vector<Item> items;
  const ChecksumList::Take take = [&](std::uint64_t number, std::optional<ChecksumLine> line) {
    items.push_back({number, line ? line->name : "?"});
  };
  ChecksumList list;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    list.feed(as_bytes(text.substr(0, piece)), take);
  }
  list.finish(take);
  return items;
}

void check_read(std::string_view text, const std::vector<Item>& expected) {
  for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
    CAPTURE(piece);
    CHECK(read(text, piece) == expected);
  }
}

}  // namespace

TEST_CASE("lines are counted, comments and empty lines passed over, whatever the pieces") {
  check_read("", {});
  check_read("\n\n# x\n", {});
  check_read("# x\n\n" + kHex + "  a\r\nx\n" + kHex + "  b", {{3, "a"}, {4, "?"}, {5, "b"}});
  check_read(" # x\n", {{1, "?"}});
}

TEST_CASE("lines that end with NUL hold any name") {
  using namespace std::string_literals;
  check_read(kHex + "  a\0"s + kHex + "  b\nc\\\0"s + kHex + "  d\r\0"s + kHex + "  e",
             {{1, "a"}, {2, "b\nc\\"}, {3, "d\r"}, {4, "e"}});
  // The first end decides: no name in lines that end with newlines holds a NUL.
  check_read(kHex + "  a\n"s + kHex + "  b\0"s + kHex + "  c\n", {{1, "a"}, {2, "?"}});
}

TEST_CASE("a line too long is none, and costs no memory") {
  const std::string longest = kHex + "  " + std::string(content::kMaxChecksumLine - 66, 'n');
  const auto check = [](const std::string& text, const std::vector<Item>& expected) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, text.size()}) {
      CHECK(read(text, piece) == expected);
    }
  };
  check(longest + "\n" + kHex + "  a\n", {{1, longest.substr(66)}, {2, "a"}});
  check(longest + "n\n" + kHex + "  a\n", {{1, "?"}, {2, "a"}});
  check(longest + "n", {{1, "?"}});
  check("#" + longest + "\n" + kHex + "  a\n", {{2, "a"}});
}
