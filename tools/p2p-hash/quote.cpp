#include "quote.h"

#include <utility>

#include "base/utf8.h"

namespace p2p::hash {

namespace {

/// The letter of a backslash escape, or 0.
char escape_letter(char c) {
  switch (c) {
    case '\a':
      return 'a';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    default:
      return 0;
  }
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

/// The size of the printable character at the front; 0 where there is none.
std::size_t printable_size(std::string_view text) {
  if (is_control(text[0])) return 0;
  const bool c1_control =
      text.starts_with('\xc2') && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xa0;
  return c1_control ? 0 : utf8_length(text);
}

enum class Need { none, quotes, escapes };

Need need_of(std::string_view name) {
  if (name.empty() || name == "{" || name == "}") return Need::quotes;
  Need need = Need::none;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t size = printable_size(name.substr(i));
    if (size == 0) return Need::escapes;
    const char c = name[i];
    const bool special =
        std::string_view(" !\"$&'()*;<=>?[\\^`|:").find(c) != std::string_view::npos;
    if (special || (i == 0 && (c == '#' || c == '~'))) need = Need::quotes;
    i += size;
  }
  return need;
}

/// Whether "…" would do: a single quote, and nothing that a shell looks at inside double quotes.
bool fits_double_quotes(std::string_view name) {
  if (name.find('\'') == std::string_view::npos) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (std::string_view("!\"$&()*;<=>?[\\^`|").find(c) != std::string_view::npos) return false;
    if (i > 0 && (c == '#' || c == '~')) return false;  // GNU's rule, not a shell's
  }
  return true;
}

}  // namespace

std::string shell_quote(std::string_view name) {
  const Need need = need_of(name);
  if (need == Need::none) return std::string(name);
  if (need == Need::quotes && fits_double_quotes(name)) return '"' + std::string(name) + '"';
  std::string out = "'";
  bool escaping = false;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t size = printable_size(name.substr(i));
    if (size == 0 && !std::exchange(escaping, true)) out += "'$'";
    if (size == 0) {
      const auto byte = static_cast<unsigned char>(name[i++]);
      if (const char letter = escape_letter(static_cast<char>(byte))) {
        out += {'\\', letter};
      } else {
        out += {'\\', static_cast<char>('0' + (byte >> 6)),
                static_cast<char>('0' + ((byte >> 3) & 7)), static_cast<char>('0' + (byte & 7))};
      }
      continue;
    }
    if (std::exchange(escaping, false)) out += "''";
    out += name[i] == '\'' ? "'\\''" : std::string(name.substr(i, size));
    i += size;
  }
  return out + "'";
}

}  // namespace p2p::hash
