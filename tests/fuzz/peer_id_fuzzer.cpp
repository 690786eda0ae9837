// LAYERS: p2p_multiformats
// OPTIONS: -max_len=256
// Keys and peer ids: a key that decodes has one encoding and one id; an id reads back from its
// bytes, its text and its CID.
#include "fuzz/require.h"
#include "multiformats/cid.h"
#include "multiformats/peer_id.h"

using namespace p2p;
using namespace p2p::multiformats;

namespace {

void check(const PeerId& id) {
  const auto binary = PeerId::from_bytes(id.bytes());
  require(binary && *binary == id);
  const auto text = PeerId::parse(id.text());
  require(text && *text == id);
  const auto hash = Multihash::decode(id.bytes());
  require(hash.has_value());
  const auto cid = PeerId::parse(Cid::v1(Codec::libp2p_key, *hash).text());
  require(cid && *cid == id);
  if (const auto key = id.public_key()) require(id.matches(*key) && PeerId::of(*key) == id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto key = decode_public_key(input)) {
    const auto encoded = encode_public_key(*key);
    require(encoded.size() == size);  // fields in another order, at most
    const auto again = decode_public_key(encoded);
    require(again && *again == *key);
    check(PeerId::of(*key));
  }
  if (const auto key = decode_private_key(input)) {
    const auto again = decode_private_key(encode_private_key(*key));
    require(again && again->seed() == key->seed());
    check(PeerId::of(key->public_key()));
  }
  if (const auto id = PeerId::from_bytes(input)) check(*id);
  if (const auto id = PeerId::parse(as_text(input))) check(*id);
  return 0;
}
