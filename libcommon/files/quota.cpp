#include "files/quota.h"

#include <algorithm>

#include "base/units.h"
#include "files/file.h"

namespace p2p::files {

namespace {

/// More processors than there are: what a quota says beyond is no bound.
constexpr std::uint64_t kMaxProcessors = 1 << 16;

std::string read_small(const std::string& path) {
  std::string text(4096, '\0');
  auto file = File::open(path);
  const auto size = file ? file->read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()})
                         : Result<std::size_t>(0);
  text.resize(size.value_or(0));
  return text;
}

}  // namespace

std::optional<unsigned> processors_in_quota(std::string_view cpu_max) {
  if (cpu_max.ends_with('\n')) cpu_max.remove_suffix(1);
  const auto blank = cpu_max.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto quota = parse_number(cpu_max.substr(0, blank), 1, UINT64_MAX / 2);
  const auto period = parse_number(cpu_max.substr(blank + 1), 1, UINT64_MAX / 2);
  if (!quota || !period) return std::nullopt;
  const std::uint64_t whole = *quota / *period + (*quota % *period == 0 ? 0 : 1);
  return static_cast<unsigned>(std::min(whole, kMaxProcessors));
}

std::optional<unsigned> quota_of_group(std::string_view membership, const std::string& root) {
  // Version 2's line is "0::/path"; the other versions' have other numbers.
  const auto line = membership.starts_with("0::/") ? 0 : membership.find("\n0::/");
  if (line == std::string_view::npos) return std::nullopt;
  auto path = membership.substr(membership.find('/', line));
  path = path.substr(0, path.find('\n'));
  std::optional<unsigned> least;
  for (;;) {
    const auto here = processors_in_quota(read_small(root + std::string(path) + "/cpu.max"));
    if (here) least = std::min(*here, least.value_or(*here));
    if (path.empty()) return least;
    path = path.substr(0, path.rfind('/'));
  }
}

}  // namespace p2p::files
