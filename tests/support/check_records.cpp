// p2p-check-records: whether what a tool printed with --json or --cbor is exactly what the schema
// says.
//
// Reads JSON Lines or a CBOR Sequence from standard input. Every record must be of a known type,
// keep its schema, and be written as record/writer.h writes it. Exits 0, or 1 with the first fault
// on standard error; 2 where the input is neither. Arguments are record types: then there must be
// at least one of each, and none of others. No input is a fault: what printed nothing proves
// nothing.
// `--docs` prints the types' part of docs/records.md.
#include <cstdio>
#include <set>
#include <string>

#include "record/reader.h"
#include "record/schema.h"

namespace {

using namespace p2p;
using namespace p2p::record;

Bytes read_all(std::FILE* file) {
  Bytes all;
  Bytes chunk(65536);
  while (const auto size = std::fread(chunk.data(), 1, chunk.size(), file)) {
    append(all, ByteView(chunk).first(size));
  }
  return all;
}

/// The size of the first line or item.
Result<std::size_t> first_size(ByteView in, Format format) {
  if (format == Format::json) {
    const auto newline = as_text(in).find('\n');
    if (newline == std::string_view::npos) return fail(Code::parse, "last line has no end");
    return newline + 1;
  }
  P2P_TRY(const auto size, codec::cbor_item_size(in, kMaxItemSize));
  if (!size) return fail(Code::parse, "last item is cut short");
  return *size;
}

Result<Record> check_one(ByteView encoded, Format format) {
  Reader reader("error");
  reader.feed(encoded);
  reader.end();
  P2P_TRY(auto record, reader.next());
  if (!record) return fail(Code::parse, "blank line");
  P2P_CHECK(check(*record));
  Bytes again;
  write(*record, format, again);
  if (!equal(again, encoded)) {
    return fail(Code::mismatch, "not as the writer writes it: " + json_line(*record));
  }
  return std::move(*record);
}

Result<void> check_all(ByteView in, Format format, const std::set<std::string>& wanted) {
  if (in.empty()) return fail(Code::not_found, "no record at all");
  std::set<std::string> seen;
  for (std::size_t number = 1; !in.empty(); ++number) {
    const auto size = first_size(in, format);
    auto record = size ? check_one(in.first(*size), format) : fail(size.error());
    if (!record) {
      return fail(record.error().code,
                  "record " + std::to_string(number) + ": " + record.error().message());
    }
    if (!wanted.empty() && !wanted.contains(record->type())) {
      return fail(Code::mismatch,
                  "record " + std::to_string(number) + " is of type " + record->type());
    }
    seen.insert(record->type());
    in = in.subspan(*size);
  }
  for (const auto& type : wanted) {
    if (!seen.contains(type)) return fail(Code::not_found, "no record of type " + type);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::set<std::string> arguments(argv + 1, argv + argc);
  if (arguments.contains("--docs")) {
    std::fputs(schema_markdown().c_str(), stdout);
    return 0;
  }
  const auto input = read_all(stdin);
  const bool json = !input.empty() && input[0] == '{';
  const bool cbor = !input.empty() && input[0] >= 0xa0 && input[0] <= 0xbf;
  if (!json && !cbor && !input.empty()) {
    std::fputs("p2p-check-records: neither JSON Lines nor a CBOR Sequence\n", stderr);
    return 2;
  }
  const auto checked = check_all(input, cbor ? Format::cbor : Format::json, arguments);
  if (checked) return 0;
  std::fprintf(stderr, "p2p-check-records: %s\n", checked.error().message().c_str());
  return 1;
}
