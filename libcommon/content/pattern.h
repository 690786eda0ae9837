// Regular expressions in Go's syntax (https://github.com/google/re2/wiki/Syntax), as far as ignore
// rules can lead to them: literals, classes, groups, alternatives, * + {n,m}, anchors, escapes. No
// (?flags), captures or \p{classes}. Matching takes time in proportion to the text, whatever the
// pattern. Private to content/.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace p2p::content {

class Pattern {
 public:
  /// Code::parse for what Go refuses, Code::unsupported for what it takes and we do not.
  static Result<Pattern> compile(std::string_view expression);

  /// Whether some part of `text` matches. Invalid UTF-8 is read as U+FFFD, byte by byte.
  bool found_in(std::string_view text) const;

 private:
  friend class PatternCompiler;

  struct Range {
    char32_t low;
    char32_t high;
  };
  struct Instruction {
    enum class Kind { set, split, begin, end, word_edge, no_word_edge, match } kind;
    std::uint32_t next = 0;
    std::uint32_t other = 0;   ///< split: where else to go on
    std::vector<Range> set{};  ///< set: takes one character of these
  };

  std::vector<Instruction> program_;  // starts with the first
};

}  // namespace p2p::content
