#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/out_of_memory.h"
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

using Color = ConsoleOptions::Color;

const std::vector<std::pair<std::string, Format>> kFormats = {
    {"text", Format::text}, {"json", Format::json}, {"cbor", Format::cbor}};

/// What every tool understands.
struct Common {
  std::optional<Format> format;
  bool force = false;
  bool quiet = false;
  Color color = Color::automatic;
  bool asked = false;  // help, version, dump: the parser's business
};

/// Declares what `command` has not declared itself.
void declare_common(Command& command, Common& common) {
  const auto names = [&command](char letter, const std::string& name) {
    const bool taken = command.has("", letter);
    return taken ? "--" + name : std::string("-") + letter + ",--" + name;
  };
  const auto format_flag = [&common](Format format) {
    Option option;
    option.takes = Option::Takes::nothing;
    option.help = std::string("same as --format ") + (format == Format::json ? "json" : "cbor");
    option.set = [&common, format](std::string_view) -> Result<void> {
      common.format = format;
      return {};
    };
    return option;
  };
  command.group("Output")
      .choice("--format", "FORMAT", common.format, kFormats, "how records are written")
      .option("--json", format_flag(Format::json))
      .option("--cbor", format_flag(Format::cbor));
  if (!command.has("force", 0)) {
    command.flag("--force", common.force, "write CBOR to a terminal too");
  }
  if (!command.has("quiet", 0)) {
    command.flag(names('q', "quiet"), common.quiet, "no progress, no remarks");
  }
  command.choice("--color", "WHEN", common.color,
                 {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}},
                 "when to use colour");
  command.group("Help")
      .flag(names('h', "help"), common.asked, "explain and exit; -h in short")
      .flag(names('V', "version"), common.asked, "name version, libraries, features, and exit")
      .flag("--dump-options", common.asked, "every option as JSON, and exit")
      .hidden();
  command.environment("P2P_FORMAT", "the format when no option names one")
      .environment("NO_COLOR", "if not empty, no colour, unless --color says otherwise");
}

/// What P2P_FORMAT names; it yields to options.
Result<std::optional<Format>> format_of_environment() {
  const char* wanted = std::getenv("P2P_FORMAT");
  if (wanted == nullptr || *wanted == 0) return std::nullopt;
  for (const auto& [name, format] : kFormats) {
    if (name == wanted) return format;
  }
  return fail(Code::invalid_argument, "read", "P2P_FORMAT",
              "'" + std::string(wanted) + "' is none of: text, json, cbor");
}

/// Settles the format, and refuses to fill a terminal with binary.
Result<void> configure(Console& console, const Common& common) {
  ConsoleOptions options;
  options.quiet = common.quiet;
  options.force = common.force;
  options.color = common.color;
  if (common.format) {
    options.format = *common.format;
  } else {
    P2P_TRY(const auto format, format_of_environment());
    options.format = format.value_or(Format::text);
  }
  if (options.format == Format::cbor && !common.force && ::isatty(STDOUT_FILENO) == 1) {
    return fail(Error(Code::invalid_argument, "CBOR is binary, and standard output is a terminal")
                    .with_hint("send it to a file or a pipe, or add --force"));
  }
  console.configure(options);
  return {};
}

/// What help and its like print.
Result<std::string> explain(const Command& tool, const Request& request, const Common& common) {
  switch (request.kind) {
    case Request::Kind::help:
      return help_text(request, false);
    case Request::Kind::short_help:
      return help_text(request, true);
    case Request::Kind::version:
      if (common.format == Format::json) return version_json(tool);
      return version_text(tool);
    case Request::Kind::dump_options:
      return dump_json(tool);
    case Request::Kind::act:
      break;
  }
  return std::string();
}

Result<ExitStatus> obey(const std::vector<std::string>& args, const Command& tool,
                        const Common& common, Console& console) {
  P2P_TRY(const auto request, parse(args, tool));
  if (request.kind == Request::Kind::act) {
    P2P_CHECK(configure(console, common));
    return request.command().action()(console);
  }
  P2P_TRY(const auto text, explain(tool, request, common));
  console.out().write(text);
  return ExitStatus::yes;
}

}  // namespace

int run(int argc, char** argv, Command& command) {
  fill_standard_descriptors();
  name_in_out_of_memory(command.name());
  Console console(command.name());
  Common common;
  declare_common(command, common);
  const auto status = obey({argv + std::min(argc, 1), argv + argc}, command, common, console);
  if (!status) console.error(status.error());
  console.out().close();
  return static_cast<int>(status ? *status : status_of(status.error()));
}

}  // namespace p2p::cli
