// LAYERS: p2p_libp2p
// OPTIONS: -max_len=300
// The payload of Noise's handshake messages: what decodes is the same after encoding.
#include "fuzz/require.h"
#include "libp2p/secure.h"

using namespace p2p;
using libp2p::NoisePayload;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto payload = NoisePayload::decode(ByteView(data, size));
  if (!payload) return 0;
  const Bytes encoded = payload->encode();
  const auto again = NoisePayload::decode(encoded);
  require(again.has_value());
  require(again->identity_key == payload->identity_key);
  require(again->identity_sig == payload->identity_sig);
  require(again->muxers == payload->muxers);
  require(again->encode() == encoded);
  return 0;
}
