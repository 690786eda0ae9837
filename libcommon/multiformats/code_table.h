// Looking up a code's name and the reverse, in the small tables of this layer.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace p2p::multiformats {

template <class Code>
struct CodeName {
  Code code;
  std::string_view name;
};

/// The table's name, or the code as "0x1234".
template <class Code>
std::string find_name(std::span<const CodeName<Code>> table, Code code) {
  for (const auto& entry : table) {
    if (entry.code == code) return std::string(entry.name);
  }
  std::string digits;
  for (auto rest = static_cast<std::uint64_t>(code); rest > 0 || digits.empty(); rest >>= 4) {
    digits.insert(digits.begin(), "0123456789abcdef"[rest & 15]);
  }
  return "0x" + digits;
}

template <class Code>
std::optional<Code> find_code(std::span<const CodeName<Code>> table, std::string_view name) {
  for (const auto& entry : table) {
    if (entry.name == name) return entry.code;
  }
  return std::nullopt;
}

}  // namespace p2p::multiformats
