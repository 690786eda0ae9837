#include "report.h"

#include "base/utf8.h"
#include "quote.h"

namespace p2p::hash {

namespace {

/// As long as paths can be; names in archives can have megabytes.
constexpr std::size_t kMaxShown = 4096;

std::string shown(const std::string& name) {
  return name.size() <= kMaxShown ? name : name.substr(0, kMaxShown) + "...";
}

}  // namespace

void complain(cli::Console& console, const std::string& name, const Error& error) {
  console.message(console.tool() + ": " + shell_quote(shown(name)) + ": " + error.message());
  if (console.format() == record::Format::text) return;
  Error whole = error;
  console.print(record::record_of(std::move(whole).during("read", name)));
}

void set_path(record::Record& record, const std::string& name) {
  record.set("path", repair_utf8(name));
  if (!is_utf8(name)) record.set("path_raw", as_bytes(name));
}

}  // namespace p2p::hash
