// Which entries of a directory an import leaves out: hidden ones, and those that rules in the
// manner of .gitignore name, exactly as `ipfs add` applies them (boxo's files/filter.go with
// crackcomm/go-gitignore). That is not quite as git does: a rule is held against the entry's own
// name, never its path, so that one with a slash at its end, or inside it, names nothing; and what
// is a regular expression to Go is one here: `?` is itself, `[a-c]`, `a|b`, `x+` are not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "content/pattern.h"

namespace p2p::content {

class IgnoreRules {
 public:
  /// Adds one rule, a line of a rules file: empty lines and those that begin with # say nothing,
  /// ! takes back what rules before it left out. What Go cannot compile is no rule either, as with
  /// kubo, and false: worth a warning. Code::limit for one that is too large.
  Result<bool> add(std::string_view line);
  /// Every line of a file; the lines that are no rules.
  Result<std::vector<std::string>> add_lines(std::string_view text);

  bool ignores(std::string_view name) const;

 private:
  struct Rule {
    Pattern pattern;
    bool takes_back;
  };
  std::vector<Rule> rules_;
};

/// Whether an entry's name says that it is hidden.
inline bool is_hidden(std::string_view name) { return name.starts_with('.'); }

}  // namespace p2p::content
