// LAYERS: p2p_libp2p
// OPTIONS: -max_len=600
// A whole connection against a stranger (raw bytes), against a man in the middle (bytes of an
// honest conversation changed), and against a peer who holds a valid key and then sends anything.
#include "base/endian.h"
#include "fuzz/require.h"
#include "libp2p/upgrade.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

constexpr Time kNow{};

/// Made once: keys are slow.
const crypto::SigningKey& key_of(std::uint8_t n) {
  static const auto make = [](std::uint8_t fill) {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(fill);
    return crypto::SigningKey::from_seed(seed);
  };
  static const crypto::SigningKey keys[] = {make(1), make(2)};
  return keys[n - 1];
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

/// `far`: on into the Noise handshake, whose keys take a hundred times longer than all before it.
void against_stranger(Connection::Role role, ByteView input, std::size_t chunk, bool far) {
  crypto::SeededRandom random(1);
  Connection c = connection(role, 1, true, random);
  static_cast<void>(output_of(c));
  if (!far) chunk = 1;
  while (!input.empty()) {
    const auto part = input.first(std::min(chunk, input.size()));
    input = input.subspan(part.size());
    const auto received = c.receive(part, kNow);
    require(!c.established());  // nobody proves an identity by chance
    static_cast<void>(output_of(c));
    if (!received || (!far && c.phase() != Phase::negotiate)) return;
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

Bytes framed(NoiseHandshake& noise, ByteView payload) {
  Bytes frame(2);
  require(noise.write(payload, frame).has_value());
  store_be(frame.data(), static_cast<std::uint16_t>(frame.size() - 2));
  return frame;
}

/// What an honest peer says to a listener up to its last handshake message. The listener draws the
/// same keys in every run, so that this, with its costly half of the handshake, is made once.
struct Insider {
  explicit Insider(bool early) : noise(true, {}, static_key, random) {
    crypto::SeededRandom listener_random(1);
    Connection listener = connection(Connection::Role::listener, 1, true, listener_random);
    auto select = Multistream::dialer({std::string(kNoise)});
    opening = select.take_output();
    append(opening, framed(noise, {}));
    require(listener.receive(opening, kNow).has_value());
    const Bytes answer = output_of(listener);
    ByteView in(answer);
    require(select.receive(in) && select.done() && noise.read(in.subspan(2)));

    NoisePayload payload;
    payload.identity_key = multiformats::encode_public_key(key_of(2).public_key());
    Bytes proof = to_bytes(std::string_view("noise-libp2p-static-key:"));
    append(proof, static_key.share);
    payload.identity_sig = key_of(2).sign(proof);
    if (early) payload.muxers.emplace_back(kYamux);
    closing = framed(noise, payload.encode());
  }

  crypto::SeededRandom random{2};
  crypto::X25519Pair static_key = crypto::x25519_generate(random);
  NoiseHandshake noise;
  Bytes opening;
  Bytes closing;
};

void against_insider(ByteView input, bool early) {
  static const Insider insiders[] = {Insider(false), Insider(true)};
  const Insider& insider = insiders[early];
  crypto::SeededRandom random(1);
  Connection victim = connection(Connection::Role::listener, 1, true, random);
  require(victim.receive(insider.opening, kNow).has_value());
  static_cast<void>(output_of(victim));
  require(victim.receive(insider.closing, kNow).has_value());
  require(victim.established() == early);
  NoiseCipher cipher = insider.noise.split().send;

  // Each piece behind a byte that tells its length, so that frames end anywhere.
  while (!input.empty()) {
    const std::size_t size = std::min<std::size_t>(input[0], input.size() - 1);
    Bytes frame(2 + size + crypto::kAeadTagSize);
    store_be(frame.data(), static_cast<std::uint16_t>(frame.size() - 2));
    cipher.seal({}, input.subspan(1, size), MutableBytes(frame).subspan(2));
    input = input.subspan(1 + size);
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
  const ByteView all(data, size);
  const bool flag = data[0] & 4;
  const auto role = data[0] & 1 ? Connection::Role::listener : Connection::Role::dialer;
  // Handshakes take a millisecond, refusing a stranger takes microseconds.
  if ((data[0] & 3) == 2 && one_in(128, all)) {
    against_middleman(input, flag);
  } else if ((data[0] & 3) == 3 && one_in(32, all)) {
    against_insider(input, flag);
  } else {
    against_stranger(role, input, flag ? 1 : 100000, one_in(128, all));
  }
  return 0;
}
