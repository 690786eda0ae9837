// p2p-chain's subcommands: one file each, which declares itself and acts.
#pragma once

#include <filesystem>
#include <string>

#include "cli/app.h"
#include "cli/command.h"
#include "cli/files.h"

namespace p2p::chaintool {

/// What every subcommand is told.
struct Options {
  std::string dir = ".";

  std::filesystem::path path() const { return dir; }
};

void add_key(cli::Command& tool);
void add_init(cli::Command& tool, const Options& options);
void add_mine(cli::Command& tool, const Options& options);
void add_submit(cli::Command& tool, const Options& options);
void add_tip(cli::Command& tool, const Options& options);
void add_log(cli::Command& tool, const Options& options);
void add_show(cli::Command& tool, const Options& options);
void add_balance(cli::Command& tool, const Options& options);
void add_verify(cli::Command& tool, const Options& options);
void add_export(cli::Command& tool, const Options& options);
void add_apply(cli::Command& tool, const Options& options);
void add_node(cli::Command& tool, const Options& options);
void add_peer(cli::Command& tool, const Options& options);

}  // namespace p2p::chaintool
