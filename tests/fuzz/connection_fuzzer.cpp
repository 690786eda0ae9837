// LAYERS: p2p_libp2p
// A whole connection against a stranger (raw bytes), against a man in the middle (bytes of an
// honest conversation changed), and against a peer who holds a valid key and then sends anything.
#include "fuzz/require.h"
#include "libp2p/upgrade.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

constexpr Time kNow{};

crypto::SigningKey key_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return crypto::SigningKey::from_seed(seed);
}

Connection connection(Connection::Role role, std::uint8_t key, bool early, crypto::Random& random) {
  ConnectionConfig config(key_of(key));
  config.early_muxer = early;
  return Connection(role, std::move(config), random, kNow);
}

Bytes output_of(Connection& from) {
  Bytes wire;
  while (from.produce(wire, 65536, kNow) > 0) {
  }
  return wire;
}

void drain_events(Connection& c) {
  if (!c.established()) return;
  while (const auto event = c.mux().next_event()) {
    if (event->kind == YamuxEvent::Kind::opened) static_cast<void>(c.mux().accept(event->stream));
    if (event->kind != YamuxEvent::Kind::readable) continue;
    for (;;) {
      const auto data = c.mux().read(event->stream, 1000, kNow);
      if (!data || !*data || (*data)->empty()) break;
    }
  }
}

void against_stranger(Connection::Role role, ByteView input, std::size_t chunk) {
  crypto::SeededRandom random(1);
  Connection c = connection(role, 1, true, random);
  static_cast<void>(output_of(c));
  while (!input.empty()) {
    const auto part = input.first(std::min(chunk, input.size()));
    input = input.subspan(part.size());
    const auto received = c.receive(part, kNow);
    require(!c.established());  // nobody proves an identity by chance
    static_cast<void>(output_of(c));
    if (!received) return;
  }
}

/// Input: positions, each 16 bits of distance and 8 bits to change there.
void against_middleman(ByteView input, bool early) {
  crypto::SeededRandom random(1);
  Connection dialer = connection(Connection::Role::dialer, 1, early, random);
  Connection listener = connection(Connection::Role::listener, 2, true, random);
  std::size_t left = 0;
  std::uint8_t change = 0;
  const auto next = [&] {
    change = 0;
    if (input.size() < 3) return;
    left = static_cast<std::size_t>(input[0] << 8 | input[1]) % 1024;
    change = input[2];
    input = input.subspan(3);
  };
  next();
  for (int round = 0; round < 8; ++round) {
    for (Connection* from : {&dialer, &listener}) {
      Connection& to = from == &dialer ? listener : dialer;
      Bytes wire = output_of(*from);
      std::size_t at = 0;
      while (change != 0 && left < wire.size() - at) {
        at += left;
        wire[at++] ^= change;
        next();
      }
      left -= std::min(left, wire.size() - at);
      if (!to.receive(wire, kNow)) return;
      if (to.phase() == Phase::done) {
        require(to.remote() == PeerId::of(key_of(from == &dialer ? 1 : 2).public_key()));
      }
      drain_events(to);
    }
  }
}

void against_insider(ByteView input, bool early) {
  crypto::SeededRandom random(1);
  Connection victim = connection(Connection::Role::listener, 1, true, random);
  auto select = Multistream::dialer({std::string(kNoise)});
  static_cast<void>(victim.receive(select.take_output(), kNow));
  std::vector<std::string> muxers;
  if (early) muxers.emplace_back(kYamux);
  SecureChannel channel(true, key_of(2), std::nullopt, std::move(muxers), random);
  require(victim.receive(channel.take_output(), kNow).has_value());
  const Bytes answer = output_of(victim);
  ByteView in(answer);
  require(select.receive(in) && channel.receive(in) && channel.done());
  require(victim.receive(channel.take_output(), kNow).has_value());
  require(victim.established() == early);

  // Each piece behind a byte that tells its length, so that frames end anywhere.
  while (!input.empty()) {
    const std::size_t size = std::min<std::size_t>(input[0], input.size() - 1);
    Bytes frame(2);
    append(frame, input.subspan(1, size));
    input = input.subspan(1 + size);
    channel.seal_in_place(frame, 0);
    const auto received = victim.receive(frame, kNow);
    drain_events(victim);
    static_cast<void>(output_of(victim));
    if (!received) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  const bool flag = data[0] & 4;
  switch (data[0] & 3) {
    case 0:
      against_stranger(Connection::Role::dialer, input, flag ? 1 : 100000);
      break;
    case 1:
      against_stranger(Connection::Role::listener, input, flag ? 1 : 100000);
      break;
    case 2:
      against_middleman(input, flag);
      break;
    default:
      against_insider(input, flag);
      break;
  }
  return 0;
}
