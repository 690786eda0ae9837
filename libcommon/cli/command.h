// What a tool is, said once: its options, operands, subcommands, help, examples and action. The
// parser, --help, --version, --dump-options (from which completions and manuals are checked) all
// read this one description. Start here, then cli/console.h, and cli/app.h for tools that use the
// network.
//
//     int main(int argc, char** argv) {
//       Options options;
//       p2p::cli::Command command("p2p-x", "what it does, in one line");
//       command.usage("p2p-x [OPTION]... [FILE]...")
//           .flag("-r,--recursive", options.recursive, "descend into directories")
//           .operands("FILE", options.files, "what to read")
//           .action([&options](p2p::cli::Console& console) { return run(console, options); });
//       return p2p::cli::run(argc, argv, command);
//     }
//
// Everything bound by reference must outlive run(). An option's default, as help shows it, is the
// bound variable's value when the option is declared.
//
// Where a scalar option is repeated the last one wins; lists collect. A value may begin with a
// dash, be empty (`--data=`), or hold `=`. Numbers are strictly decimal, durations and sizes carry
// a unit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "cli/exit_status.h"

namespace p2p::cli {

class Console;

/// What a command does. An Error is reported as one line (and a record with --json or --cbor) and
/// gives the status that status_of says.
using Action = std::function<Result<ExitStatus>(Console&)>;

/// What a shell offers where a value is due.
enum class Complete { none, file, directory };

/// One option or operand, as data. Commands fill it through the typed functions below.
struct Option {
  enum class Takes { nothing, value, optional_value };

  char letter = 0;   ///< 'c' of -c, or 0
  std::string name;  ///< "check" of --check; an operand's upper-case name
  Takes takes = Takes::value;
  bool joined = false;   ///< optional_value: it comes as --name=VALUE only, not as what follows
  bool repeats = false;  ///< a list
  bool commas = false;   ///< one value may be several, with commas between them
  bool operand = false;
  bool required = false;  ///< operands only
  bool hidden = false;
  std::string metavar;
  std::string help;
  std::string fallback;  ///< the default as shown, or empty
  std::vector<std::string> choices;
  Complete complete = Complete::none;
  std::string group;
  /// Converts and stores one value (empty for a flag); its error says what is wrong with the value.
  std::function<Result<void>(std::string_view)> set;

  /// "--check", "-c" where there is no long name, "FILE" for an operand.
  std::string display() const;
};

struct Bounds {
  std::uint64_t low = 0;
  std::uint64_t high = UINT64_MAX;
};

class Command {
 public:
  struct Example {
    std::string command;
    std::string meaning;
  };
  struct Named {
    std::string name;
    std::string meaning;
  };

  Command(std::string name, std::string summary)
      : name_(std::move(name)), summary_(std::move(summary)) {}

  // What help says. Each returns the command, so that calls chain.
  Command& usage(std::string form);          ///< once for each form
  Command& describe(std::string paragraph);  ///< after the summary; wrapped by help
  Command& group(std::string title);         ///< heads the options declared after it
  Command& example(std::string command, std::string meaning);
  Command& environment(std::string variable, std::string meaning);
  Command& exit_status(ExitStatus status, std::string meaning);  ///< replaces the general wording
  Command& feature(std::string text);                            ///< a line of --version

  // Options. `names` is "-c,--check", "--check" or "-c".
  Command& flag(std::string_view names, bool& value, std::string help);
  Command& text(std::string_view names, std::string metavar, std::string& value, std::string help,
                Complete complete = Complete::none);
  Command& text(std::string_view names, std::string metavar, std::optional<std::string>& value,
                std::string help, Complete complete = Complete::none);
  /// The value may be left out: then it is `bare`.
  Command& optional_text(std::string_view names, std::string metavar,
                         std::optional<std::string>& value, std::string bare, std::string help);
  Command& list(std::string_view names, std::string metavar, std::vector<std::string>& values,
                std::string help, Complete complete = Complete::none);
  Command& number(std::string_view names, std::string metavar, std::uint64_t& value, Bounds bounds,
                  std::string help);
  Command& number(std::string_view names, std::string metavar, std::optional<std::uint64_t>& value,
                  Bounds bounds, std::string help);
  Command& duration(std::string_view names, std::string metavar, Duration& value, std::string help);
  Command& duration(std::string_view names, std::string metavar, std::optional<Duration>& value,
                    std::string help);
  Command& size(std::string_view names, std::string metavar, std::uint64_t& value, Bounds bounds,
                std::string help);
  Command& choice(std::string_view names, std::string metavar, std::string& value,
                  std::vector<std::string> choices, std::string help);
  /// The same for what the choices mean; an optional has no default.
  template <class T>
  Command& choice(std::string_view names, std::string metavar, T& value,
                  std::vector<std::pair<std::string, std::type_identity_t<T>>> choices,
                  std::string help) {
    std::string fallback;
    for (const auto& [name, meaning] : choices) {
      if (meaning == value) fallback = name;
    }
    return meanings<T>(
        names, std::move(metavar), std::move(fallback), std::move(choices),
        [&value](const T& chosen) { value = chosen; }, std::move(help));
  }
  template <class T>
  Command& choice(std::string_view names, std::string metavar, std::optional<T>& value,
                  std::vector<std::pair<std::string, std::type_identity_t<T>>> choices,
                  std::string help) {
    return meanings<T>(
        names, std::move(metavar), "", std::move(choices),
        [&value](const T& chosen) { value = chosen; }, std::move(help));
  }
  /// Any other type: `set` converts.
  Command& option(std::string_view names, std::string metavar, std::string fallback,
                  std::function<Result<void>(std::string_view)> set, std::string help,
                  Complete complete = Complete::none);
  /// One that the functions above cannot say.
  Command& option(std::string_view names, Option option);
  /// The option or operand declared last is not shown in help.
  Command& hidden();

  // Operands, in order. Only the last may repeat or be left out.
  Command& operand(std::string name, std::string& value, std::string help,
                   Complete complete = Complete::none);
  Command& operand(std::string name, std::optional<std::string>& value, std::string help,
                   Complete complete = Complete::none);
  Command& operands(std::string name, std::vector<std::string>& values, std::string help,
                    Complete complete = Complete::none, bool required = false);

  /// Adds a subcommand and returns it. Options of the outer command are understood after the
  /// subcommand's name too. A reference stays valid while the outer command lives.
  Command& subcommand(std::string name, std::string summary);
  Command& action(Action action);

  // The description, for help, completion data and the parser.
  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }
  const std::vector<std::string>& usages() const { return usages_; }
  const std::vector<std::string>& description() const { return description_; }
  const std::vector<Option>& options() const { return options_; }
  const std::vector<Option>& operand_list() const { return operands_; }
  const std::vector<Example>& examples() const { return examples_; }
  const std::vector<Named>& environment_list() const { return environment_; }
  const std::vector<std::pair<ExitStatus, std::string>>& exit_statuses() const { return exits_; }
  const std::vector<std::string>& features() const { return features_; }
  const std::vector<std::unique_ptr<Command>>& subcommands() const { return subcommands_; }
  const Action& action() const { return action_; }
  bool has(std::string_view long_name, char letter) const;

 private:
  /// A choice from the names in `choices`; `set` gets the chosen one's place.
  Command& choose(std::string_view names, std::string metavar, std::string fallback,
                  std::vector<std::string> choices, std::function<void(std::size_t)> set,
                  std::string help);
  template <class T, class Set>
  Command& meanings(std::string_view names, std::string metavar, std::string fallback,
                    std::vector<std::pair<std::string, T>> choices, Set set, std::string help) {
    std::vector<std::string> words;
    for (const auto& choice : choices) words.push_back(choice.first);
    return choose(
        names, std::move(metavar), std::move(fallback), std::move(words),
        [choices = std::move(choices), set](std::size_t place) { set(choices[place].second); },
        std::move(help));
  }
  void declare(std::string_view names, Option option);

  std::string name_;
  std::string summary_;
  std::vector<std::string> usages_;
  std::vector<std::string> description_;
  std::string group_ = "Options";
  std::vector<Option> options_;
  std::vector<Option> operands_;
  bool last_is_operand_ = false;
  std::vector<Example> examples_;
  std::vector<Named> environment_;
  std::vector<std::pair<ExitStatus, std::string>> exits_;
  std::vector<std::string> features_;
  std::vector<std::unique_ptr<Command>> subcommands_;
  Action action_;
};

/// Runs the tool: repairs fds 0 to 2, parses, acts, flushes, and returns the exit status. To
/// `command` it adds what every tool has: --format, --json, --cbor, -q/--quiet, --color, -h/--help,
/// -V/--version, and --dump-options, which is hidden. An option the command has declared itself
/// stays.
int run(int argc, char** argv, Command& command);

}  // namespace p2p::cli
