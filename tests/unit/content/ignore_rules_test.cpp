#include "content/ignore_rules.h"

#include <doctest/doctest.h>

using namespace p2p;
using content::IgnoreRules;
using content::Pattern;

namespace {

IgnoreRules rules(std::string_view lines) {
  IgnoreRules made;
  REQUIRE(made.add_lines(lines));
  return made;
}

bool ignores(std::string_view lines, std::string_view name) { return rules(lines).ignores(name); }

bool found(std::string_view expression, std::string_view text) {
  const auto pattern = Pattern::compile(expression);
  REQUIRE_MESSAGE(pattern, std::string(expression));
  return pattern->found_in(text);
}

}  // namespace

// What go-gitignore says of the same rules and names.
TEST_CASE("rules are held against names as kubo holds them") {
  CHECK(ignores("foo", "foo"));
  CHECK_FALSE(ignores("foo", "fooo"));
  CHECK(ignores("*.js", "a.js"));
  CHECK(ignores("*.js", ".js"));
  CHECK_FALSE(ignores("*.js", "a.jsx"));
  CHECK(ignores("/foo", "foo"));
  CHECK(ignores("**/foo", "foo"));
  CHECK(ignores("/**/foo", "foo"));
  CHECK(ignores("  foo  \r", "foo"));
  // A name has no slash, so that a rule with one names nothing.
  CHECK_FALSE(ignores("foo/", "foo"));
  CHECK_FALSE(ignores("a/foo", "foo"));
  CHECK_FALSE(ignores("# foo", "foo"));
  CHECK(ignores("\\#foo", "#foo"));
  CHECK(ignores("\\!foo", "!foo"));
  // Not a glob's, but Go's syntax.
  CHECK_FALSE(ignores("a?c", "abc"));
  CHECK(ignores("a?c", "a?c"));
  CHECK(ignores("[a-c]x", "bx"));
  CHECK(ignores("x+", "xxx"));
  CHECK(ignores("a\\*", "a*"));
  CHECK_FALSE(ignores("a\\*", "ab"));
}

TEST_CASE("later rules take back what earlier ones left out") {
  CHECK(ignores("*.log\n!keep.log", "a.log"));
  CHECK_FALSE(ignores("*.log\n!keep.log", "keep.log"));
  CHECK(ignores("*.log\n!keep.log\nkeep.*", "keep.log"));
  CHECK_FALSE(ignores("!keep.log", "keep.log"));
}

TEST_CASE("lines that Go cannot compile are no rules, as with kubo") {
  IgnoreRules made;
  const auto broken = made.add_lines("a(\nb\n[z-a]\nx{1001}\n\\y");
  REQUIRE(broken);
  CHECK(*broken == std::vector<std::string>{"a(", "[z-a]", "x{1001}", "\\y"});
  CHECK(made.ignores("b"));
  CHECK(ignores("\\pL", "é"));
  std::string much;
  for (int i = 0; i < 100; ++i) much += "(abcdefghij){1000}";
  const auto huge = made.add(much);
  REQUIRE_FALSE(huge);
  CHECK(huge.error().code == Code::limit);
}

TEST_CASE("patterns follow RE2's syntax") {
  CHECK(found("^a{2,3}$", "aaa"));
  CHECK_FALSE(found("^a{2,3}$", "aaaa"));
  CHECK(found("^a{2,}$", "aaaa"));
  CHECK(found("^a{2}$", "aa"));
  CHECK(found("a{,2}", "a{,2}"));
  CHECK(found("^(a|b)+$", "abba"));
  CHECK(found("^[^/]$", "é"));
  CHECK(found("^[^/]$", "\xff"));
  CHECK_FALSE(found("^.$", "\n"));
  CHECK(found("^[]a]$", "]"));
  CHECK(found("^[[:digit:]x-]+$", "12-x"));
  CHECK_FALSE(found("^[[:^digit:]]$", "1"));
  CHECK(found("^\\Qa.b\\E$", "a.b"));
  CHECK(found("\\bfoo\\b", "a foo b"));
  CHECK_FALSE(found("\\bfoo\\b", "afoob"));
  CHECK(found("^\\x{1f600}\\x41\\101$", "😀AA"));
  for (const auto* wrong : {"a**", "(", ")", "[", "[]", "*", "\\", "\\8", "a{2}{3}", "\\x4",
                            "[b-a]", "[[:nope:]]", "(a{100}){100}", "\xff"}) {
    CAPTURE(wrong);
    const auto pattern = Pattern::compile(wrong);
    REQUIRE_FALSE(pattern);
    CHECK(pattern.error().code == Code::parse);
  }
}

TEST_CASE("patterns that make others take forever do not") {
  CHECK_FALSE(found("^(a+)+(a|aa)+$", std::string(255, 'a') + "b"));
  CHECK_FALSE(ignores("*a*a*a*a*a*a*a*a*a*a*b", std::string(255, 'a')));
  std::string deep;
  for (int i = 0; i < 999; ++i) deep += '(';
  deep += 'a';
  for (int i = 0; i < 999; ++i) deep += ')';
  CHECK(found(deep, "a"));
}
