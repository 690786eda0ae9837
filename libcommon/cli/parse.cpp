#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <numeric>

namespace p2p::cli {

namespace {

/// Marks operands in the words that CLI11 sees, so that none looks like an option, a subcommand or
/// a bracketed list.
constexpr char kOperandMark = '\x01';

/// Names as far apart as this are no slip of the fingers.
constexpr std::size_t kMaxDistance = 3;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, change});
    }
  }
  return row.back();
}

Error usage_error(std::string why, const std::string& suggestion, const std::string& command) {
  std::string hint = suggestion.empty() ? "" : "did you mean " + suggestion + "? ";
  return Error(Code::invalid_argument, std::move(why))
      .with_hint(hint + "try '" + command + " --help'");
}

/// Reads argv against the description and writes the words for CLI11.
class Reader {
 public:
  Reader(const std::vector<std::string>& args, const Command& command) : args_(args) {
    request_.path.push_back(&command);
  }

  Result<void> read() {
    bool operands_only = false;
    while (next_ < args_.size() && !answered_) {
      const std::string& arg = args_[next_++];
      if (operands_only || arg == "-" || !arg.starts_with('-')) {
        P2P_CHECK(operand(arg, operands_only));
      } else if (arg == "--") {
        operands_only = true;
      } else if (arg.starts_with("--")) {
        P2P_CHECK(long_option(arg));
      } else {
        P2P_CHECK(letters(arg));
      }
    }
    return {};
  }

  Request request() const { return request_; }
  const std::vector<std::string>& words() const { return words_; }
  std::size_t operands() const { return operands_; }

 private:
  std::unexpected<Error> refuse(std::string why, const std::string& suggestion = "") const {
    return fail(usage_error(std::move(why), suggestion, request_.name()));
  }

  Result<void> operand(const std::string& arg, bool operands_only) {
    const Command& here = request_.command();
    if (here.subcommands().empty() || operands_only) {
      words_.push_back(kOperandMark + arg);
      if (++operands_ > here.operand_list().size() &&
          (here.operand_list().empty() || !here.operand_list().back().repeats)) {
        return refuse("unexpected operand '" + arg + "'");
      }
      return {};
    }
    std::vector<std::string> names;
    for (const auto& sub : here.subcommands()) {
      if (sub->name() == arg) {
        request_.path.push_back(sub.get());
        words_.push_back(arg);
        return {};
      }
      names.push_back(sub->name());
    }
    const std::string near = nearest(arg, names);
    return refuse("unknown command '" + arg + "'", near.empty() ? "" : "'" + near + "'");
  }

  Result<void> long_option(const std::string& arg) {
    const auto equals = arg.find('=');
    const std::string name = arg.substr(2, equals == std::string::npos ? equals : equals - 2);
    const Option* option = find([&](const Option& o) { return o.name == name; });
    if (option == nullptr) {
      const std::string near = nearest(name, long_names());
      return refuse("unknown option '--" + name + "'", near.empty() ? "" : "--" + near);
    }
    if (equals == std::string::npos) return take(*option, "--" + name);
    if (option->takes == Option::Takes::nothing) {
      return refuse("option '--" + name + "' takes no value");
    }
    words_.push_back("--" + name);
    words_.push_back(arg.substr(equals + 1));
    return {};
  }

  Result<void> letters(const std::string& arg) {
    for (std::size_t i = 1; i < arg.size() && !answered_; ++i) {
      const std::string name = {'-', arg[i]};
      const Option* option = find([&](const Option& o) { return o.letter == arg[i]; });
      if (option == nullptr) {
        const std::string near = nearest(arg.substr(1), long_names());
        const bool one_dash_less = near == arg.substr(1);
        return refuse("unknown option '" + name + "'", one_dash_less ? "--" + near : "");
      }
      const bool rest = i + 1 < arg.size();
      if (option->takes != Option::Takes::nothing && !option->joined && rest) {
        words_.push_back(word_of(*option));
        words_.push_back(arg.substr(i + 1));
        return {};
      }
      P2P_CHECK(take(*option, name));
    }
    return {};
  }

  /// The long name where there is one: in a subcommand CLI11 takes -0 of the outer command for a
  /// number.
  static std::string word_of(const Option& option) {
    return option.name.empty() ? std::string{'-', option.letter} : "--" + option.name;
  }

  /// An option whose value, if it takes one, is the next argument.
  Result<void> take(const Option& option, const std::string& name) {
    words_.push_back(word_of(option));
    if (option.takes == Option::Takes::nothing) {
      note_request(option, name);
    } else if (option.takes == Option::Takes::value) {
      if (next_ == args_.size()) return refuse("option '" + name + "' needs a value");
      words_.push_back(args_[next_++]);
    } else {
      const bool value = !option.joined && next_ < args_.size() && !args_[next_].starts_with('-');
      words_.push_back(value ? args_[next_++] : std::string());
    }
    return {};
  }

  void note_request(const Option& option, const std::string& name) {
    using Kind = Request::Kind;
    if (option.name == "help") {
      request_.kind = name == "-h" ? Kind::short_help : Kind::help;
      answered_ = true;
    } else if (option.name == "version" && request_.kind == Kind::act) {
      request_.kind = Kind::version;  // goes on: --json may follow
    } else if (option.name == "dump-options") {
      request_.kind = Kind::dump_options;
      answered_ = true;
    }
  }

  template <class Match>
  const Option* find(Match match) const {
    for (std::size_t depth = request_.path.size(); depth-- > 0;) {
      const auto& options = request_.path[depth]->options();
      const auto found = std::ranges::find_if(options, match);
      if (found != options.end()) return &*found;
    }
    return nullptr;
  }

  std::vector<std::string> long_names() const {
    std::vector<std::string> names;
    for (const Command* command : request_.path) {
      for (const Option& option : command->options()) {
        if (!option.name.empty() && !option.hidden) names.push_back(option.name);
      }
    }
    return names;
  }

  const std::vector<std::string>& args_;
  std::size_t next_ = 0;
  std::size_t operands_ = 0;
  bool answered_ = false;
  Request request_;
  std::vector<std::string> words_;
};

/// The description as a CLI11 application, and back from CLI11's options to ours.
class Mapping {
 public:
  explicit Mapping(const Command& command) { declare(app_, command); }

  Result<void> parse(std::vector<std::string> words, const Request& request) {
    std::ranges::reverse(words);
    try {
      app_.parse(std::move(words));
    } catch (const CLI::Error& e) {
      return fail(usage_error(e.what(), "", request.name()));
    }
    const CLI::App* app = &app_;
    for (std::size_t depth = 0; depth < request.path.size(); ++depth) {
      if (depth > 0) app = app->get_subcommand(request.path[depth]->name());
      P2P_CHECK(store(*app, request));
    }
    return {};
  }

 private:
  void declare(CLI::App& app, const Command& command) {
    app.set_help_flag();
    app.set_help_all_flag();
    app.fallthrough();
    app.require_subcommand(0, 1);
    for (const Option& option : command.options()) {
      std::string names;
      if (option.letter != 0) names = std::string("-") + option.letter;
      if (!option.name.empty()) names += (names.empty() ? "--" : ",--") + option.name;
      if (option.takes == Option::Takes::nothing) {
        meanings_[app.add_flag(names)] = &option;
      } else {
        meanings_[app.add_option(names)->expected(1)->multi_option_policy(
            CLI::MultiOptionPolicy::TakeLast)] = &option;
      }
    }
    for (const Option& operand : command.operand_list()) {
      meanings_[app.add_option(operand.name)
                    ->expected(1)
                    ->allow_extra_args(operand.repeats)
                    ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)] = &operand;
    }
    for (const auto& sub : command.subcommands()) {
      declare(*app.add_subcommand(sub->name()), *sub);
    }
  }

  /// Converts in the order of the command line, so that of `--json --cbor` the last wins.
  Result<void> store(const CLI::App& app, const Request& request) {
    std::map<const CLI::Option*, std::size_t> taken;
    for (const CLI::Option* parsed : app.parse_order()) {
      const Option& option = *meanings_.at(parsed);
      const std::string& value = parsed->results().at(taken[parsed]++);
      std::string_view text = value;
      if (parsed->get_positional()) text.remove_prefix(1);  // kOperandMark
      if (option.takes == Option::Takes::nothing) text = {};
      if (auto set = option.set(text); !set) {
        Error error = std::move(set).error();
        const std::string what = option.display();
        return fail(Error(Code::invalid_argument, what + ": " + error.message())
                        .with_hint(error.hint.empty() ? "try '" + request.name() + " --help'"
                                                      : error.hint));
      }
    }
    return {};
  }

  CLI::App app_;
  std::map<const CLI::Option*, const Option*> meanings_;
};

}  // namespace

std::string Request::name() const {
  std::string line;
  for (const Command* command : path) line += (line.empty() ? "" : " ") + command->name();
  return line;
}

std::string nearest(std::string_view typed, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::min(kMaxDistance, typed.size() / 2) + 1;
  for (const auto& word : known) {
    const bool begun = typed.size() >= 2 && word.starts_with(typed);
    const std::size_t distance = begun ? 1 : edit_distance(typed, word);
    if (distance < best_distance) {
      best = word;
      best_distance = distance;
    }
  }
  return best;
}

Result<Request> parse(const std::vector<std::string>& args, const Command& command) {
  Reader reader(args, command);
  P2P_CHECK(reader.read());
  const Request request = reader.request();
  if (request.kind != Request::Kind::act && request.kind != Request::Kind::version) return request;
  P2P_CHECK(Mapping(command).parse(reader.words(), request));
  if (request.kind == Request::Kind::version) return request;

  const Command& chosen = request.command();
  if (!chosen.subcommands().empty() && !chosen.action()) {
    return fail(usage_error("a command is missing", "", request.name()));
  }
  const auto& operands = chosen.operand_list();
  for (std::size_t i = reader.operands(); i < operands.size(); ++i) {
    if (operands[i].required) {
      return fail(usage_error("operand " + operands[i].name + " is missing", "", request.name()));
    }
  }
  return request;
}

}  // namespace p2p::cli
