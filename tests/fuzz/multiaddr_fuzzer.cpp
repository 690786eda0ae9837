// LAYERS: p2p_multiformats
// OPTIONS: -max_len=256
// Text and binary form are inverse; canonical text stays as it is and is one printable line.
#include <algorithm>

#include "base/utf8.h"
#include "fuzz/require.h"
#include "multiformats/multiaddr.h"

using namespace p2p;
using namespace p2p::multiformats;

namespace {

void check(const Multiaddr& addr) {
  require(!addr.empty());
  const auto binary = Multiaddr::decode(addr.encode());
  require(binary && *binary == addr);
  const auto text = addr.text();
  require(is_utf8(text) && std::ranges::none_of(as_bytes(text), [](std::uint8_t byte) {
            return byte < 0x20 || byte == 0x7f;
          }));
  const auto parsed = Multiaddr::parse(text);
  require(parsed && *parsed == addr && parsed->text() == text);
  const auto plain = addr.without_peer();
  if (const auto peer = addr.peer()) require(plain.with_peer(*peer).peer() == *peer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto decoded = Multiaddr::decode(input)) {
    require(equal(decoded->encode(), input));
    check(*decoded);
  }
  if (const auto parsed = Multiaddr::parse(as_text(input))) check(*parsed);
  return 0;
}
