// LAYERS: p2p_codec
// OPTIONS: -max_len=256
// A sequence that arrives in pieces is split as when it arrives whole; the reader and the scanner
// agree on where an item ends.
#include <cstdlib>

#include "codec/cbor.h"

using namespace p2p;

namespace {

constexpr std::size_t kMaxItem = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto whole = codec::cbor_item_size(input, kMaxItem);

  // The same bytes one by one. A longer input can only be refused earlier, never read differently.
  codec::CborScanner scanner(kMaxItem);
  for (std::size_t end = 0; end <= size; ++end) {
    const auto part = scanner.scan(input.first(end));
    if (!part) {
      require(!whole && part.error().code == whole.error().code);
      break;
    }
    if (*part) {
      require(whole && *whole == **part && **part == end);
      break;
    }
    if (end == size) require(whole && !*whole);
  }

  codec::CborReader skipper(input);
  const bool skipped = skipper.skip().has_value();
  if (whole) require(skipped == whole->has_value());
  if (skipped && whole) require(skipper.offset() == **whole);

  // Token by token: minimal definite tokens are written back to the same bytes.
  codec::CborReader reader(input);
  while (!reader.at_end()) {
    const auto start = reader.offset();
    const auto token = reader.next();
    if (!token) break;
    require(token->offset == start && reader.offset() == start + token->size && token->size > 0);
    if (token->indefinite || !token->minimal()) continue;
    using Kind = codec::CborToken::Kind;
    Bytes again;
    codec::CborWriter writer(again);
    switch (token->kind) {
      case Kind::unsigned_integer:
        writer.integer(token->value);
        break;
      case Kind::negative_integer:
        writer.negative(token->value);
        break;
      case Kind::bytes:
        writer.bytes(token->bytes);
        break;
      case Kind::text:
        writer.text(token->text());
        break;
      case Kind::array:
        writer.array(token->value);
        break;
      case Kind::map:
        writer.map(token->value);
        break;
      case Kind::tag:
        writer.tag(token->value);
        break;
      case Kind::boolean:
        writer.boolean(token->value != 0);
        break;
      case Kind::null:
        writer.null();
        break;
      default:
        continue;
    }
    require(equal(again, input.subspan(start, token->size)));
  }
  return 0;
}
