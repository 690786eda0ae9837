#include "cli/help.h"
#include "codec/json.h"

namespace p2p::cli {

using codec::Value;

namespace {

std::string_view name_of(Complete complete) {
  switch (complete) {
    case Complete::none:
      return "none";
    case Complete::file:
      return "file";
    case Complete::directory:
      return "directory";
  }
  return "none";
}

std::string_view name_of(Option::Takes takes) {
  switch (takes) {
    case Option::Takes::nothing:
      return "nothing";
    case Option::Takes::value:
      return "value";
    case Option::Takes::optional_value:
      return "optional_value";
  }
  return "nothing";
}

Value texts(const std::vector<std::string>& items) {
  Value::List list;
  for (const auto& item : items) list.emplace_back(item);
  return list;
}

Value described(const Option& option) {
  Value::Map map;
  map.emplace_back("name", option.name);
  if (!option.operand) {
    map.emplace_back("letter", option.letter != 0 ? std::string(1, option.letter) : "");
    map.emplace_back("takes", name_of(option.takes));
    map.emplace_back("metavar", option.metavar);
    map.emplace_back("group", option.group);
  }
  map.emplace_back("help", option.help);
  map.emplace_back("default", option.fallback);
  map.emplace_back("choices", texts(option.choices));
  map.emplace_back("complete", name_of(option.complete));
  map.emplace_back("repeats", option.repeats);
  map.emplace_back("commas", option.commas);
  map.emplace_back("required", option.required);
  map.emplace_back("hidden", option.hidden);
  return map;
}

Value described(const Command& command) {
  Value::List options;
  for (const Option& option : command.options()) options.push_back(described(option));
  Value::List operands;
  for (const Option& operand : command.operand_list()) operands.push_back(described(operand));
  Value::List examples;
  for (const auto& [line, meaning] : command.examples()) {
    examples.emplace_back(Value::Map{{"command", line}, {"meaning", meaning}});
  }
  Value::List commands;
  for (const auto& sub : command.subcommands()) commands.push_back(described(*sub));
  return Value::Map{{"name", command.name()},          {"summary", command.summary()},
                    {"options", std::move(options)},   {"operands", std::move(operands)},
                    {"examples", std::move(examples)}, {"commands", std::move(commands)}};
}

}  // namespace

Result<std::string> dump_json(const Command& tool) {
  std::string line;
  P2P_CHECK(codec::append_json(line, described(tool)));
  return line + "\n";
}

}  // namespace p2p::cli
