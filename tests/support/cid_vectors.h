// The reference CIDs and CARs of P2P_TEST_DATA/cid-vectors.json, which other implementations made.
#pragma once

#include <cstdio>
#include <functional>

#include "base/bytes.h"
#include "codec/json.h"
#include "support/needs.h"

namespace p2p::test {

inline std::optional<codec::Value> cid_vectors() {
  const auto text = test_data("cid-vectors.json");
  if (!text) return std::nullopt;
  auto json = codec::parse_json(*text);
  REQUIRE(json);
  return std::move(*json);
}

inline const codec::Value& at(const codec::Value& object, std::string_view key) {
  const codec::Value* found = object.find(key);
  REQUIRE_MESSAGE(found != nullptr, std::string(key));
  return *found;
}

/// The list under `key`, which must not be empty: nothing would be checked by going through it.
inline const auto& list_at(const codec::Value& object, std::string_view key) {
  const auto& list = *at(object, key).list();
  REQUIRE_FALSE(list.empty());
  return list;
}

inline const std::string& text_at(const codec::Value& object, std::string_view key) {
  return *at(object, key).text();
}

inline std::uint64_t number_at(const codec::Value& object, std::string_view key) {
  return *at(object, key).integer<std::uint64_t>();
}

/// The file that a CAR is of.
inline const codec::Value& input_of(const codec::Value& json, const codec::Value& car) {
  for (const auto& file : list_at(json, "files")) {
    if (text_at(file, "name") == text_at(car, "input")) return file;
  }
  FAIL("no file is called ", text_at(car, "input"));
  return json;
}

/// Runs a generator command and hands over its output in pieces of an odd size.
inline void generate(const std::string& command, const std::function<void(ByteView)>& take) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Bytes piece(100'003);
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe)) {
    take(ByteView(piece).first(n));
  }
  REQUIRE(::pclose(pipe) == 0);
}

}  // namespace p2p::test
