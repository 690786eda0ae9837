// LAYERS: p2p_libp2p
// Signed envelopes and peer records: nothing unsigned opens, what is sealed opens unchanged.
#include "fuzz/require.h"
#include "libp2p/peer_record.h"

using namespace p2p;
using libp2p::Envelope;
using libp2p::PeerRecord;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto record = PeerRecord::decode(input)) {
    const Bytes encoded = record->encode();
    const auto again = PeerRecord::decode(encoded);
    require(again && again->peer == record->peer && again->seq == record->seq);
    require(again->addrs == record->addrs && again->encode() == encoded);
  }
  // An envelope that opens was signed by the key in it, so it survives re-encoding.
  if (const auto envelope = Envelope::open(input, libp2p::kPeerRecordDomain)) {
    require(Envelope::open(envelope->encode(), libp2p::kPeerRecordDomain).has_value());
    require(!Envelope::open(envelope->encode(), "another-domain").has_value());
  }
  // Signing takes longer than all the rest: one input in sixteen is enough.
  if (size == 0 || data[0] % 16 != 0 || size > libp2p::kMaxEnvelope / 2) return 0;
  std::array<std::uint8_t, 32> seed{};
  const auto key = crypto::SigningKey::from_seed(seed);
  const Bytes sealed =
      Envelope::seal(key, "fuzz", libp2p::kPeerRecordType, to_bytes(input)).encode();
  const auto opened = Envelope::open(sealed, "fuzz");
  require(opened && equal(opened->payload, input) && opened->key == key.public_key());
  return 0;
}
