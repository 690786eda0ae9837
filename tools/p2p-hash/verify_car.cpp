#include "verify_car.h"

#include "base/utf8.h"
#include "content/checksum_line.h"
#include "files/car_check.h"
#include "meter.h"
#include "quote.h"
#include "report.h"

namespace p2p::hash {

namespace {

Result<files::CarSummary> check(cli::Console& console, const Options& options,
                                crypto::Random& random, const std::string& name) {
  P2P_TRY(auto file, files::File::open_operand(name));
  Meter meter(console);
  meter.flush();
  meter.begin(name, file.regular() ? std::optional(file.size()) : std::nullopt);
  return files::check_car(file, options.threads(), random,
                          [&](std::uint64_t bytes) { meter.advance(bytes); });
}

void report(cli::Console& console, const std::string& name, const Error* why) {
  if (why == nullptr && console.quiet()) return;
  if (console.format() != record::Format::text) {
    record::Record record("verdict");
    record.set("subject", repair_utf8(name)).set("ok", why == nullptr);
    if (why != nullptr) record.set("cause", why->why);
    return console.print(record);
  }
  // As -c has it: only a newline would make two lines of one.
  const bool escape = name.find('\n') != std::string::npos;
  const std::string shown = escape ? "\\" + content::escape_name(name) : name;
  console.out().write(shown + (why == nullptr ? ": OK\n" : ": FAILED\n"));
}

}  // namespace

Result<cli::ExitStatus> verify_cars(cli::Console& console, const Options& options,
                                    const std::vector<std::string>& names) {
  const auto random = crypto::system_random();
  bool all = true;
  for (const auto& name : names) {
    const auto summary = check(console, options, *random, name);
    if (!summary) {
      // Only what happens to a temporary file says what was being done.
      if (!summary.error().doing.empty()) return fail(summary.error());
      all = false;
      report(console, name, &summary.error());
      console.message(console.tool() + ": " + shell_quote(name) + ": " + summary.error().message());
      continue;
    }
    for (const auto codec : summary->opaque) {
      console.warn(name + ": links in blocks of codec " + multiformats::name_of(codec) +
                   " are not followed");
    }
    report(console, name, nullptr);
  }
  return all ? cli::ExitStatus::yes : cli::ExitStatus::no;
}

}  // namespace p2p::hash
