// p2p-hash: name content by its hash.
#include "cli/command.h"
#include "commands.h"

namespace {

using p2p::Code;
using p2p::Error;
using p2p::fail;
using p2p::Result;
using p2p::cli::Command;
using p2p::cli::Complete;
using p2p::cli::Console;
using p2p::cli::ExitStatus;
using p2p::cli::Option;
using p2p::crypto::HashAlg;
using p2p::hash::Options;
using Report = Options::Report;
namespace multiformats = p2p::multiformats;

std::unexpected<Error> usage(std::string why) {
  return fail(Error(Code::invalid_argument, std::move(why)).with_hint("try 'p2p-hash --help'"));
}

/// What does not go together, in sha256sum's words where it has some.
Result<void> check_options(const Options& o) {
  if (o.style.tag && o.text) return usage("--tag does not support --text mode");
  if (o.cid && o.check) return usage("--cid does not go with --check");
  if (o.cid && o.style.tag) return usage("--cid does not go with --tag");
  if (!o.cid && o.codec) return usage("the --codec option is meaningful only with --cid");
  if (!o.cid && o.hidden) return usage("the --hidden option is meaningful only with --cid");
  if (o.check) {
    if (o.style.tag) return usage("the --tag option is meaningless when verifying checksums");
    if (o.style.zero) {
      return usage("the --zero option is not supported when verifying checksums");
    }
    if (o.style.binary || o.text) {
      return usage("the --binary and --text options are meaningless when verifying checksums");
    }
    return {};
  }
  const char* only = o.ignore_missing             ? "ignore-missing"
                     : o.report == Report::status ? "status"
                     : o.report == Report::warn   ? "warn"
                     : o.strict                   ? "strict"
                                                  : nullptr;
  if (only == nullptr) return {};
  return usage("the --" + std::string(only) +
               " option is meaningful only when verifying checksums");
}

Option report(Options& options, Report chosen, std::string help) {
  Option option;
  option.takes = Option::Takes::nothing;
  option.help = std::move(help);
  option.set = [&options, chosen](std::string_view) -> Result<void> {
    options.report = chosen;
    return {};
  };
  return option;
}

Result<ExitStatus> act(Console& console, Options& options) {
  P2P_CHECK(check_options(options));
  if (options.report == Report::quiet) console.set_quiet();
  if (options.files.empty()) options.files.emplace_back("-");
  if (options.cid) return print_cids(console, options);
  return options.check ? check_checksums(console, options) : print_checksums(console, options);
}

void declare(Command& command, Options& options) {
  command.usage("p2p-hash [OPTION]... [FILE]...")
      .usage("p2p-hash -c [OPTION]... [FILE]...")
      .usage("p2p-hash --cid [OPTION]... [FILE]...")
      .describe(
          "Prints one line a FILE, in sha256sum's format: the hash, or with --cid the content id "
          "that `ipfs add` gives, then the name. Without FILE, or where FILE is -, it reads "
          "standard "
          "input. With -c it reads such lines and checks the files they name.");

  command.choice("-a,--algorithm", "ALG", options.algorithm,
                 {{"sha2-256", HashAlg::sha2_256},
                  {"sha2-512", HashAlg::sha2_512},
                  {"sha3-256", HashAlg::sha3_256},
                  {"keccak-256", HashAlg::keccak_256},
                  {"blake2b-256", HashAlg::blake2b_256}},
                 "hash function");
  command.flag("-r,--recursive", options.recursive, "hash the files in directories")
      .flag("-b,--binary", options.style.binary, "mark names with '*'; nothing else changes")
      .flag("-t,--text", options.text, "mark names with ' ' (as without it)")
      .flag("--tag", options.style.tag, "write lines in BSD style: ALG (NAME) = HASH")
      .flag("-z,--zero", options.style.zero, "end lines with NUL; names are not escaped");

  command.group("Checking")
      .flag("-c,--check", options.check, "read checksums from the FILEs and check them")
      .flag("--ignore-missing", options.ignore_missing, "leave out files that do not exist")
      .option("-q,--quiet",
              report(options, Report::quiet, "no OK for files that match; no progress"))
      .option("--status", report(options, Report::status, "print nothing; the exit status tells"))
      .flag("--strict", options.strict, "answer no for lines that are no checksums, too")
      .option("-w,--warn", report(options, Report::warn, "say which lines are no checksums"));

  command.group("Content ids")
      .flag("--cid", options.cid, "print CIDs instead of hashes")
      .choice("--profile", "P", options.profile,
              {"unixfs-v0-2015", "unixfs-v1-2025", "v0", "v1", "test-cid-v1"},
              "how files are cut into blocks")
      .choice("--codec", "C", options.codec,
              {{"raw", multiformats::Codec::raw},
               {"dag-cbor", multiformats::Codec::dag_cbor},
               {"dag-json", multiformats::Codec::dag_json},
               {"dag-pb", multiformats::Codec::dag_pb},
               {"bitcoin-block", multiformats::Codec::bitcoin_block}},
              "take each FILE as one block of this format")
      .flag("--hidden", options.hidden, "with -r, take files whose names begin with a dot, too");

  command.operands("FILE", options.files, "what to hash; - is standard input", Complete::file);

  command.exit_status(ExitStatus::yes, "every file was read, and every check held")
      .exit_status(ExitStatus::no, "a file could not be read, or a check failed")
      .example("p2p-hash -r src > SUMS && p2p-hash -c --quiet SUMS", "note what is, and see later")
      .example("p2p-hash --cid --profile v1 photo.jpg", "the CID of `ipfs add --cid-version=1`")
      .example("p2p-chain show tip --raw | p2p-hash --cid --codec bitcoin-block",
               "the CID of a block header")
      .feature("algorithms: sha2-256, sha2-512, sha3-256, keccak-256, blake2b-256")
      .feature("profiles: unixfs-v0-2015, unixfs-v1-2025, v0, v1, test-cid-v1")
      .action([&options](Console& console) { return act(console, options); });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  Command command("p2p-hash", "Name content by its hash.");
  declare(command, options);
  return p2p::cli::run(argc, argv, command);
}
