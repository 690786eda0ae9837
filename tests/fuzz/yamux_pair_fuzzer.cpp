// LAYERS: p2p_libp2p
// Two yamux sessions joined by a pipe, driven by a script of opens, writes, reads, closes, resets
// and deliveries of any size: what is read is what was written, in order, and neither side ever
// calls the other a violator.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "libp2p/yamux.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

/// The byte at `offset` of what `side` writes to a stream: every gap, repeat or mix-up shows.
std::uint8_t pattern(int side, YamuxStreamId id, std::uint64_t offset) {
  return static_cast<std::uint8_t>(offset * 31 + (offset >> 8) * 7 + id * 17 +
                                   static_cast<unsigned>(side) * 101);
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
      }
    }
  }

  void write(int side, YamuxStreamId id, std::size_t size) {
    std::uint64_t& offset = sides[side].written[id];
    Bytes data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = pattern(side, id, offset + i);
    if (sides[side].yamux.write(id, std::move(data))) offset += size;
  }

  void read(int side, YamuxStreamId id, std::size_t most) {
    const auto data = sides[side].yamux.read(id, most, now);
    if (!data || !*data) return;
    std::uint64_t& offset = sides[side].read[id];
    require((*data)->size() <= most);
    for (const std::uint8_t byte : **data) require(byte == pattern(1 - side, id, offset++));
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
    const std::size_t amount = (data[2] + 1u) * (data[3] % 64 + 1u);
    switch ((data[0] >> 1) % 8) {
      case 0:
        (void)yamux.open();
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
      world.deliver(side, 1000000);
      for (YamuxStreamId id = 1; id <= 64; ++id) {
        const std::uint64_t before = world.sides[side].read[id];
        world.read(side, id, 1000000);
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
