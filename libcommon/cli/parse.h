// argv to values, over CLI11, whose habits are repaired here (CLI11 2.1.2): usage errors that exit
// with 103 to 114, `--x=` that eats the next argument, `--flag=no`, `[a,b]` that splits an operand,
// `-5` as an operand, values that are converted loosely. So argv is read against the description
// first, CLI11 gets only unambiguous words, and converting is left to the options' own setters.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace p2p::cli {

/// What the command line asks for.
struct Request {
  enum class Kind { act, help, short_help, version, dump_options };
  Kind kind = Kind::act;
  /// The command and the chosen subcommands, outermost first; never empty.
  std::vector<const Command*> path;

  const Command& command() const { return *path.back(); }
  /// "p2p-chain key new"
  std::string name() const;
};

/// Parses and stores through the setters. Errors are Code::invalid_argument with a hint. Help and
/// its like win over what is missing, but not over what is wrong before them.
Result<Request> parse(const std::vector<std::string>& args, const Command& command);

/// The words of `known` that `typed` may have been meant as, the likeliest only; empty if none is
/// near.
std::string nearest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace p2p::cli
