// LAYERS: p2p_record
// OPTIONS: -max_len=256 -entropic=0
// Records: any split of the input reads the same, and what was read is written and read again in
// every format.
#include <algorithm>

#include "base/utf8.h"
#include "fuzz/require.h"
#include "record/reader.h"

using namespace p2p;
using namespace p2p::record;

namespace {

struct Outcome {
  std::vector<Record> records;
  std::optional<Code> error;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void drain(Reader& reader, Outcome& outcome) {
  while (!outcome.error) {
    auto record = reader.next();
    if (!record) {
      outcome.error = record.error().code;
    } else if (!*record) {
      return;
    } else {
      outcome.records.push_back(std::move(**record));
    }
  }
}

Outcome read(ByteView input, std::size_t piece, const char* text_type) {
  Reader reader(text_type);
  Outcome outcome;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    reader.feed(input.subspan(at, std::min(piece, input.size() - at)));
    drain(reader, outcome);
  }
  reader.end();
  drain(reader, outcome);
  return outcome;
}

void check(const Record& record) {
  const auto item = cbor_item(record);
  require(read(item, item.size(), "peer") == Outcome{{record}, std::nullopt});

  // What no schema knows may come back as text from JSON, such as large integers; it is written
  // the same.
  const auto line = json_line(record);
  require(std::ranges::count(line, '\n') == 1);
  const auto again = read(as_bytes(line), line.size(), "peer");
  require(again.records.size() == 1 && !again.error);
  require(json_line(again.records[0]) == line);

  const auto text = text_line(record);
  require(is_utf8(text) && text.ends_with('\n'));
  require(std::ranges::none_of(as_bytes(text).first(text.size() - 1), [](std::uint8_t byte) {
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto* text_type = size % 2 == 0 ? "peer" : "message";
  const auto whole = read(input, size + 1, text_type);
  // One other split and one record an input: which, depends on its size, which mutation varies.
  constexpr std::size_t kPieces[] = {1, 3, 16};
  require(read(input, kPieces[size % 3], text_type) == whole);
  if (!whole.records.empty()) check(whole.records[size % whole.records.size()]);
  return 0;
}
