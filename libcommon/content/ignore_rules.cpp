#include "content/ignore_rules.h"

namespace p2p::content {

namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t at; (at = text.find(from, done)) != std::string::npos; done = at + from.size()) {
    replaced.append(text, done, at - done).append(to);
  }
  text = replaced.append(text, done);
}

/// Go's `([^\/+])/.*\*\.` somewhere in the line: a slash after some other character than / and +,
/// and later "*." with no line break between.
bool has_slash_before_star_dot(std::string_view line) {
  for (std::size_t slash = line.find('/'); slash != std::string_view::npos;
       slash = line.find('/', slash + 1)) {
    if (slash == 0 || line[slash - 1] == '/' || line[slash - 1] == '+') continue;
    const auto star = line.find("*.", slash + 1);
    if (star == std::string_view::npos) return false;
    if (line.substr(slash, star - slash).find('\n') == line.npos) return true;
  }
  return false;
}

/// go-gitignore's getPatternFromLine, step by step, from where ! is off.
std::string expression_of(std::string line) {
  // Stands for a star that is not the rule's.
  static constexpr std::string_view kMagicStar = "#$~";
  if (line.starts_with('#') || line.starts_with('!')) line.erase(0, 1);
  if (has_slash_before_star_dot(line) && line[0] != '/') line.insert(0, "/");
  replace_all(line, ".", "\\.");
  if (line.starts_with("/**/")) line.erase(0, 1);
  replace_all(line, "/**/", "(/|/.+/)");
  replace_all(line, "**/", "(|.#$~/)");
  replace_all(line, "/**", "(|/.#$~)");
  replace_all(line, "\\*", "\\#$~");
  replace_all(line, "*", "([^/]*)");
  replace_all(line, "?", "\\?");
  replace_all(line, kMagicStar, "*");
  line += line.ends_with('/') ? "(|.*)$" : "(|/.*)$";
  return line.starts_with('/') ? "^(|/)" + line.substr(1) : "^(|.*/)" + line;
}

}  // namespace

Result<bool> IgnoreRules::add(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with('#')) return true;
  while (line.starts_with(' ')) line.remove_prefix(1);
  while (line.ends_with(' ')) line.remove_suffix(1);
  if (line.empty()) return true;
  const bool takes_back = line.starts_with('!');
  if (takes_back) line.remove_prefix(1);
  auto pattern = Pattern::compile(expression_of(std::string(line)));
  if (pattern) {
    rules_.push_back({std::move(*pattern), takes_back});
    return true;
  }
  if (pattern.error().code == Code::parse) return false;
  return fail(std::move(pattern.error()).during("read ignore rule", std::string(line)));
}

Result<std::vector<std::string>> IgnoreRules::add_lines(std::string_view text) {
  std::vector<std::string> not_rules;
  for (;;) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    P2P_TRY(const bool rule, add(line));
    if (!rule) not_rules.emplace_back(line);
    if (end == std::string_view::npos) return not_rules;
    text.remove_prefix(end + 1);
  }
}

bool IgnoreRules::ignores(std::string_view name) const {
  bool ignored = false;
  for (const auto& rule : rules_) {
    // Only a rule that would change the answer is worth the matching.
    if (ignored == rule.takes_back && rule.pattern.found_in(name)) ignored = !ignored;
  }
  return ignored;
}

}  // namespace p2p::content
