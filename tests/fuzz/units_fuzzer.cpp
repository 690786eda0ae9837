// LAYERS: p2p_base
// OPTIONS: -max_len=64
// Durations, sizes, IP addresses and UTF-8: what is read and written again reads the same.
#include "base/ip_text.h"
#include "base/units.h"
#include "base/utf8.h"
#include "fuzz/require.h"

using namespace p2p;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(ByteView(data, size));
  if (const auto duration = parse_duration(text)) {
    const auto written = format_duration(*duration);
    const auto again = parse_duration(written);
    require(again && *again == *duration && written.size() <= text.size());
  }
  if (const auto bytes = parse_size(text)) {
    require(*bytes >> 63 == 0);
    require(!format_size(*bytes).empty());
  }
  if (const auto number = parse_number(text, 0, ~std::uint64_t{0})) {
    require(std::to_string(*number) == text);
  }
  if (const auto ip = parse_ip4(text)) require(format_ip4(*ip) == text);
  if (const auto ip = parse_ip6(text)) {
    const auto again = parse_ip6(format_ip6(*ip));
    require(again && *again == *ip);
  }
  if (size >= 16) {
    const auto ip = ByteView(data, size).first<16>();
    const auto again = parse_ip6(format_ip6(ip));
    require(again && equal(*again, ip));
  }
  const auto repaired = repair_utf8(text);
  require(is_utf8(repaired));
  require(is_utf8(text) == (repaired == text));
  return 0;
}
