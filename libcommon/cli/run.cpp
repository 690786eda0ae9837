#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/parse.h"

namespace p2p::cli {

namespace {

/// A descriptor that was closed when we started would be given to the next file or socket we open,
/// which then becomes our stdin or stdout. What stands there instead fails as a closed one does:
/// nothing to read from 0, nothing to write to 1 and 2.
void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // takes the lowest free one
  }
}

Result<Format> format_by_name(std::string_view name) {
  if (name == "text") return Format::text;
  if (name == "json" || name == "jsonl") return Format::json;
  if (name == "cbor") return Format::cbor;
  return fail(Code::invalid_argument, "'" + std::string(name) + "' is none of: text, json, cbor");
}

/// What every tool understands.
struct Common {
  ConsoleOptions console;
  bool format_given = false;
  bool force = false;
  bool asked = false;  // help, version, dump: the parser's business
};

std::function<Result<void>(std::string_view)> sets_format(Common& common, Format format) {
  return [&common, format](std::string_view) -> Result<void> {
    common.console.format = format;
    common.format_given = true;
    return {};
  };
}

Option plain_flag(std::string help, std::function<Result<void>(std::string_view)> set) {
  Option option;
  option.takes = Option::Takes::nothing;
  option.help = std::move(help);
  option.set = std::move(set);
  return option;
}

/// Declares what `command` has not declared itself.
class CommonOptions {
 public:
  CommonOptions(Command& command, Common& common) : command_(command), common_(common) {}

  void declare() {
    command_.group("Output");
    if (free("format", 0)) {
      Option format;
      format.metavar = "FORMAT";
      format.help = "text, json (JSON Lines) or cbor (CBOR Sequence)";
      format.fallback = "text";
      format.choices = {"text", "json", "cbor"};
      format.set = [this_common = &common_](std::string_view text) -> Result<void> {
        P2P_TRY(this_common->console.format, format_by_name(text));
        this_common->format_given = true;
        return {};
      };
      command_.option("--format", std::move(format));
    }
    add("--json", "json", 0,
        plain_flag("same as --format json", sets_format(common_, Format::json)));
    add("--cbor", "cbor", 0,
        plain_flag("same as --format cbor", sets_format(common_, Format::cbor)));
    if (free("force", 0)) command_.flag("--force", common_.force, "write CBOR to a terminal too");
    if (free("quiet", 0)) {
      command_.flag(free("", 'q') ? "-q,--quiet" : "--quiet", common_.console.quiet,
                    "no progress, no remarks");
    }
    if (free("color", 0)) add_color();
    command_.group("Help");
    command_.flag(free("", 'h') ? "-h,--help" : "--help", common_.asked,
                  "-h in short, --help in full, and exit");
    command_.flag(free("", 'V') ? "-V,--version" : "--version", common_.asked,
                  "version, libraries and features, and exit");
    command_.flag("--dump-options", common_.asked, "every option as JSON, and exit").hidden();
    command_.environment("P2P_FORMAT", "the default of --format");
    command_.environment("NO_COLOR", "if not empty, no colour, unless --color says otherwise");
  }

 private:
  bool free(std::string_view name, char letter) const { return !command_.has(name, letter); }

  void add(std::string_view names, std::string_view name, char letter, Option option) {
    if (free(name, letter)) command_.option(names, std::move(option));
  }

  void add_color() {
    Option color;
    color.metavar = "WHEN";
    color.help = "auto, always or never";
    color.fallback = "auto";
    color.choices = {"auto", "always", "never"};
    color.set = [&console = common_.console](std::string_view text) -> Result<void> {
      using Color = ConsoleOptions::Color;
      if (text == "auto") {
        console.color = Color::automatic;
      } else if (text == "always" || text == "never") {
        console.color = text == "always" ? Color::always : Color::never;
      } else {
        return fail(Code::invalid_argument,
                    "'" + std::string(text) + "' is none of: auto, always, never");
      }
      return {};
    };
    command_.option("--color", std::move(color));
  }

  Command& command_;
  Common& common_;
};

/// The format when no option says it, and the refusal to fill a terminal with binary.
Result<void> settle_format(Common& common) {
  const char* wanted = std::getenv("P2P_FORMAT");
  if (!common.format_given && wanted != nullptr && *wanted != 0) {
    auto format = format_by_name(wanted);
    if (!format) return fail(std::move(format).error().during("read", "P2P_FORMAT"));
    common.console.format = *format;
  }
  if (common.console.format == Format::cbor && !common.force && ::isatty(STDOUT_FILENO) == 1) {
    return fail(Error(Code::invalid_argument, "CBOR is binary, and standard output is a terminal")
                    .with_hint("send it to a file or a pipe, or add --force"));
  }
  return {};
}

ExitStatus answer(const Command& command, const Request& request, const Common& common,
                  Console& console) {
  switch (request.kind) {
    case Request::Kind::help:
      console.out().write(help_text(request, false));
      break;
    case Request::Kind::short_help:
      console.out().write(help_text(request, true));
      break;
    case Request::Kind::version:
      console.out().write(common.console.format == Format::json ? version_json(command)
                                                                : version_text(command));
      break;
    case Request::Kind::dump_options:
      console.out().write(dump_json(command));
      break;
    case Request::Kind::act:
      break;
  }
  return ExitStatus::yes;
}

ExitStatus act(const Request& request, Common& common, Console& console) {
  auto settled = settle_format(common);
  console.configure(common.console);
  if (!settled) {
    console.error(settled.error());
    return ExitStatus::error;
  }
  auto status = request.command().action()(console);
  if (status) return *status;
  console.error(status.error());
  return status_of(status.error());
}

}  // namespace

int run(int argc, char** argv, Command& command) {
  fill_standard_descriptors();
  Console console(command.name());
  Common common;
  CommonOptions(command, common).declare();
  const auto request = parse({argv + std::min(argc, 1), argv + argc}, command);
  ExitStatus status = ExitStatus::error;
  if (!request) {
    console.error(request.error());
  } else if (request->kind == Request::Kind::act) {
    status = act(*request, common, console);
  } else {
    status = answer(command, *request, common, console);
  }
  console.out().close();
  return static_cast<int>(status);
}

}  // namespace p2p::cli
