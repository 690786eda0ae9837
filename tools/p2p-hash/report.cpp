#include "report.h"

#include "base/utf8.h"
#include "content/checksum_line.h"
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

void say_word(cli::Console& console, const std::string& name, std::string_view word) {
  const bool escape = name.find('\n') != std::string::npos;
  const std::string shown = escape ? "\\" + content::escape_name(name) : name;
  console.out().write(shown + ": " + std::string(word) + "\n");
}

void say_verdict(cli::Console& console, const std::string& name, const Error* why) {
  if (why == nullptr && console.quiet()) return;
  if (console.format() == record::Format::text) {
    return say_word(console, name, why == nullptr ? "OK" : "FAILED");
  }
  record::Record record("verdict");
  record.set("subject", repair_utf8(name)).set("ok", why == nullptr);
  if (why != nullptr) record.set("cause", why->why);
  console.print(record);
}

void set_path(record::Record& record, const std::string& name) {
  record.set("path", repair_utf8(name));
  if (!is_utf8(name)) record.set("path_raw", as_bytes(name));
}

}  // namespace p2p::hash
