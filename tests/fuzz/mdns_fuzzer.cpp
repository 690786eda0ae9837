// LAYERS: p2p_mdns
// OPTIONS: -max_len=512
// A datagram from anyone on the network: what decodes, encodes to something that decodes to the
// same; and the discovery machine takes it without harm, staying within its bounds.
#include <array>

#include "fuzz/require.h"
#include "libp2p/mdns/mdns.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

multiformats::PeerId own_id() {
  std::array<std::uint8_t, 32> seed{};
  return multiformats::PeerId::of(crypto::SigningKey::from_seed(seed).public_key());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto message = mdns::decode(input);
  if (message) {
    const auto encoded = mdns::encode(*message);
    // Expanding names that were compressed better than ours can pass the bound.
    require(encoded || encoded.error().code == Code::limit);
    if (encoded) {
      const auto again = mdns::decode(*encoded);
      require(again.has_value());
      require(*again == *message);
      require(mdns::encode(*again).value() == *encoded);
    }
  }

  // What does not decode is ignored, and that is quickly seen.
  if (!message && !one_in(16, input)) return 0;
  crypto::SeededRandom random(1);
  Time now{std::chrono::hours(1)};
  mdns::Mdns machine(mdns::Config(), random, now);
  static const auto self = own_id();  // keys are slow
  static const auto addr = multiformats::Multiaddr::parse("/ip4/127.0.0.1/tcp/4001").value();
  machine.announce(self, {addr}, now);
  machine.receive(input, as_bytes("abcd"), now);
  while (auto found = machine.next_found(now + std::chrono::seconds(1))) {
    require(message.has_value() && message->response);
    require(!found->addrs.empty() && found->addrs.size() <= 32 && found->peer != self);
    for (const auto& each : found->addrs) require(each.peer() == found->peer);
  }
  machine.tick(now + std::chrono::seconds(2));
  while (auto datagram = machine.next_datagram()) {
    require(datagram->size() <= mdns::kMaxDatagram && mdns::decode(*datagram));
  }
  return 0;
}
