// LAYERS: p2p_base
// OPTIONS: -max_len=32
// A varint that is read is written in the same bytes, and a cut one never reads as another.
#include "base/endian.h"
#include "base/varint.h"
#include "fuzz/require.h"

using namespace p2p;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto whole = peek_varint(input);
  if (whole && *whole) {
    const auto& varint = **whole;
    Bytes again;
    append_varint(again, varint.value);
    require(equal(again, input.first(varint.size)));
    require(varint_size(varint.value) == varint.size && varint.size <= kMaxVarintSize);
  }
  for (std::size_t cut = 0; cut < std::min<std::size_t>(size, 12); ++cut) {
    const auto part = peek_varint(input.first(cut));
    if (!part) require(!whole);
    if (part && *part) require(whole && *whole && (*whole)->size == (*part)->size);
  }
  ByteView rest = input;
  const auto value = read_varint(rest);
  require(value.has_value() == (whole && *whole));
  require(value ? rest.size() + (*whole)->size == size : rest.size() == size);
  if (size >= 8) {
    const auto number = load_be<std::uint64_t>(data) >> 1;
    Bytes written;
    append_varint(written, number);
    const auto read = peek_varint(written);
    require(read && *read && (*read)->value == number && (*read)->size == written.size());
  }
  return 0;
}
