// LAYERS: p2p_base
// OPTIONS: -max_len=96
// Every base gives every byte string back, and what decodes is the one text of its value.
#include "base/basen.h"
#include "fuzz/require.h"

using namespace p2p;

namespace {

template <class Encode, class Decode>
void inverse(ByteView input, const Encode& encode, const Decode& decode) {
  const auto bytes = decode(encode(input));
  require(bytes && equal(*bytes, input));
  const auto decoded = decode(as_text(input));
  if (decoded) require(encode(*decoded) == as_text(input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Short enough that the longest text, in base 36, stays within its decoder's bound.
  const ByteView input(data, std::min<std::size_t>(size, 600));
  inverse(input, base32_encode, base32_decode);
  inverse(input, base36_encode, base36_decode);
  inverse(input, base58_encode, base58_decode);
  for (const auto form :
       {Base64::standard, Base64::standard_padded, Base64::url, Base64::url_padded}) {
    inverse(
        input, [=](ByteView bytes) { return base64_encode(bytes, form); },
        [=](std::string_view text) { return base64_decode(text, form); });
  }
  const auto hex = hex_decode(hex_encode(input));
  require(hex && equal(*hex, input));
  if (const auto decoded = hex_decode(as_text(input))) {
    require(hex_decode(hex_encode(*decoded)) == *decoded);  // either case is read
  }
  return 0;
}
