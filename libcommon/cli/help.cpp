#include "cli/help.h"

#include <algorithm>
#include <map>
#include <utility>

namespace p2p::cli {

namespace {

constexpr std::size_t kColumns = 80;
/// Where descriptions begin; an option longer than this has its description on the next line.
constexpr std::size_t kIndent = 28;

/// Words of `text` from column `at`, continuation lines at `indent`.
std::string wrap(std::string_view text, std::size_t at, std::size_t indent) {
  std::string out;
  bool first = true;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    if (!first && at + 1 + word.size() > kColumns) {
      out += '\n' + std::string(indent, ' ');
      at = indent;
    } else if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    first = false;
  }
  return out;
}

/// "  left        right, wrapped"
std::string entry(const std::string& left, std::string_view right) {
  std::string line = "  " + left;
  if (right.empty()) return line + "\n";
  if (line.size() + 2 > kIndent) {
    line += '\n' + std::string(kIndent, ' ');
  } else {
    line.resize(kIndent, ' ');
  }
  return line + wrap(right, kIndent, kIndent) + "\n";
}

std::string names_of(const Option& option) {
  if (option.operand) return option.name;
  std::string names = option.letter != 0 ? std::string("-") + option.letter : "   ";
  if (!option.name.empty()) names += (option.letter != 0 ? ", --" : " --") + option.name;
  if (option.takes == Option::Takes::value) names += " " + option.metavar;
  if (option.takes == Option::Takes::optional_value) {
    names += option.joined ? "[=" + option.metavar + "]" : " [" + option.metavar + "]";
  }
  return names;
}

std::string explained(const Option& option) {
  std::string text = option.help;
  const char* separator = ": ";
  for (const auto& choice : option.choices) text += std::exchange(separator, ", ") + choice;
  if (!option.fallback.empty()) text += " (default: " + option.fallback + ")";
  return text;
}

std::string list_options(const std::vector<Option>& options) {
  std::string out;
  std::string group;
  for (const Option& option : options) {
    if (option.hidden) continue;
    if (option.group != group) out += "\n" + option.group + ":\n";
    group = option.group;
    out += entry(names_of(option), explained(option));
  }
  return out;
}

std::string usage_lines(const Request& request) {
  const Command& command = request.command();
  std::vector<std::string> forms = command.usages();
  if (forms.empty()) {
    std::string form = request.name() + " [OPTION]...";
    if (!command.subcommands().empty()) form += " COMMAND";
    for (const Option& operand : command.operand_list()) {
      const std::string name = operand.name + (operand.repeats ? "..." : "");
      form += operand.required ? " " + name : " [" + name + "]";
    }
    forms.push_back(form);
  }
  std::string out;
  for (const auto& form : forms) out += (out.empty() ? "Usage: " : "       ") + form + "\n";
  return out;
}

/// The general wording, with what the command says in its place.
std::string exit_status_lines(const Request& request) {
  std::map<ExitStatus, std::string> wording = {
      {ExitStatus::yes, "success"},
      {ExitStatus::no, "the answer is no"},
      {ExitStatus::error, "usage, or an error that prevented an answer"},
  };
  for (const Command* command : request.path) {
    for (const auto& [status, meaning] : command->exit_statuses()) wording[status] = meaning;
  }
  std::string out;
  for (const auto& [status, meaning] : wording) {
    out += entry(std::to_string(static_cast<int>(status)), meaning);
  }
  return out;
}

}  // namespace

std::string help_text(const Request& request, bool brief) {
  const Command& command = request.command();
  std::string out = usage_lines(request) + wrap(command.summary(), 0, 0) + "\n";
  if (!brief) {
    for (const auto& paragraph : command.description()) out += "\n" + wrap(paragraph, 0, 0) + "\n";
  }
  if (!command.subcommands().empty()) {
    out += "\nCommands:\n";
    for (const auto& sub : command.subcommands()) out += entry(sub->name(), sub->summary());
  }
  std::string operands;
  for (const Option& operand : command.operand_list()) {
    if (!operand.hidden) operands += entry(names_of(operand), explained(operand));
  }
  if (!operands.empty()) out += "\nOperands:\n" + operands;
  for (std::size_t depth = request.path.size(); depth-- > 0;) {
    out += list_options(request.path[depth]->options());
  }
  if (brief) return out;

  out += "\nEnvironment:\n";
  for (const Command* outer : request.path) {
    for (const auto& [name, meaning] : outer->environment_list()) out += entry(name, meaning);
  }
  out += "\nExit status:\n" + exit_status_lines(request);
  if (!command.examples().empty()) {
    out += "\nExamples:\n";
    for (const auto& [line, meaning] : command.examples()) {
      out += "  " + line + "\n      " + wrap(meaning, 6, 6) + "\n";
    }
  }
  return out;
}

}  // namespace p2p::cli
