// A document written front to back, for the few that this layer makes about itself (--version
// --json,
// --dump-options). Records go through record/.
#pragma once

#include <string>
#include <string_view>

namespace p2p::cli {

class JsonLine {
 public:
  JsonLine& key(std::string_view name);
  JsonLine& string(std::string_view text);
  JsonLine& boolean(bool value);
  JsonLine& begin_object() { return open('{'); }
  JsonLine& end_object() { return close('}'); }
  JsonLine& begin_array() { return open('['); }
  JsonLine& end_array() { return close(']'); }
  const std::string& text() const { return text_; }

 private:
  JsonLine& open(char bracket);
  JsonLine& close(char bracket);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  bool first_ = true;
};

}  // namespace p2p::cli
