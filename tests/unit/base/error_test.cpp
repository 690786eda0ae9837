#include "base/error.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>

using namespace p2p;

namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::invalid_argument, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  P2P_TRY(const int h, half(n));
  P2P_CHECK(half(h));
  return h / 2;
}

Result<std::unique_ptr<int>> boxed(int n) {
  P2P_TRY(auto box, [&]() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(n); }());
  return box;
}

}  // namespace

TEST_CASE("a message leaves out what is empty") {
  CHECK(Error(Code::io, "dial", "/ip4/127.0.0.1/tcp/1", "connection refused").message() ==
        "dial /ip4/127.0.0.1/tcp/1: connection refused");
  CHECK(Error(Code::io, "no space").message() == "no space");
  CHECK(Error(Code::io, "read", "", "no space").message() == "read: no space");
  CHECK(Error(Code::io, "", "file", "no space").message() == "file: no space");
  CHECK(Error(Code::io, "read", "file", "").message() == "read file");
}

TEST_CASE("the innermost layer's words stay") {
  CHECK(Error(Code::io, "short").during("read", "a").message() == "read a: short");
  CHECK(Error(Code::io, "read", "a", "short").during("verify", "b").message() == "read a: short");
  CHECK(Error(Code::io, "short").with_hint("free some space").hint == "free some space");
}

TEST_CASE("P2P_TRY and P2P_CHECK hand errors up") {
  CHECK(quarter(8) == 2);
  CHECK(quarter(6).error().why == "odd");
  CHECK(quarter(7).error().code == Code::invalid_argument);
  CHECK(**boxed(4) == 4);
}

TEST_CASE("every code has its own name") {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    const auto name = name_of(static_cast<Code>(code));
    CHECK(name != "unknown");
    CHECK(names.insert(name).second);
  }
}
