#include "report.h"

#include "base/utf8.h"
#include "quote.h"

namespace p2p::hash {

void complain(cli::Console& console, const std::string& name, const Error& error) {
  console.message(console.tool() + ": " + shell_quote(name) + ": " + error.message());
  if (console.format() == record::Format::text) return;
  Error whole = error;
  console.print(record::record_of(std::move(whole).during("read", name)));
}

void set_path(record::Record& record, const std::string& name) {
  record.set("path", repair_utf8(name));
  if (!is_utf8(name)) record.set("path_raw", as_bytes(name));
}

}  // namespace p2p::hash
