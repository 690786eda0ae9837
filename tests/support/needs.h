// Tests that cannot run everywhere: for want of data, of a processor's feature, of a kind of
// network. They stand in a test suite "needs …", which ctest runs apart as unit_<folder>_needs, so
// that one which left itself out counts as skipped there and is not taken for passed.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace p2p::test {

/// What ctest is told to take for skipped (automake's custom).
inline constexpr int kSkipped = 77;
inline bool something_left_out = false;

/// Says why a test does not run. Where P2P_TEST_ALL is set, the machine is one that has
/// all that tests need, and this fails.
inline void left_out(const std::string& why) {
  something_left_out = true;
  MESSAGE("skipped: ", why);
  CHECK_MESSAGE(std::getenv("P2P_TEST_ALL") == nullptr, "P2P_TEST_ALL is set");
}

/// A file of the folder that P2P_TEST_DATA names; nothing, and said so, where none is named: the
/// data are large and stand outside the project, so no machine must have them.
inline std::optional<std::string> test_data(const std::string& name) {
  const char* folder = std::getenv("P2P_TEST_DATA");
  if (folder == nullptr) {
    something_left_out = true;
    MESSAGE("skipped: P2P_TEST_DATA is not set, so there is no ", name);
    return std::nullopt;
  }
  std::ifstream in(std::string(folder) + "/" + name, std::ios::binary);
  REQUIRE_MESSAGE(in, "P2P_TEST_DATA has no ", name);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace p2p::test
