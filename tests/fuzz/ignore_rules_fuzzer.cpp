// LAYERS: p2p_content
// OPTIONS: -max_len=200
// Any lines make rules or none, and holding them against any name ends; a name that a line spells
// out without a special character is the one it leaves out.
#include "content/ignore_rules.h"

#include <algorithm>

#include "fuzz/require.h"

using namespace p2p;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NAME NUL RULES
  const std::string_view input = as_text({data, size});
  const auto end = std::min(input.find('\0'), input.size());
  const std::string_view name = input.substr(0, end);
  content::IgnoreRules rules;
  const auto broken = rules.add_lines(input.substr(std::min(end + 1, input.size())));
  if (!broken) {
    require(broken.error().code == Code::limit);
    return 0;
  }
  require(!content::IgnoreRules().ignores(name));
  const bool ignored = rules.ignores(name);
  require(rules.ignores(name) == ignored);
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  if (!name.empty() && std::ranges::all_of(name, plain)) {
    require(*rules.add(name));
    require(rules.ignores(name));
    require(*rules.add("!" + std::string(name)));
    require(!rules.ignores(name));
  }
  return 0;
}
