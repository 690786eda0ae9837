#include "cli/json_line.h"

namespace p2p::cli {

void JsonLine::separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

void JsonLine::quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  text_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_ += {'\\', c};
    } else if (byte < 0x20) {
      text_ += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

JsonLine& JsonLine::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  first_ = true;
  return *this;
}

JsonLine& JsonLine::string(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

JsonLine& JsonLine::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
  return *this;
}

JsonLine& JsonLine::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonLine& JsonLine::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

}  // namespace p2p::cli
