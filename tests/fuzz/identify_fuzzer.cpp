// LAYERS: p2p_libp2p
// OPTIONS: -max_len=500
// Identify messages: encoding inverts decoding, merging is concatenation, and what is sent fits.
#include "fuzz/require.h"
#include "libp2p/identify.h"

using namespace p2p;
using libp2p::IdentifyMessage;

namespace {

crypto::SigningKey test_key() {
  std::array<std::uint8_t, 32> seed{};
  return crypto::SigningKey::from_seed(seed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto message = IdentifyMessage::decode(input);
  if (!message) return 0;
  const Bytes encoded = message->encode();
  const auto again = IdentifyMessage::decode(encoded);
  require(again && again->encode() == encoded);

  Bytes doubled = encoded;
  append(doubled, encoded);
  const auto joined = IdentifyMessage::decode(doubled);
  IdentifyMessage merged = *message;
  merged.merge(*message);
  require(joined && joined->encode() == merged.encode());

  static const auto key = test_key().public_key();  // keys are slow
  libp2p::Identity identity;
  // A signature takes longer to check than all the rest.
  const bool apply = !message->signed_record || one_in(32, input);
  if (apply && message->apply_to(identity, key)) {
    require(identity.peer == libp2p::PeerId::of(key));
    require(identity.protocols.size() <= libp2p::kMaxPeerProtocols);
    require(identity.listen_addrs.size() <= libp2p::kMaxPeerAddrs);
    libp2p::Identity same = identity;
    require(message->apply_to(same, key).has_value());
    require(same.listen_addrs == identity.listen_addrs && same.agent == identity.agent);
  }

  IdentifyMessage sent;
  for (const auto& part : libp2p::split_for_sending(*message)) {
    const auto decoded = IdentifyMessage::decode(part);
    require(decoded.has_value());
    sent.merge(*decoded);
  }
  require(sent.protocols == message->protocols);
  require(sent.signed_record == message->signed_record);
  return 0;
}
