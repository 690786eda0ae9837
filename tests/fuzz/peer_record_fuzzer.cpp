// LAYERS: p2p_libp2p
// OPTIONS: -max_len=400
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
  if (const auto envelope = Envelope::decode(input)) {
    const Bytes encoded = envelope->encode();
    const auto again = Envelope::decode(encoded);
    require(again && again->encode() == encoded && again->payload == envelope->payload);
  }
  // Signing and verifying take far longer than all the rest.
  if (!one_in(64, input)) return 0;
  static_cast<void>(PeerRecord::open(input));
  // An envelope that opens was signed by the key in it, so it survives re-encoding.
  if (const auto envelope = Envelope::open(input, libp2p::kPeerRecordDomain)) {
    require(Envelope::open(envelope->encode(), libp2p::kPeerRecordDomain).has_value());
    require(!Envelope::open(envelope->encode(), "another-domain").has_value());
  }
  if (size > libp2p::kMaxEnvelope / 2) return 0;
  static const auto key = crypto::SigningKey::from_seed({});
  const Bytes sealed =
      Envelope::seal(key, "fuzz", libp2p::kPeerRecordType, to_bytes(input)).encode();
  const auto opened = Envelope::open(sealed, "fuzz");
  require(opened && equal(opened->payload, input) && opened->key == key.public_key());
  return 0;
}
