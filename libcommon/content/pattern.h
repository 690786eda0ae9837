// Regular expressions in RE2's syntax, which is Go's (https://github.com/google/re2/wiki/Syntax).
// Matching takes time in proportion to the text, whatever the pattern. Private to content/.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"

namespace re2 {
class RE2;
}

namespace p2p::content {

class Pattern {
 public:
  /// Code::parse for what is no expression, Code::limit for one that compiles to too much.
  static Result<Pattern> compile(std::string_view expression);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// Whether some part of `text` matches. Invalid UTF-8 is read as U+FFFD, byte by byte, as Go
  /// reads it.
  bool found_in(std::string_view text) const;

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> compiled);

  std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace p2p::content
