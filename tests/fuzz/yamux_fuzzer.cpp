// LAYERS: p2p_libp2p
// OPTIONS: -max_len=400
// A yamux session fed by a hostile peer: it never crashes, holds no more than its bounds, never
// sends a malformed frame, and the same bytes in other pieces give the same streams.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include "base/endian.h"
#include "libp2p/yamux.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

void check_frames(ByteView out) {
  while (!out.empty()) {
    require(out.size() >= kYamuxHeaderSize && out[0] == 0 && out[1] <= 3);
    const auto length = load_be<std::uint32_t>(out.data() + 8);
    const bool data = out[1] == 0;
    out = out.subspan(kYamuxHeaderSize);
    if (data) {
      require(length > 0 && length <= out.size() && length + kYamuxHeaderSize <= kYamuxMaxFrame);
      out = out.subspan(length);
    }
  }
}

/// A busy host: takes every event at once, reads, answers and closes.
void run_active(ByteView input, bool server, std::size_t piece) {
  YamuxConfig config;
  config.max_streams = 8;
  config.max_buffered = 600000;
  Time now{std::chrono::hours(1)};
  Yamux yamux(server ? Yamux::Role::server : Yamux::Role::client, config, now);
  for (int i = 0; i < 3; ++i) {
    const auto id = yamux.open();
    require(id && yamux.write(*id, Bytes(300)));
  }
  Bytes out;
  yamux.produce(out, kYamuxMaxFrame, now);
  bool failed = false;
  while (!input.empty() && !failed) {
    const std::size_t size = std::min(piece, input.size());
    failed = !yamux.receive(input.first(size), now);
    input = input.subspan(size);
    require(yamux.stream_count() <= config.max_streams);
    now += std::chrono::milliseconds(1);
    while (auto event = yamux.next_event()) {
      require(!failed);
      if (event->kind == YamuxEvent::Kind::opened) {
        require(yamux.write(event->stream, Bytes(100)).has_value());
        if (event->stream % 4 < 2) require(yamux.close_write(event->stream).has_value());
        if (event->stream % 16 < 2) yamux.reset(event->stream, 5);
      }
      if (event->kind != YamuxEvent::Kind::readable) continue;
      while (true) {
        const auto data = yamux.read(event->stream, 1000, now);
        if (!data || !*data || (*data)->empty()) break;
      }
    }
    out.clear();
    yamux.produce(out, kYamuxMaxFrame, now);
    check_frames(out);
  }
}

struct Outcome {
  bool failed = false;
  Bytes output;
  std::vector<std::pair<YamuxEvent::Kind, YamuxStreamId>> events;
  std::map<YamuxStreamId, Bytes> received;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// A host that acts only at the end: then nothing may depend on how the input was split.
Outcome run_passive(ByteView input, bool server, std::size_t piece) {
  const Time now{std::chrono::hours(1)};
  YamuxConfig config;
  config.max_streams = 8;
  Yamux yamux(server ? Yamux::Role::server : Yamux::Role::client, config, now);
  require(yamux.open() && yamux.open());
  Outcome outcome;
  yamux.produce(outcome.output, kYamuxMaxFrame, now);
  while (!input.empty() && !outcome.failed) {
    const std::size_t size = std::min(piece, input.size());
    outcome.failed = !yamux.receive(input.first(size), now);
    input = input.subspan(size);
  }
  while (auto event = yamux.next_event()) {
    outcome.events.emplace_back(event->kind, event->stream);
    if (event->kind != YamuxEvent::Kind::readable) continue;
    while (true) {
      const auto data = yamux.read(event->stream, 100000, now);
      if (!data || !*data || (*data)->empty()) break;
      append(outcome.received[event->stream], **data);
    }
  }
  while (yamux.produce(outcome.output, kYamuxMaxFrame, now) > 0) {
  }
  check_frames(outcome.output);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteView input(data + 1, size - 1);
  const bool server = (data[0] & 1) != 0;
  const std::size_t piece = 1 + (data[0] >> 1);
  run_active(input, server, piece);
  const Outcome whole = run_passive(input, server, input.size() + 1);
  require(whole == run_passive(input, server, input.size() % 2 == 0 ? 1 : piece));
  return 0;
}
