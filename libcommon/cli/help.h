// --help, -h, --version and --dump-options, all from the one description of a tool.
#pragma once

#include <string>

#include "cli/parse.h"

namespace p2p::cli {

/// The whole of it: usage, options with defaults, environment, exit status, examples. `brief` (-h)
/// ends after the options. Lines are at most 80 columns where words allow.
std::string help_text(const Request& request, bool brief);

/// "p2p-x (p2p-utils) 0.1.0", then the libraries it was built with, then features, a line each.
std::string version_text(const Command& tool);
/// The same as one line of JSON: {"name":…,"version":…,"libraries":{…},"features":[…]}.
Result<std::string> version_json(const Command& tool);

/// Every option, operand, subcommand, choice and default as one JSON document: what scripts
/// generate completions from and check manuals against.
Result<std::string> dump_json(const Command& tool);

}  // namespace p2p::cli
