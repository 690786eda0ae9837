#include "cli/help.h"
#include "cli/json_line.h"

namespace p2p::cli {

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

void dump(JsonLine& json, const Option& option) {
  json.begin_object();
  json.key("name").string(option.name);
  if (!option.operand) {
    json.key("letter").string(option.letter != 0 ? std::string(1, option.letter) : "");
    json.key("takes").string(name_of(option.takes));
    json.key("metavar").string(option.metavar);
    json.key("group").string(option.group);
  }
  json.key("help").string(option.help);
  json.key("default").string(option.fallback);
  json.key("choices").begin_array();
  for (const auto& choice : option.choices) json.string(choice);
  json.end_array();
  json.key("complete").string(name_of(option.complete));
  json.key("repeats").boolean(option.repeats);
  json.key("required").boolean(option.required);
  json.key("hidden").boolean(option.hidden);
  json.end_object();
}

void dump(JsonLine& json, const Command& command) {
  json.begin_object();
  json.key("name").string(command.name());
  json.key("summary").string(command.summary());
  json.key("options").begin_array();
  for (const Option& option : command.options()) dump(json, option);
  json.end_array();
  json.key("operands").begin_array();
  for (const Option& operand : command.operand_list()) dump(json, operand);
  json.end_array();
  json.key("examples").begin_array();
  for (const auto& [line, meaning] : command.examples()) {
    json.begin_object().key("command").string(line).key("meaning").string(meaning).end_object();
  }
  json.end_array();
  json.key("commands").begin_array();
  for (const auto& sub : command.subcommands()) dump(json, *sub);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string dump_json(const Command& tool) {
  JsonLine json;
  dump(json, tool);
  return json.text() + "\n";
}

}  // namespace p2p::cli
