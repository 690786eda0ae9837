// LAYERS: p2p_libp2p
// OPTIONS: -max_len=200 -entropic=0
// Two yamux sessions joined by a pipe, driven by a script of opens, writes, reads, closes, resets
// and deliveries of any size: what is read is what was written, in order, and neither side ever
// calls the other a violator.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "crypto/random.h"
#include "fuzz/require.h"
#include "libp2p/yamux.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

/// What is moved at once at the end. More makes AddressSanitizer map and unmap pages all the time.
constexpr std::size_t kPiece = 60000;

/// What `side` writes to a stream from `offset` on, at most 64 KiB: every gap, repeat or mix-up
/// shows.
ByteView pattern(int side, YamuxStreamId id, std::uint64_t offset, std::size_t size) {
  constexpr std::size_t kPeriod = 65536;
  static const Bytes twice = [] {
    Bytes table(kPeriod);
    crypto::SeededRandom(1).fill(table);
    append(table, Bytes(table));
    return table;
  }();
  const std::size_t start = (offset + id * 4099 + static_cast<unsigned>(side) * 32771) % kPeriod;
  return ByteView(twice).subspan(start, std::min(size, kPeriod));
}

struct Side {
  explicit Side(Yamux::Role role, Time now) : yamux(role, config(), now) {}
  static YamuxConfig config() {
    YamuxConfig config;
    config.max_streams = 16;
    config.ack_backlog = 4;
    config.window_growth = 1024 * 1024;
    return config;
  }
  Yamux yamux;
  Bytes wire;  // produced, not yet delivered to the other side
  std::set<YamuxStreamId> met;
  std::map<YamuxStreamId, std::uint64_t> written;
  std::map<YamuxStreamId, std::uint64_t> read;
};

struct World {
  Time now{std::chrono::hours(1)};
  Side sides[2] = {Side(Yamux::Role::client, now), Side(Yamux::Role::server, now)};

  void deliver(int to, std::size_t size) {
    Side& from = sides[1 - to];
    from.yamux.produce(from.wire, std::max<std::size_t>(size, kYamuxMinProduce), now);
    size = std::min(size, from.wire.size());
    require(sides[to].yamux.receive(ByteView(from.wire).first(size), now).has_value());
    from.wire.erase(from.wire.begin(), from.wire.begin() + static_cast<std::ptrdiff_t>(size));
    while (auto event = sides[to].yamux.next_event()) {
      if (event->kind == YamuxEvent::Kind::opened) {
        require(sides[to].yamux.accept(event->stream).has_value());
        sides[to].met.insert(event->stream);
      }
    }
  }

  void write(int side, YamuxStreamId id, std::size_t size) {
    std::uint64_t& offset = sides[side].written[id];
    // To a stream that is not there, the size says nothing.
    if (!sides[side].met.contains(id)) size = 1;
    Bytes data;
    data.reserve(size);
    while (data.size() < size) {
      append(data, pattern(side, id, offset + data.size(), size - data.size()));
    }
    if (sides[side].yamux.write(id, std::move(data))) offset += size;
  }

  void read(int side, YamuxStreamId id, std::size_t most) {
    const auto data = sides[side].yamux.read(id, most, now);
    if (!data || !*data) return;
    std::uint64_t& offset = sides[side].read[id];
    require((*data)->size() <= most);
    for (ByteView rest(**data); !rest.empty();) {
      const ByteView expected = pattern(1 - side, id, offset, rest.size());
      require(equal(rest.first(expected.size()), expected));
      rest = rest.subspan(expected.size());
      offset += expected.size();
    }
    require(offset <= sides[1 - side].written[id]);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  for (; size >= 4; data += 4, size -= 4) {
    const int side = data[0] & 1;
    Yamux& yamux = world.sides[side].yamux;
    const YamuxStreamId id = 1u + data[1] % 32;
    // A few are large enough to fill windows; checking the bytes of all would take too long.
    const std::size_t times = data[3] < 240 ? 1 : data[3] < 255 ? 2 * (data[3] - 239u) : 256;
    const std::size_t amount = (data[2] + 1u) * times;
    switch ((data[0] >> 1) % 8) {
      case 0:
        if (const auto opened = yamux.open()) world.sides[side].met.insert(*opened);
        break;
      case 1:
        world.write(side, id, amount * 4);
        break;
      case 2:
        world.read(side, id, amount * 16);
        break;
      case 3:
        (void)yamux.close_write(id);
        break;
      case 4:
        if (data[3] < 32) yamux.reset(id, data[2]);
        break;
      case 5:
        world.now += std::chrono::microseconds(amount);
        break;
      default:
        world.deliver(side, amount * 8);
        break;
    }
  }
  // Everything that is still on its way arrives, and whatever was not reset can be read to its end.
  for (int round = 0; round < 4000; ++round) {
    bool moved = false;
    for (int side = 0; side < 2; ++side) {
      world.deliver(side, kPiece);
      for (const auto& [id, total] : world.sides[1 - side].written) {
        const std::uint64_t before = world.sides[side].read[id];
        world.read(side, id, kPiece);
        moved = moved || world.sides[side].read[id] != before;
      }
    }
    for (const Side& side : world.sides) moved = moved || side.yamux.has_output();
    if (!moved) break;
  }
  for (int side = 0; side < 2; ++side) {
    Side& reader = world.sides[side];
    for (const auto& [id, total] : world.sides[1 - side].written) {
      require(reader.yamux.buffered(id) == 0);
      require(world.sides[1 - side].yamux.unsent(id) == 0);
    }
  }
  return 0;
}
