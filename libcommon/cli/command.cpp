#include "cli/command.h"

#include <algorithm>

#include "base/units.h"

namespace p2p::cli {

namespace {

/// Splits "-c,--check" into its letter and its long name.
void split_names(std::string_view names, Option& option) {
  while (!names.empty()) {
    const auto comma = names.find(',');
    const auto one = names.substr(0, comma);
    if (one.starts_with("--")) {
      option.name = one.substr(2);
    } else if (one.size() == 2 && one[0] == '-') {
      option.letter = one[1];
    }
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : ", ") + word;
  return line;
}

Option make(std::string metavar, std::string help, Complete complete = Complete::none) {
  Option option;
  option.metavar = std::move(metavar);
  option.help = std::move(help);
  option.complete = complete;
  return option;
}

/// A setter that parses with `parse` and stores into `target`, of the value's type or an optional.
template <class Target, class Parse>
auto into(Target& target, Parse parse) {
  return [&target, parse](std::string_view text) -> Result<void> {
    P2P_TRY(auto value, parse(text));
    target = std::move(value);
    return {};
  };
}

auto as_is = [](std::string_view text) -> Result<std::string> { return std::string(text); };

auto bounded_number(Bounds bounds) {
  return [bounds](std::string_view text) { return parse_number(text, bounds.low, bounds.high); };
}

}  // namespace

std::string Option::display() const {
  if (operand) return name;
  return name.empty() ? std::string("-") + letter : "--" + name;
}

void Command::declare(std::string_view names, Option option) {
  split_names(names, option);
  option.group = group_;
  options_.push_back(std::move(option));
  last_is_operand_ = false;
}

Command& Command::usage(std::string form) {
  usages_.push_back(std::move(form));
  return *this;
}

Command& Command::describe(std::string paragraph) {
  description_.push_back(std::move(paragraph));
  return *this;
}

Command& Command::group(std::string title) {
  group_ = std::move(title);
  return *this;
}

Command& Command::example(std::string command, std::string meaning) {
  examples_.push_back({std::move(command), std::move(meaning)});
  return *this;
}

Command& Command::environment(std::string variable, std::string meaning) {
  environment_.push_back({std::move(variable), std::move(meaning)});
  return *this;
}

Command& Command::exit_status(ExitStatus status, std::string meaning) {
  exits_.emplace_back(status, std::move(meaning));
  return *this;
}

Command& Command::feature(std::string text) {
  features_.push_back(std::move(text));
  return *this;
}

Command& Command::flag(std::string_view names, bool& value, std::string help) {
  Option option = make("", std::move(help));
  option.takes = Option::Takes::nothing;
  option.set = [&value](std::string_view) -> Result<void> {
    value = true;
    return {};
  };
  declare(names, std::move(option));
  return *this;
}

Command& Command::text(std::string_view names, std::string metavar, std::string& value,
                       std::string help, Complete complete) {
  Option option = make(std::move(metavar), std::move(help), complete);
  option.fallback = value;
  option.set = into(value, as_is);
  declare(names, std::move(option));
  return *this;
}

Command& Command::text(std::string_view names, std::string metavar,
                       std::optional<std::string>& value, std::string help, Complete complete) {
  Option option = make(std::move(metavar), std::move(help), complete);
  option.fallback = value.value_or("");
  option.set = into(value, as_is);
  declare(names, std::move(option));
  return *this;
}

Command& Command::optional_text(std::string_view names, std::string metavar,
                                std::optional<std::string>& value, std::string bare,
                                std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  option.takes = Option::Takes::optional_value;
  option.set = [&value, bare = std::move(bare)](std::string_view text) -> Result<void> {
    value = text.empty() ? bare : std::string(text);
    return {};
  };
  declare(names, std::move(option));
  return *this;
}

Command& Command::list(std::string_view names, std::string metavar,
                       std::vector<std::string>& values, std::string help, Complete complete) {
  Option option = make(std::move(metavar), std::move(help), complete);
  option.repeats = true;
  option.fallback = joined(values);
  option.set = [&values, first = true](std::string_view text) mutable -> Result<void> {
    if (first) values.clear();  // what is given replaces the default
    first = false;
    values.emplace_back(text);
    return {};
  };
  declare(names, std::move(option));
  return *this;
}

Command& Command::number(std::string_view names, std::string metavar, std::uint64_t& value,
                         Bounds bounds, std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  option.fallback = std::to_string(value);
  option.set = into(value, bounded_number(bounds));
  declare(names, std::move(option));
  return *this;
}

Command& Command::number(std::string_view names, std::string metavar,
                         std::optional<std::uint64_t>& value, Bounds bounds, std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  if (value) option.fallback = std::to_string(*value);
  option.set = into(value, bounded_number(bounds));
  declare(names, std::move(option));
  return *this;
}

Command& Command::duration(std::string_view names, std::string metavar, Duration& value,
                           std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  option.fallback = format_duration(value);
  option.set = into(value, parse_duration);
  declare(names, std::move(option));
  return *this;
}

Command& Command::duration(std::string_view names, std::string metavar,
                           std::optional<Duration>& value, std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  if (value) option.fallback = format_duration(*value);
  option.set = into(value, parse_duration);
  declare(names, std::move(option));
  return *this;
}

Command& Command::size(std::string_view names, std::string metavar, std::uint64_t& value,
                       Bounds bounds, std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  option.fallback = format_size(value);
  option.set = into(value, [bounds](std::string_view text) -> Result<std::uint64_t> {
    P2P_TRY(const auto bytes, parse_size(text));
    if (bytes < bounds.low || bytes > bounds.high) {
      return fail(Code::invalid_argument, "'" + std::string(text) + "' is not between " +
                                              format_size(bounds.low) + " and " +
                                              format_size(bounds.high));
    }
    return bytes;
  });
  declare(names, std::move(option));
  return *this;
}

Command& Command::choice(std::string_view names, std::string metavar, std::string& value,
                         std::vector<std::string> choices, std::string help) {
  std::vector<std::string> words = choices;
  return choose(
      names, std::move(metavar), value, std::move(choices),
      [&value, words = std::move(words)](std::size_t place) { value = words[place]; },
      std::move(help));
}

Command& Command::choose(std::string_view names, std::string metavar, std::string fallback,
                         std::vector<std::string> choices, std::function<void(std::size_t)> set,
                         std::string help) {
  Option option = make(std::move(metavar), std::move(help));
  option.fallback = std::move(fallback);
  option.choices = choices;
  option.set = [choices = std::move(choices),
                set = std::move(set)](std::string_view text) -> Result<void> {
    const auto found = std::ranges::find(choices, text);
    if (found == choices.end()) {
      return fail(Code::invalid_argument,
                  "'" + std::string(text) + "' is none of: " + joined(choices));
    }
    set(static_cast<std::size_t>(found - choices.begin()));
    return {};
  };
  declare(names, std::move(option));
  return *this;
}

Command& Command::option(std::string_view names, std::string metavar, std::string fallback,
                         std::function<Result<void>(std::string_view)> set, std::string help,
                         Complete complete) {
  Option option = make(std::move(metavar), std::move(help), complete);
  option.fallback = std::move(fallback);
  option.set = std::move(set);
  declare(names, std::move(option));
  return *this;
}

Command& Command::option(std::string_view names, Option option) {
  declare(names, std::move(option));
  return *this;
}

Command& Command::hidden() {
  (last_is_operand_ ? operands_ : options_).back().hidden = true;
  return *this;
}

Command& Command::operand(std::string name, std::string& value, std::string help,
                          Complete complete) {
  Option option = make("", std::move(help), complete);
  option.name = std::move(name);
  option.operand = true;
  option.required = true;
  option.set = into(value, as_is);
  operands_.push_back(std::move(option));
  last_is_operand_ = true;
  return *this;
}

Command& Command::operand(std::string name, std::optional<std::string>& value, std::string help,
                          Complete complete) {
  Option option = make("", std::move(help), complete);
  option.name = std::move(name);
  option.operand = true;
  option.set = into(value, as_is);
  operands_.push_back(std::move(option));
  last_is_operand_ = true;
  return *this;
}

Command& Command::operands(std::string name, std::vector<std::string>& values, std::string help,
                           Complete complete, bool required) {
  Option option = make("", std::move(help), complete);
  option.name = std::move(name);
  option.operand = true;
  option.repeats = true;
  option.required = required;
  option.set = [&values](std::string_view text) -> Result<void> {
    values.emplace_back(text);
    return {};
  };
  operands_.push_back(std::move(option));
  last_is_operand_ = true;
  return *this;
}

Command& Command::subcommand(std::string name, std::string summary) {
  subcommands_.push_back(std::make_unique<Command>(std::move(name), std::move(summary)));
  return *subcommands_.back();
}

Command& Command::action(Action action) {
  action_ = std::move(action);
  return *this;
}

bool Command::has(std::string_view long_name, char letter) const {
  return std::ranges::any_of(options_, [&](const Option& option) {
    return (!long_name.empty() && option.name == long_name) ||
           (letter != 0 && option.letter == letter);
  });
}

}  // namespace p2p::cli
