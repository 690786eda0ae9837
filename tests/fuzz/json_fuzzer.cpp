// LAYERS: p2p_codec
// OPTIONS: -max_len=256
// What parses is written and parses again to the same value; any bytes at all make a JSON string.
#include <cstdlib>

#include "codec/json.h"

using namespace p2p;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(ByteView(data, size));

  std::string quoted;
  codec::append_json_string(quoted, text);
  const auto string = codec::parse_json(quoted);
  require(string && string->text());
  std::string again;
  codec::append_json_string(again, *string->text());
  require(again == quoted);
  require(quoted.find('\n') == std::string::npos);

  const auto value = codec::parse_json(text);
  if (!value) return 0;
  std::string written;
  require(codec::append_json(written, *value).has_value());
  const auto reread = codec::parse_json(written);
  require(reread && *reread == *value);
  return 0;
}
