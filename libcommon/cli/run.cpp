#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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
      console.out().write(common.format == Format::json ? version_json(command)
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

ExitStatus act(const Request& request, const Common& common, Console& console) {
  Result<ExitStatus> status = ExitStatus::error;
  if (auto configured = configure(console, common)) {
    status = request.command().action()(console);
  } else {
    status = fail(std::move(configured).error());
  }
  if (status) return *status;
  console.error(status.error());
  return status_of(status.error());
}

}  // namespace

int run(int argc, char** argv, Command& command) {
  fill_standard_descriptors();
  Console console(command.name());
  Common common;
  declare_common(command, common);
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
