// verify: recheck everything from genesis.
#include "chain/manager/verify.h"

#include "commands.h"
#include "record/record.h"

namespace p2p::chaintool {

namespace {

using cli::ExitStatus;

Result<ExitStatus> verify(cli::Console& console, const Options& options) {
  auto store = chain::Store::open(options.path());
  const auto report = store ? chain::verify_store(*store) : fail(store.error());
  record::Record verdict("verdict");
  // A store that cannot be opened does not tell its chain's name.
  verdict.set("subject", store ? store->params().spec().name : options.dir)
      .set("ok", report.has_value());
  if (!report) {
    const Error& error = report.error();
    if (error.code != Code::corrupt && error.code != Code::rejected) return fail(error);
    verdict.set("cause", error.message());
    console.print(verdict);
    return ExitStatus::no;
  }
  console.print(verdict);
  const auto count = [](std::uint64_t n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  console.note("checked " + count(report->blocks, "block") + " of " +
               count(report->headers, "header") + ", " +
               count(report->transactions, "transaction") + ", " +
               count(report->accounts, "account") + "; " + count(report->waiting, "transaction") +
               " waiting");
  return ExitStatus::yes;
}

}  // namespace

void add_verify(cli::Command& tool, const Options& options) {
  auto& command = tool.subcommand("verify", "recheck everything from genesis");
  command.usage("p2p-chain [--dir DIR] verify")
      .describe(
          "Checks every header, transaction and signature again, and that the blocks give the very "
          "accounts that are stored.")
      .exit_status(ExitStatus::yes, "all is well")
      .exit_status(ExitStatus::no, "something is wrong; the line says what")
      .action([&options](cli::Console& console) { return verify(console, options); });
}

}  // namespace p2p::chaintool
