// p2p-hash: name content by its hash.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "import_flags.h"
#include "mode.h"

namespace p2p::hash {

std::unexpected<Error> usage(std::string why) {
  return fail(Error(Code::invalid_argument, std::move(why)).with_hint("try 'p2p-hash --help'"));
}

Result<void> only_with(bool given, std::string_view option, std::string_view mode) {
  if (!given) return {};
  return usage("the " + std::string(option) + " option is meaningful only " + std::string(mode));
}

Result<void> not_together(bool both, std::string_view option, std::string_view other) {
  if (!both) return {};
  return usage(std::string(option) + " does not go with " + std::string(other));
}

Result<void> refuse_terminal(const cli::Console& console) {
  if (console.forced() || ::isatty(STDOUT_FILENO) != 1) return {};
  return fail(Error(Code::invalid_argument, "a CAR is binary, and standard output is a terminal")
                  .with_hint("send it to a file or a pipe, or add --force"));
}

namespace {

using cli::Command;
using cli::Complete;
using cli::Console;
using cli::ExitStatus;
using cli::Option;
using multiformats::Multibase;

/// More threads than any machine of today has processors.
constexpr std::uint64_t kMaxJobs = 1024;

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string hash_names() {
  std::string text;
  for (const auto alg : crypto::common_hashes()) text += crypto::name_of(alg) + ", ";
  return text + std::string(crypto::more_hash_names());
}

/// Others call them otherwise: sha256, BLAKE2b.
std::unexpected<Error> unknown_hash(std::string_view name) {
  std::string hint = "--help lists them; also " + std::string(crypto::more_hash_names());
  for (const auto alg : crypto::common_hashes()) {
    if (ascii_lower(content::checksum_tag(alg)) == ascii_lower(name)) {
      hint = "did you mean " + crypto::name_of(alg) + "?";
    }
  }
  return fail(Error(Code::invalid_argument, "'" + std::string(name) + "' is no hash function")
                  .with_hint(std::move(hint)));
}

Option algorithms(Options& options) {
  Option option;
  option.repeats = true;
  option.commas = true;
  option.metavar = "ALG[,ALG]...";
  option.fallback = crypto::name_of(options.algorithm);
  option.help = "hash functions, several in one read of each file; also " +
                std::string(crypto::more_hash_names());
  for (const auto alg : crypto::common_hashes()) option.choices.push_back(crypto::name_of(alg));
  option.set = [&options](std::string_view text) -> Result<void> {
    for (;;) {
      const auto comma = text.find(',');
      const auto name = text.substr(0, comma);
      const auto alg = crypto::hash_by_name(name);
      if (!alg) return unknown_hash(name);
      auto& all = options.algorithms;
      if (std::ranges::find(all, *alg) == all.end()) all.push_back(*alg);
      options.algorithm = all.front();
      if (comma == std::string_view::npos) return {};
      text.remove_prefix(comma + 1);
    }
  };
  return option;
}

std::vector<std::pair<std::string, Multibase>> bases() {
  std::vector<std::pair<std::string, Multibase>> all;
  for (const char prefix : std::string_view("fFbBkKzmMuU")) {
    const auto base = Multibase{prefix};
    all.emplace_back(multiformats::name_of(base), base);
  }
  return all;
}

/// --binary and --text: the last one counts, as to sha256sum.
Option line_mark(Options& options, bool binary) {
  Option option;
  option.takes = Option::Takes::nothing;
  option.help = binary ? "mark names with '*'; nothing else changes"
                       : "mark names with ' ' (as without it)";
  option.set = [&options, binary](std::string_view) -> Result<void> {
    options.style.binary = binary;
    options.text = !binary;
    return {};
  };
  return option;
}

/// After --tag a --text is an error, before it is none, as to sha256sum.
Option tag_option(Options& options) {
  Option option;
  option.takes = Option::Takes::nothing;
  option.help = "write lines in BSD style: ALG (NAME) = HASH";
  option.set = [&options](std::string_view) -> Result<void> {
    options.style.tag = true;
    options.text = false;
    return {};
  };
  return option;
}

void declare(Command& command, Options& options) {
  command.usage("p2p-hash [OPTION]... [FILE]...")
      .usage("p2p-hash -c [OPTION]... [FILE]...")
      .usage("p2p-hash --cid [OPTION]... [FILE]...")
      .describe(
          "Prints one line a FILE, in sha256sum's format: its hash and its name. Without FILE, or "
          "where FILE is -, it reads standard input. With -c it reads such lines and checks the "
          "files that they name.")
      .describe(
          "Some options make it do something else: --cid names files as `ipfs add` does, and --car "
          "keeps the blocks; --torrent makes torrents; --verify checks downloads and archives, "
          "--extract unpacks them; --prove and --check-proof show that bytes belong to a name; "
          "--diff compares folders. Every bare argument is a file.");

  command.option("-a,--algorithm", algorithms(options));
  command.choice("--base", "NAME", options.base, bases(), "how multihashes and CIDs are written");
  command.number("-j,--jobs", "N", options.jobs, {.low = 0, .high = kMaxJobs},
                 "hash on N processors at once; 0 is all there are");
  command.flag("-r,--recursive", options.recursive, "hash the files in directories")
      .option("-b,--binary", line_mark(options, true))
      .option("-t,--text", line_mark(options, false))
      .option("--tag", tag_option(options))
      .flag("-z,--zero", options.style.zero, "end lines with NUL; names are not escaped");

  command.text(
      "-o,--output", "PATH", options.output,
      "where --extract, --prove and --check-proof put what they write; - is standard output",
      Complete::file);
  command.operands("FILE", options.files, "what to hash; - is standard input", Complete::file);

  command.exit_status(ExitStatus::yes, "every file was read, and every check held")
      .exit_status(ExitStatus::no, "a file could not be read, or a check failed")
      .example("p2p-hash -r src > SUMS && p2p-hash -c --quiet SUMS", "note what is, and see later")
      .example("p2p-hash --cid --profile v1 photo.jpg", "the CID of `ipfs add --cid-version=1`")
      .example("p2p-chain show tip --raw | p2p-hash --cid --codec bitcoin-block",
               "the CID of a block header")
      .feature("algorithms: " + hash_names())
      .feature("profiles: " + joined(content::profile_names()));
}

/// Common options that mean nothing to the chosen mode: whoever gave one expects something of it.
Result<void> check_common(const Options& options, const Mode& mode) {
  const auto takes = mode.takes();
  P2P_CHECK(only_with(options.output && !takes.output, "--output",
                      "with --extract, --prove and --check-proof"));
  const auto refuse = [&](bool given, std::string_view option) {
    return not_together(given, option, mode.chosen());
  };
  P2P_CHECK(refuse(!options.algorithms.empty() && !takes.algorithm, "--algorithm"));
  P2P_CHECK(refuse(options.base && !takes.base, "--base"));
  if (takes.line_style) return {};
  P2P_CHECK(refuse(options.style.binary, "--binary"));
  P2P_CHECK(refuse(options.text, "--text"));
  P2P_CHECK(refuse(options.style.tag, "--tag"));
  return refuse(options.style.zero, "--zero");
}

template <std::size_t N>
Result<ExitStatus> act(Console& console, Options& options,
                       const std::array<std::unique_ptr<Mode>, N>& modes) {
  Mode* chosen = nullptr;
  for (const auto& mode : modes) {
    if (mode->chosen().empty()) continue;
    P2P_CHECK(
        not_together(chosen != nullptr, mode->chosen(), chosen == nullptr ? "" : chosen->chosen()));
    chosen = mode.get();
  }
  if (chosen == nullptr) chosen = modes.back().get();
  for (const auto& mode : modes) {
    if (mode.get() != chosen) P2P_CHECK(mode->left_out());
  }
  if (options.style.tag && options.text) return usage("--tag does not support --text mode");
  P2P_CHECK(check_common(options, *chosen));
  if (options.files.empty() && chosen->defaults_to_stdin()) options.files.emplace_back("-");
  if (options.quiet) console.set_quiet();
  return chosen->run(console);
}

}  // namespace

}  // namespace p2p::hash

int main(int argc, char** argv) {
  using namespace p2p::hash;
  Options options;
  ImportFlags import;
  // In the order of --help, but for the last, which is what happens where no other is chosen.
  const std::array modes = {
      check_mode(options, import), cid_mode(options, import), torrent_mode(options),
      verify_mode(options),        extract_mode(options),     prove_mode(options, import),
      check_proof_mode(options),   diff_mode(options),        sums_mode(options)};
  p2p::cli::Command command("p2p-hash", "Name content by its hash.");
  declare(command, options);
  modes.back()->declare(command);  // under the common options
  for (auto mode = modes.begin(); mode + 1 != modes.end(); ++mode) (*mode)->declare(command);
  command.action([&](p2p::cli::Console& console) { return act(console, options, modes); });
  return p2p::cli::run(argc, argv, command);
}
