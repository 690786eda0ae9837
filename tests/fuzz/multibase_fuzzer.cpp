// LAYERS: p2p_multiformats
// OPTIONS: -max_len=256
// What decodes is, letters' case aside, the text that encoding writes.
#include "fuzz/require.h"
#include "multiformats/multibase.h"

using namespace p2p;
using namespace p2p::multiformats;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(ByteView(data, size));
  const auto decoded = multibase_decode(text);
  if (!decoded) return 0;
  const auto again = multibase_encode(decoded->base, decoded->bytes);
  require(again.size() == text.size());
  const auto reread = multibase_decode(again);
  require(reread && reread->base == decoded->base && reread->bytes == decoded->bytes);
  const bool one_case =
      name_of(decoded->base).starts_with("base64") || decoded->base == Multibase::base58btc;
  if (one_case) require(again == text);
  return 0;
}
