#include "content/pattern.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace p2p::content {

namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kMaxRune = 0x10ffff;

/// Go's bounds on the nesting of groups and on repetition.
constexpr std::size_t kMaxDepth = 1000;
constexpr std::uint32_t kMaxRepeat = 1000;
/// Ours on the compiled form: as much as any sane rule needs, some MiB at most.
constexpr std::size_t kMaxProgram = 20'000;
constexpr std::size_t kMaxExpression = 16 * 1024;

std::unexpected<Error> broken(std::string why) { return fail(Code::parse, std::move(why)); }

/// The next character of UTF-8, or nothing where there is none or it is invalid. `in` moves past
/// it, or past the one invalid byte.
std::optional<char32_t> take_rune(std::string_view& in) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  const std::uint8_t first = byte(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  char32_t rune = size < 2 ? first : first & (0x7fU >> size);
  bool valid = size > 0 && size <= in.size();
  for (std::size_t i = 1; valid && i < size; ++i) {
    valid = (byte(i) & 0xc0) == 0x80;
    rune = rune << 6 | (byte(i) & 0x3f);
  }
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  valid = valid && rune >= kLeast[size] && rune <= kMaxRune && (rune < 0xd800 || rune > 0xdfff);
  in.remove_prefix(valid ? size : 1);
  if (!valid) return std::nullopt;
  return rune;
}

bool is_word(std::optional<char32_t> rune) {
  if (!rune) return false;
  const char32_t r = *rune;
  return (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z') || r == '_';
}

}  // namespace

/// Parses into a tree and writes the tree down as a program.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view expression) : in_(expression) {}

  Result<Pattern> run() {
    if (in_.size() > kMaxExpression) return fail(Code::limit, "too long for a pattern");
    for (auto left = in_; !left.empty();) {
      if (!take_rune(left)) return broken("invalid UTF-8");
    }
    P2P_TRY(const Tree tree, alternatives(0));
    if (!in_.empty()) return broken("an unexpected )");
    // Written back to front, so that what comes next is always known.
    const auto match = emit({Kind::match});
    P2P_TRY(const auto start, write(*tree, match));
    Pattern pattern;
    // The program starts with the first instruction.
    pattern.program_ = std::move(program_);
    pattern.program_.push_back({Kind::split, start, start});
    std::ranges::reverse(pattern.program_);
    const auto last = static_cast<std::uint32_t>(pattern.program_.size() - 1);
    for (auto& instruction : pattern.program_) {
      instruction.next = last - instruction.next;
      instruction.other = last - instruction.other;
    }
    return pattern;
  }

 private:
  using Kind = Pattern::Instruction::Kind;
  using Set = std::vector<Pattern::Range>;
  struct Node;
  using Tree = std::unique_ptr<Node>;
  struct Node {
    enum class Type { empty, set, assertion, sequence, alternatives, repeat } type = Type::empty;
    Set set{};
    Kind assertion = Kind::match;
    std::vector<Tree> children{};
    std::uint32_t least = 0;
    std::optional<std::uint32_t> most{};  // repeat: nothing is no bound
  };

  // Parsing.

  bool next_is(char c) const { return in_.starts_with(c); }
  bool take(std::string_view text) {
    if (!in_.starts_with(text)) return false;
    in_.remove_prefix(text.size());
    return true;
  }

  static Tree make(Node::Type type) {
    auto node = std::make_unique<Node>();
    node->type = type;
    return node;
  }
  static Tree of(Set set) {
    auto node = make(Node::Type::set);
    node->set = std::move(set);
    return node;
  }
  static Tree assertion(Kind kind) {
    auto node = make(Node::Type::assertion);
    node->assertion = kind;
    return node;
  }

  Result<Tree> alternatives(std::size_t depth) {
    if (depth > kMaxDepth) return broken("groups too deep");
    auto all = make(Node::Type::alternatives);
    do {
      P2P_TRY(auto one, sequence(depth));
      all->children.push_back(std::move(one));
    } while (take("|"));
    return all;
  }

  Result<Tree> sequence(std::size_t depth) {
    auto all = make(Node::Type::sequence);
    bool repeated = false;
    while (!in_.empty() && !next_is('|') && !next_is(')')) {
      const auto repeat = repetition();
      if (!repeat) return std::unexpected(repeat.error());
      if (*repeat) {
        if (all->children.empty()) return broken("nothing to repeat");
        if (repeated) return broken("a repetition of a repetition");
        auto node = make(Node::Type::repeat);
        node->least = (*repeat)->first;
        node->most = (*repeat)->second;
        node->children.push_back(std::move(all->children.back()));
        if (!countable(*node, kMaxRepeat)) return broken("repeated too often");
        all->children.back() = std::move(node);
        repeated = true;
        continue;
      }
      P2P_TRY(auto one, atom(depth));
      if (one) all->children.push_back(std::move(one));
      repeated = false;
    }
    return all;
  }

  using Counts = std::pair<std::uint32_t, std::optional<std::uint32_t>>;

  /// *, + or {n}, {n,}, {n,m}; a brace that is none of these is a literal.
  Result<std::optional<Counts>> repetition() {
    if (take("*")) return Counts{0, std::nullopt};
    if (take("+")) return Counts{1, std::nullopt};
    if (take("?")) return Counts{0, 1};
    if (!next_is('{')) return std::nullopt;
    std::string_view in = in_.substr(1);
    const auto number = [&]() -> std::optional<std::uint32_t> {
      std::size_t digits = 0;
      std::uint32_t value = 0;
      while (digits < in.size() && in[digits] >= '0' && in[digits] <= '9') {
        value = std::min<std::uint32_t>(value * 10 + static_cast<std::uint32_t>(in[digits] - '0'),
                                        kMaxRepeat + 1);
        ++digits;
      }
      if (digits == 0 || (digits > 1 && in[0] == '0')) return std::nullopt;
      in.remove_prefix(digits);
      return value;
    };
    Counts counts;
    const auto least = number();
    if (!least) return std::nullopt;
    counts = {*least, least};
    if (in.starts_with(',')) {
      in.remove_prefix(1);
      counts.second = std::nullopt;
      if (!in.starts_with('}')) {
        counts.second = number();
        if (!counts.second) return std::nullopt;
      }
    }
    if (!in.starts_with('}')) return std::nullopt;
    in_ = in.substr(1);
    if (counts.first > kMaxRepeat ||
        (counts.second && (*counts.second > kMaxRepeat || *counts.second < counts.first))) {
      return broken("repeated too often");
    }
    return counts;
  }

  /// Go bounds what counts of counts come to.
  static bool countable(const Node& node, std::uint32_t left) {
    if (node.type == Node::Type::repeat && (node.least > 1 || node.most.value_or(0) > 1)) {
      const std::uint32_t count = node.most.value_or(node.least);
      if (count > left) return false;
      if (count > 0) left /= count;
    }
    return std::ranges::all_of(node.children,
                               [&](const Tree& child) { return countable(*child, left); });
  }

  /// One character, class, assertion or group; null for an empty \Q\E.
  Result<Tree> atom(std::size_t depth) {
    if (take("(")) {
      P2P_TRY(auto inner, alternatives(depth + 1));
      if (!take(")")) return broken("a ( that is not closed");
      return inner;
    }
    if (take("[")) {
      P2P_TRY(auto set, bracket());
      return of(std::move(set));
    }
    if (take(".")) return of({{0, '\n' - 1}, {'\n' + 1, kMaxRune}});
    if (take("^")) return assertion(Kind::begin);
    if (take("$")) return assertion(Kind::end);
    if (!next_is('\\')) {
      const char32_t rune = *take_rune(in_);
      return of({{rune, rune}});
    }
    if (take("\\A")) return assertion(Kind::begin);
    if (take("\\z")) return assertion(Kind::end);
    if (take("\\b")) return assertion(Kind::word_edge);
    if (take("\\B")) return assertion(Kind::no_word_edge);
    if (take("\\Q")) return literal();
    if (auto set = perl_class()) return of(std::move(*set));
    P2P_TRY(const auto rune, escape());
    return of({{rune, rune}});
  }

  /// Up to \E all is meant literally. A repetition after it is of the last character.
  Result<Tree> literal() {
    const auto end = in_.find("\\E");
    std::string_view text = in_.substr(0, end);
    in_.remove_prefix(end == std::string_view::npos ? in_.size() : end + 2);
    if (text.empty()) return Tree();
    if (next_is('*') || next_is('+') || next_is('?') || next_is('{')) {
      return fail(Code::unsupported, "a repetition of a \\Q text");
    }
    auto all = make(Node::Type::sequence);
    while (!text.empty()) {
      const char32_t rune = *take_rune(text);
      all->children.push_back(of({{rune, rune}}));
    }
    return all;
  }

  static Set negated(Set set) {
    std::ranges::sort(set, {}, &Pattern::Range::low);
    Set rest;
    char32_t from = 0;
    for (const auto& range : set) {
      if (range.low > from) rest.push_back({from, range.low - 1});
      from = std::max<char32_t>(from, range.high + 1);
    }
    if (from <= kMaxRune) rest.push_back({from, kMaxRune});
    return rest;
  }

  std::optional<Set> perl_class() {
    if (in_.size() < 2 || in_[0] != '\\') return std::nullopt;
    const char letter = in_[1];
    Set set;
    if (letter == 'd' || letter == 'D') {
      set = {{'0', '9'}};
    } else if (letter == 's' || letter == 'S') {
      set = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    } else if (letter == 'w' || letter == 'W') {
      set = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    } else {
      return std::nullopt;
    }
    in_.remove_prefix(2);
    return letter < 'a' ? negated(std::move(set)) : set;
  }

  std::optional<Set> posix_class() {
    static const std::pair<std::string_view, Set> kClasses[] = {
        {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
        {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
        {"ascii", {{0, 0x7f}}},
        {"blank", {{'\t', '\t'}, {' ', ' '}}},
        {"cntrl", {{0, 0x1f}, {0x7f, 0x7f}}},
        {"digit", {{'0', '9'}}},
        {"graph", {{'!', '~'}}},
        {"lower", {{'a', 'z'}}},
        {"print", {{' ', '~'}}},
        {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
        {"space", {{'\t', '\r'}, {' ', ' '}}},
        {"upper", {{'A', 'Z'}}},
        {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
        {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
    };
    if (!in_.starts_with("[:")) return std::nullopt;
    const auto end = in_.find(":]", 2);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view name = in_.substr(2, end - 2);
    const bool negate = name.starts_with('^');
    if (negate) name.remove_prefix(1);
    for (const auto& [known, set] : kClasses) {
      if (known != name) continue;
      in_.remove_prefix(end + 2);
      return negate ? negated(set) : set;
    }
    return Set();  // which no class is
  }

  /// A class, after its opening bracket.
  Result<Set> bracket() {
    Set set;
    const bool negate = take("^");
    for (bool first = true; first || !next_is(']'); first = false) {
      if (in_.empty()) return broken("a [ that is not closed");
      if (auto named = posix_class()) {
        if (named->empty()) return broken("an unknown [:class:]");
        set.insert(set.end(), named->begin(), named->end());
        continue;
      }
      if (auto perl = perl_class()) {
        set.insert(set.end(), perl->begin(), perl->end());
        continue;
      }
      P2P_TRY(const char32_t low, class_rune());
      char32_t high = low;
      if (in_.size() >= 2 && in_[0] == '-' && in_[1] != ']') {
        in_.remove_prefix(1);
        P2P_TRY(high, class_rune());
        if (high < low) return broken("a range from high to low");
      }
      set.push_back({low, high});
    }
    in_.remove_prefix(1);
    if (negate) return negated(std::move(set));
    return set;
  }

  Result<char32_t> class_rune() {
    if (in_.empty()) return broken("a [ that is not closed");
    if (next_is('\\')) return escape();
    return *take_rune(in_);
  }

  Result<char32_t> escape() {
    in_.remove_prefix(1);
    if (in_.empty()) return broken("a \\ at the end");
    const char32_t rune = *take_rune(in_);
    switch (rune) {
      case 'a':
        return U'\a';
      case 'f':
        return U'\f';
      case 'n':
        return U'\n';
      case 'r':
        return U'\r';
      case 't':
        return U'\t';
      case 'v':
        return U'\v';
      case 'x':
        return hexadecimal();
      case 'p':
      case 'P':
        return fail(Code::unsupported, "\\p classes");
      default:
        break;
    }
    const bool octal = rune >= '0' && rune <= '7';
    if (octal && (rune == '0' || (!in_.empty() && in_[0] >= '0' && in_[0] <= '7'))) {
      char32_t value = rune - '0';
      for (int i = 1; i < 3 && !in_.empty() && in_[0] >= '0' && in_[0] <= '7'; ++i) {
        value = value * 8 + static_cast<char32_t>(in_[0] - '0');
        in_.remove_prefix(1);
      }
      return value;
    }
    if (rune < 0x80 && !is_word(rune)) return rune;
    if (rune == '_') return rune;
    return broken("an unknown escape");
  }

  Result<char32_t> hexadecimal() {
    const bool braces = take("{");
    char32_t value = 0;
    std::size_t digits = 0;
    for (; !in_.empty() && (braces || digits < 2); ++digits) {
      const char c = in_[0];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) break;
      value = value * 16 + static_cast<char32_t>(digit);
      if (value > kMaxRune) return broken("a number that is no character");
      in_.remove_prefix(1);
    }
    if (braces ? digits == 0 || !take("}") : digits != 2) return broken("an unknown escape");
    return value;
  }

  // Writing.

  std::uint32_t emit(Pattern::Instruction instruction) {
    program_.push_back(std::move(instruction));
    return static_cast<std::uint32_t>(program_.size() - 1);
  }

  /// Where `node` starts, if what follows it starts at `next`.
  Result<std::uint32_t> write(const Node& node, std::uint32_t next) {
    if (program_.size() > kMaxProgram) return fail(Code::limit, "a pattern of too many parts");
    switch (node.type) {
      case Node::Type::empty:
        return next;
      case Node::Type::set:
        return emit({Kind::set, next, 0, node.set});
      case Node::Type::assertion:
        return emit({node.assertion, next});
      case Node::Type::sequence:
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
          P2P_TRY(next, write(**child, next));
        }
        return next;
      case Node::Type::alternatives: {
        P2P_TRY(std::uint32_t start, write(*node.children.back(), next));
        for (std::size_t i = node.children.size() - 1; i-- > 0;) {
          P2P_TRY(const auto one, write(*node.children[i], next));
          start = emit({Kind::split, one, start});
        }
        return start;
      }
      case Node::Type::repeat:
        break;
    }
    return write_repeat(node, next);
  }

  Result<std::uint32_t> write_repeat(const Node& node, std::uint32_t next) {
    const Node& inner = *node.children.front();
    if (node.most) {
      const std::uint32_t after = next;
      for (std::uint32_t i = node.least; i < *node.most; ++i) {
        P2P_TRY(const auto one, write(inner, next));
        next = emit({Kind::split, one, after});
      }
    } else {
      const auto loop = emit({Kind::split, next, next});
      P2P_TRY(const auto one, write(inner, loop));
      program_[loop].other = one;
      next = loop;
    }
    for (std::uint32_t i = 0; i < node.least; ++i) {
      P2P_TRY(next, write(inner, next));
    }
    return next;
  }

  std::string_view in_;
  std::vector<Pattern::Instruction> program_;
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  return PatternCompiler(expression).run();
}

bool Pattern::found_in(std::string_view text) const {
  using Kind = Instruction::Kind;
  // All places in the program that the text so far leads to, each once.
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> stack;
  std::vector<std::size_t> seen_in(program_.size(), 0);
  std::size_t round = 0;
  std::optional<char32_t> before;
  for (;;) {
    ++round;
    std::optional<char32_t> here;
    std::string_view left = text;
    if (!left.empty()) here = take_rune(left).value_or(kReplacement);
    std::vector<std::uint32_t> from = std::exchange(places, {});
    from.push_back(0);  // a match may begin anywhere
    for (const auto start : from) {
      stack.push_back(start);
      while (!stack.empty()) {
        const auto at = stack.back();
        stack.pop_back();
        if (std::exchange(seen_in[at], round) == round) continue;
        const auto& instruction = program_[at];
        const bool edge = is_word(before) != is_word(here);
        switch (instruction.kind) {
          case Kind::match:
            return true;
          case Kind::set:
            places.push_back(at);
            break;
          case Kind::split:
            stack.push_back(instruction.other);
            stack.push_back(instruction.next);
            break;
          case Kind::begin:
            if (!before) stack.push_back(instruction.next);
            break;
          case Kind::end:
            if (!here) stack.push_back(instruction.next);
            break;
          case Kind::word_edge:
            if (edge) stack.push_back(instruction.next);
            break;
          case Kind::no_word_edge:
            if (!edge) stack.push_back(instruction.next);
            break;
        }
      }
    }
    if (!here) return false;
    std::vector<std::uint32_t> after;
    for (const auto at : places) {
      const auto takes = [&](const Range& range) {
        return *here >= range.low && *here <= range.high;
      };
      if (std::ranges::any_of(program_[at].set, takes)) after.push_back(program_[at].next);
    }
    places = std::move(after);
    before = here;
    text = left;
  }
}

}  // namespace p2p::content
