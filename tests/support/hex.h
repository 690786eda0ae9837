// Bytes from the hex that specifications and test vectors print.
#pragma once

#include <doctest/doctest.h>

#include "base/basen.h"

namespace p2p::test {

inline Bytes unhex(std::string_view text) {
  auto bytes = hex_decode(text);
  REQUIRE_MESSAGE(bytes, std::string(text));
  return std::move(*bytes);
}

}  // namespace p2p::test
