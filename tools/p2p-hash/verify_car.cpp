#include "verify_car.h"

#include "files/car_check.h"
#include "meter.h"
#include "quote.h"
#include "report.h"

namespace p2p::hash {

namespace {

Result<files::CarSummary> check(cli::Console& console, const Options& options,
                                crypto::Random& random, const std::string& name,
                                Result<files::File> opened) {
  P2P_TRY(auto file, std::move(opened));
  Meter meter(console);
  meter.flush();
  meter.begin(name, file.regular() ? std::optional(file.size()) : std::nullopt);
  return files::check_car(file, options.threads(), random,
                          [&](std::uint64_t bytes) { meter.advance(bytes); });
}

}  // namespace

Result<cli::ExitStatus> verify_cars(cli::Console& console, const Options& options,
                                    const std::vector<std::string>& names,
                                    Result<files::File> first) {
  const auto random = crypto::system_random();
  bool all = true;
  for (const auto& name : names) {
    auto opened = &name == &names.front() ? std::move(first) : files::File::open_operand(name);
    const auto summary = check(console, options, *random, name, std::move(opened));
    if (!summary) {
      // Only what happens to a temporary file says what was being done.
      if (!summary.error().doing.empty()) return fail(summary.error());
      all = false;
      say_verdict(console, name, &summary.error());
      console.message(console.tool() + ": " + shell_quote(name) + ": " + summary.error().message());
      continue;
    }
    for (const auto codec : summary->opaque) {
      console.warn(name + ": links in blocks of codec " + multiformats::name_of(codec) +
                   " are not followed");
    }
    say_verdict(console, name, nullptr);
  }
  return all ? cli::ExitStatus::yes : cli::ExitStatus::no;
}

}  // namespace p2p::hash
