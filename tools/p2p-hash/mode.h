// A mode: one thing that p2p-hash does, with its options. Modes are chosen by options, never by
// subcommands: every bare argument is a file, as in sha256sum, even one called `verify`.
//
// To add one: a file that defines a class derived from Mode and a function that makes it, the
// function's line below, and its place in main.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/console.h"
#include "options.h"

namespace p2p::hash {

class ImportFlags;

class Mode {
 public:
  virtual ~Mode() = default;

  /// Declares its options. The mode outlives the command.
  virtual void declare(cli::Command& command) = 0;
  /// The option that chose it, such as "--check"; empty where none did.
  virtual std::string_view chosen() const = 0;
  /// Called instead of run() where another mode was chosen: an error where options were given that
  /// mean nothing there.
  virtual Result<void> left_out() const { return {}; }
  /// Whether no FILE at all means standard input.
  virtual bool defaults_to_stdin() const { return true; }
  /// Which of the common options mean something to it; others are refused where they are given.
  struct Takes {
    bool algorithm = false;
    bool base = false;
    bool line_style = false;  ///< --binary, --text, --tag and --zero
    bool output = false;
  };
  virtual Takes takes() const { return {}; }
  virtual Result<cli::ExitStatus> run(cli::Console& console) = 0;
};

/// What does not go together.
std::unexpected<Error> usage(std::string why);
/// "the --codec option is meaningful only with --cid", where it was given.
Result<void> only_with(bool given, std::string_view option, std::string_view mode);
/// "--codec does not go with --wrap-with-directory", where both were given.
Result<void> not_together(bool both, std::string_view option, std::string_view other);

/// Code::invalid_argument where standard output is a terminal, which binary would fill, unless the
/// user insists.
Result<void> refuse_terminal(const cli::Console& console);

/// The default: one line a file, its digest and name.
std::unique_ptr<Mode> sums_mode(const Options& options);
/// -c: reads such lines and checks them.
std::unique_ptr<Mode> check_mode(Options& options, const ImportFlags& import);
/// --cid: content ids.
std::unique_ptr<Mode> cid_mode(Options& options, ImportFlags& import);
/// --diff: what differs between two trees of files.
std::unique_ptr<Mode> diff_mode(const Options& options);
/// --torrent: torrents made of files; --magnet: links to torrents.
std::unique_ptr<Mode> torrent_mode(const Options& options);
/// --verify: content against the torrent or CAR that names it.
std::unique_ptr<Mode> verify_mode(const Options& options);
/// --extract: files and folders out of a CAR.
std::unique_ptr<Mode> extract_mode(const Options& options);
/// --prove: that a range of bytes belongs to a file's name.
std::unique_ptr<Mode> prove_mode(Options& options, const ImportFlags& import);
/// --check-proof: the other side of it.
std::unique_ptr<Mode> check_proof_mode(const Options& options);

}  // namespace p2p::hash
