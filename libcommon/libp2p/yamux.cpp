// The yamux session: its streams, events and time. What comes in is in yamux_receive.cpp, what goes
// out in yamux_produce.cpp.
#include "libp2p/yamux.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace p2p::libp2p {

namespace {

/// Resets waiting to be sent. A peer can only make more of them by opening streams without reading
/// what we answer: go's own backlog of 256 keeps far below.
constexpr std::size_t kMaxRefusals = 1024;
/// go-yamux stops here, so that the next id never overflows.
constexpr YamuxStreamId kLastId = std::numeric_limits<YamuxStreamId>::max() - 2;
/// A window grows when it was used up within this many round trips (go-yamux, js-libp2p).
constexpr int kGrowWithinRtts = 4;

std::unexpected<Error> gone(YamuxStreamId id) {
  return fail(Code::closed, "yamux stream", std::to_string(id), "it has ended");
}

std::unexpected<Error> was_reset(YamuxStreamId id, std::uint32_t code) {
  std::string why = "it was reset";
  if (code != 0) why += " with code " + std::to_string(code);
  return fail(Code::reset, "yamux stream", std::to_string(id), std::move(why));
}

}  // namespace

Yamux::Yamux(Role role, YamuxConfig config, Time now) : role_(role), config_(config) {
  next_id_ = role == Role::client ? 1 : 2;
  if (config_.first_id != 0) next_id_ = config_.first_id;
  // The first round trip is measured at once, as go does: windows cannot grow before it is known.
  ping_queued_ = true;
  ping_began_ = last_received_ = now;
}

std::optional<YamuxEvent> Yamux::next_event() {
  using Kind = YamuxEvent::Kind;
  if (!session_events_.empty()) {
    const YamuxEvent event = session_events_.front();
    session_events_.pop_front();
    return event;
  }
  if (changed_.empty()) return std::nullopt;
  const YamuxStreamId id = changed_.front();
  Stream& stream = streams_.at(id);
  YamuxEvent event{Kind::opened, id};
  if (std::exchange(stream.tell_opened, false)) {
    event.kind = Kind::opened;
  } else if (std::exchange(stream.tell_readable, false)) {
    event.kind = Kind::readable;
  } else if (std::exchange(stream.tell_writable, false)) {
    event.kind = Kind::writable;
  } else {
    stream.tell_reset = false;
    event.kind = Kind::reset;
    event.code = *stream.reset_code;
  }
  if (!stream.tell_readable && !stream.tell_writable && !stream.tell_reset) {
    changed_.pop_front();
    stream.in_changed = false;
    forget_if_finished(id);
  }
  return event;
}

// Time.

Time Yamux::deadline() const {
  if (failure_) return ping_began_;
  if (ping_queued_ || ping_sent_) {
    return std::max(ping_began_, last_received_) + config_.ping_timeout;
  }
  return ping_began_ + config_.ping_interval;
}

Result<void> Yamux::tick(Time now) {
  if (failure_) return fail(*failure_);
  if (now < deadline()) return {};
  if (ping_queued_ || ping_sent_) {
    return fail_all(Error(Code::timeout, "the peer left a yamux ping unanswered"));
  }
  ping_queued_ = true;
  ping_began_ = now;
  return {};
}

void Yamux::go_away(std::uint32_t code) {
  if (failure_ || went_away_) return;
  went_away_ = true;
  go_away_to_send_ = code;
}

// The streams' side.

Result<YamuxStreamId> Yamux::open() {
  if (failure_ || went_away_) return fail(Code::closed, "open stream", "", "the session has ended");
  if (peer_went_away_) return fail(Code::closed, "open stream", "", "the peer is going away");
  if (streams_.size() >= config_.max_streams) {
    return fail(Code::limit, "open stream", "",
                std::to_string(streams_.size()) + " streams are open");
  }
  if (next_id_ > kLastId) return fail(Code::limit, "open stream", "", "the stream ids are used up");
  const YamuxStreamId id = next_id_;
  next_id_ += 2;
  Stream& stream = streams_[id];
  stream.ours = true;
  stream.epoch = last_received_;
  want_control(id, stream);
  return id;
}

Result<void> Yamux::accept(YamuxStreamId id) {
  P2P_TRY(Stream * stream, writable_stream(id));
  if (!stream->ours) acknowledge(id, *stream);
  return {};
}

Result<void> Yamux::write(YamuxStreamId id, Bytes data) {
  P2P_TRY(Stream * stream, writable_stream(id));
  if (stream->closing) {
    return fail(Code::closed, "write to yamux stream", std::to_string(id), "our side was closed");
  }
  if (stream->unsent >= config_.max_unsent) {
    return fail(Code::limit, "write to yamux stream", std::to_string(id),
                std::to_string(stream->unsent) + " bytes wait for the peer's window");
  }
  if (!stream->ours) acknowledge(id, *stream);
  if (data.empty()) return {};
  stream->unsent += data.size();
  unsent_ += data.size();
  stream->out.push_back(std::move(data));
  want_ready(id, *stream);
  return {};
}

Result<std::optional<Bytes>> Yamux::read(YamuxStreamId id, std::size_t most, Time now) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return gone(id);
  Stream& stream = it->second;
  if (stream.reset_code && !stream.fin_received) return was_reset(id, *stream.reset_code);
  if (stream.in.empty()) {
    if (!stream.fin_received) return std::nullopt;
    stream.end_read = true;
    forget_if_finished(id);
    return Bytes{};
  }
  Bytes data;
  Bytes& front = stream.in.front();
  const std::size_t there = front.size() - stream.in_offset;
  if (stream.in_offset == 0 && there <= most) {
    data = std::move(front);
  } else {
    data = to_bytes(ByteView(front).subspan(stream.in_offset, std::min(there, most)));
  }
  stream.in_offset += data.size();
  if (data.size() == there) {
    stream.in.pop_front();
    stream.in_offset = 0;
  }
  stream.buffered -= data.size();
  buffered_ -= data.size();
  give_credit(id, stream, now);
  return data;
}

Result<void> Yamux::close_write(YamuxStreamId id) {
  P2P_TRY(Stream * stream, writable_stream(id));
  if (!stream->ours) acknowledge(id, *stream);
  if (stream->closing) return {};
  stream->closing = true;
  if (stream->unsent == 0) want_control(id, *stream);
  return {};
}

void Yamux::reset(YamuxStreamId id, std::uint32_t code) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  const bool peer_knows = it->second.begun || !it->second.ours;
  const bool over = it->second.reset_code || (it->second.fin_sent && it->second.fin_received);
  forget(it);
  // Past the bound the session fails here; receive and tick report it.
  if (peer_knows && !over) (void)refuse(id, code);
}

std::size_t Yamux::buffered(YamuxStreamId id) const {
  const auto it = streams_.find(id);
  return it == streams_.end() ? 0 : it->second.buffered;
}

std::size_t Yamux::unsent(YamuxStreamId id) const {
  const auto it = streams_.find(id);
  return it == streams_.end() ? 0 : it->second.unsent;
}

// Within.

Yamux::Stream* Yamux::live(YamuxStreamId id) {
  const auto it = streams_.find(id);
  return it == streams_.end() || it->second.reset_code ? nullptr : &it->second;
}

Result<Yamux::Stream*> Yamux::writable_stream(YamuxStreamId id) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return gone(id);
  if (it->second.reset_code) return was_reset(id, *it->second.reset_code);
  return &it->second;
}

Result<void> Yamux::refuse(YamuxStreamId id, std::uint32_t code) {
  if (refusals_.size() >= kMaxRefusals) {
    return violation("the peer opens streams without taking our answers");
  }
  refusals_.push_back({id, code});
  return {};
}

/// The stream ended by a reset that we did not ask for. One that nobody was told of just vanishes.
void Yamux::break_stream(YamuxStreamId id, Stream& stream, std::uint32_t code) {
  if (stream.tell_opened) {
    forget(streams_.find(id));
    return;
  }
  stream.reset_code = code;
  drop_unsent(id, stream);
  if (!stream.fin_received) drop_unread(stream);
  stream.tell_writable = false;
  stream.tell_reset = true;
  want_event(id, stream);
}

/// The opener's side learns that its stream was acknowledged, or the other side acknowledges it.
void Yamux::acknowledge(YamuxStreamId id, Stream& stream) {
  if (stream.acked) return;
  if (stream.ours) {
    if (!stream.begun) return;
    --unacked_out_;
    if (!waiting_.empty()) {
      control_.push_back(waiting_.front());
      waiting_.pop_front();
    }
  } else {
    --unacked_in_;
    want_control(id, stream);
  }
  stream.acked = true;
}

void Yamux::give_credit(YamuxStreamId id, Stream& stream, Time now) {
  if (stream.fin_received) return;
  const auto missing = [&] {
    const std::uint64_t held = stream.credit + stream.buffered;
    return held >= stream.window ? 0 : static_cast<std::uint32_t>(stream.window - held);
  };
  if (missing() < stream.window / 2) return;
  if (rtt_ && now - stream.epoch < *rtt_ * kGrowWithinRtts) {
    const std::uint64_t doubled =
        std::min<std::uint64_t>(std::uint64_t{stream.window} * 2, config_.max_window);
    const std::uint64_t growth = doubled > stream.window ? doubled - stream.window : 0;
    if (grown_ + growth <= config_.window_growth) {
      grown_ += growth;
      stream.window += static_cast<std::uint32_t>(growth);
    }
  }
  const std::uint32_t more = missing();
  stream.credit += more;
  stream.delta += more;
  stream.epoch = now;
  want_control(id, stream);
}

/// Keeps what is received and unread within its bound.
void Yamux::shed() {
  if (buffered_ <= config_.max_buffered) return;
  const auto most = std::ranges::max_element(
      streams_, {}, [](const auto& entry) { return entry.second.buffered; });
  const YamuxStreamId id = most->first;
  Stream& stream = most->second;
  drop_unread(stream);
  if (!stream.reset_code) {
    if (!refuse(id, kResetResourceLimit)) return;
    break_stream(id, stream, kResetResourceLimit);
  }
}

void Yamux::want_control(YamuxStreamId id, Stream& stream) {
  if (std::exchange(stream.in_control, true)) return;
  control_.push_back(id);
}

void Yamux::want_ready(YamuxStreamId id, Stream& stream) {
  if (stream.in_ready || !stream.begun || stream.unsent == 0 || stream.send_window == 0) return;
  stream.in_ready = true;
  ready_.push_back(id);
}

void Yamux::want_event(YamuxStreamId id, Stream& stream) {
  if (std::exchange(stream.in_changed, true)) return;
  changed_.push_back(id);
}

void Yamux::drop_unsent(YamuxStreamId id, Stream& stream) {
  stream.out.clear();
  unsent_ -= stream.unsent;
  stream.unsent = stream.out_offset = 0;
  if (std::exchange(stream.in_ready, false)) std::erase(ready_, id);
  if (std::exchange(stream.in_control, false)) {
    std::erase(control_, id);
    std::erase(waiting_, id);
  }
}

void Yamux::drop_unread(Stream& stream) {
  buffered_ -= stream.buffered;
  stream.in.clear();
  stream.buffered = stream.in_offset = 0;
}

void Yamux::forget_if_finished(YamuxStreamId id) {
  const auto it = streams_.find(id);
  const Stream& stream = it->second;
  if (stream.in_changed) return;  // first what it has to tell
  const bool read = stream.end_read || (stream.reset_code && !stream.fin_received);
  if (read && (stream.fin_sent || stream.reset_code)) forget(it);
}

void Yamux::forget(Streams::iterator it) {
  const YamuxStreamId id = it->first;
  Stream& stream = it->second;
  // Its place in a backlog is free again, acknowledged or not.
  if (stream.ours ? stream.begun : true) acknowledge(id, stream);
  drop_unsent(id, stream);
  drop_unread(stream);
  grown_ -= stream.window - kYamuxInitialWindow;
  if (stream.in_changed) std::erase(changed_, id);
  streams_.erase(it);
}

}  // namespace p2p::libp2p
