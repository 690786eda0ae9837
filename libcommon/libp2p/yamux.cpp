#include "libp2p/yamux.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/endian.h"

namespace p2p::libp2p {

namespace {

enum Type : std::uint8_t { kData = 0, kWindowUpdate = 1, kPing = 2, kGoAway = 3 };
enum Flag : std::uint16_t { kSyn = 1, kAck = 2, kFin = 4, kRst = 8 };

/// The longest payload of a frame we send.
constexpr std::size_t kMaxPayload = kYamuxMaxFrame - kYamuxHeaderSize;
/// Received pieces up to this size are joined, so that one-byte frames do not cost an allocation
/// each.
constexpr std::size_t kSegment = 16 * 1024;
/// A frame cut short by the budget still carries at least this much, or waits for the next turn.
constexpr std::size_t kLeastCut = 1024;
/// Unanswered pings of the peer's; as go does, what is over is not answered.
constexpr std::size_t kMaxPongs = 32;
/// Resets waiting to be sent. A peer can only make more of them by opening streams without reading
/// what we answer: go's own backlog of 256 keeps far below.
constexpr std::size_t kMaxRefusals = 1024;
/// go-yamux stops here, so that the next id never overflows.
constexpr YamuxStreamId kLastId = std::numeric_limits<YamuxStreamId>::max() - 2;
/// A window grows when it was used up within this many round trips (go-yamux, js-libp2p).
constexpr int kGrowWithinRtts = 4;

void append_header(Bytes& out, std::uint8_t type, std::uint16_t flags, YamuxStreamId id,
                   std::uint32_t length) {
  std::uint8_t raw[kYamuxHeaderSize] = {0, type};
  store_be(raw + 2, flags);
  store_be(raw + 4, id);
  store_be(raw + 8, length);
  append(out, raw);
}

std::unexpected<Error> gone(YamuxStreamId id) {
  return fail(Code::closed, "yamux stream", std::to_string(id), "it has ended");
}

std::unexpected<Error> was_reset(YamuxStreamId id, std::uint32_t code) {
  std::string why = "it was reset";
  if (code != 0) why += " with code " + std::to_string(code);
  return fail(Code::reset, "yamux stream", std::to_string(id), std::move(why));
}

}  // namespace

struct Yamux::Header {
  std::uint8_t type;
  std::uint16_t flags;
  YamuxStreamId id;
  std::uint32_t length;
};

Yamux::Yamux(Role role, YamuxConfig config, Time now) : role_(role), config_(config) {
  next_id_ = role == Role::client ? 1 : 2;
  if (config_.first_id != 0) next_id_ = config_.first_id;
  // The first round trip is measured at once, as go does: windows cannot grow before it is known.
  ping_queued_ = true;
  ping_began_ = last_received_ = now;
}

// What comes in.

Result<void> Yamux::receive(ByteView data, Time now) {
  if (!data.empty()) last_received_ = now;
  while (!data.empty() && !failure_) {
    if (payload_left_ > 0) {
      const std::size_t size = std::min<std::size_t>(payload_left_, data.size());
      on_payload(data.first(size));
      data = data.subspan(size);
      payload_left_ -= static_cast<std::uint32_t>(size);
      if (payload_left_ == 0 && payload_fin_) {
        if (Stream* stream = live(payload_stream_)) on_fin(payload_stream_, *stream);
      }
      continue;
    }
    const std::size_t size = std::min(kYamuxHeaderSize - header_size_, data.size());
    std::copy_n(data.begin(), size, header_ + header_size_);
    data = data.subspan(size);
    header_size_ += size;
    if (header_size_ < kYamuxHeaderSize) break;
    header_size_ = 0;
    P2P_CHECK(on_header(now));
  }
  if (failure_) return fail(*failure_);
  return {};
}

Result<void> Yamux::on_header(Time now) {
  if (header_[0] != 0) {
    return violation("frame of version " + std::to_string(header_[0]) + ", expected 0");
  }
  const Header header{header_[1], load_be<std::uint16_t>(header_ + 2),
                      load_be<std::uint32_t>(header_ + 4), load_be<std::uint32_t>(header_ + 8)};
  switch (header.type) {
    case kData:
    case kWindowUpdate:
      return on_stream_frame(header, now);
    case kPing:
      on_ping(header, now);
      return {};
    case kGoAway:
      return on_go_away(header.length);
    default:
      return violation("unknown frame type " + std::to_string(header.type));
  }
}

Result<void> Yamux::on_stream_frame(const Header& header, Time now) {
  if (header.id == 0) return violation("stream frame for stream 0");
  if (header.type == kData) {
    payload_stream_ = header.id;
    payload_left_ = header.length;
    payload_fin_ = false;
  }
  if (header.flags & kSyn) P2P_CHECK(on_syn(header.id, now));
  Stream* stream = live(header.id);
  // Refused, reset or finished: what is still under way from the peer is drained.
  if (stream == nullptr) return {};

  if (header.flags & kAck) acknowledge(header.id, *stream);
  // Before credit is added: the length of a reset is its error code.
  if (header.flags & kRst) {
    break_stream(header.id, *stream, header.type == kWindowUpdate ? header.length : 0);
    return {};
  }
  if (header.type == kData) return on_data(header, *stream);

  const std::uint64_t window = std::uint64_t{stream->send_window} + header.length;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  stream->send_window = static_cast<std::uint32_t>(std::min(window, kMost));
  want_ready(header.id, *stream);
  if (header.flags & kFin) on_fin(header.id, *stream);
  return {};
}

Result<void> Yamux::on_syn(YamuxStreamId id, Time now) {
  const bool odd = id % 2 == 1;
  if (odd != (role_ == Role::server)) {
    return violation("the peer opened stream " + std::to_string(id) + ", an id of our side");
  }
  if (streams_.contains(id)) {
    return violation("the peer opened stream " + std::to_string(id) + " twice");
  }
  if (went_away_) return refuse(id, 0);
  if (streams_.size() >= config_.max_streams || unacked_in_ >= config_.ack_backlog) {
    return refuse(id, kResetResourceLimit);
  }
  Stream& stream = streams_[id];
  stream.epoch = now;
  stream.tell_opened = true;
  ++unacked_in_;
  want_event(id, stream);
  return {};
}

Result<void> Yamux::on_data(const Header& header, Stream& stream) {
  if (header.length > stream.credit) {
    return violation("stream " + std::to_string(header.id) + " sent " +
                     std::to_string(header.length) + " bytes into a window of " +
                     std::to_string(stream.credit));
  }
  if (stream.fin_received && header.length > 0) {
    P2P_CHECK(refuse(header.id, kResetProtocolViolation));
    break_stream(header.id, stream, kResetProtocolViolation);
    return {};
  }
  stream.credit -= header.length;
  if (header.flags & kFin) {
    if (header.length == 0) {
      on_fin(header.id, stream);
    } else {
      payload_fin_ = true;
    }
  }
  return {};
}

void Yamux::on_payload(ByteView payload) {
  Stream* stream = live(payload_stream_);
  if (stream == nullptr) return;
  if (!stream->in.empty() && stream->in.back().size() + payload.size() <= kSegment) {
    append(stream->in.back(), payload);
  } else {
    stream->in.emplace_back(payload.begin(), payload.end());
  }
  stream->buffered += payload.size();
  buffered_ += payload.size();
  stream->tell_readable = true;
  want_event(payload_stream_, *stream);
  shed();
}

void Yamux::on_fin(YamuxStreamId id, Stream& stream) {
  if (stream.fin_received) return;
  stream.fin_received = true;
  stream.tell_readable = true;
  want_event(id, stream);
}

void Yamux::on_ping(const Header& header, Time now) {
  if (header.flags & kSyn) {
    if (pongs_.size() < kMaxPongs) pongs_.push_back(header.length);
    return;
  }
  if (!ping_sent_ || header.length != ping_id_) return;
  const Duration took = now - *ping_sent_;
  ping_sent_.reset();
  rtt_ = rtt_ ? (*rtt_ + took) / 2 : took;
  session_events_.push_back({YamuxEvent::Kind::pong, 0, 0, took});
}

Result<void> Yamux::on_go_away(std::uint32_t code) {
  if (code != kYamuxNormal) {
    std::string why = "the peer ended the session with yamux code " + std::to_string(code);
    if (code == kYamuxProtocolError) why += " (protocol error)";
    return fail_all(Error(Code::closed, std::move(why)));
  }
  if (!peer_went_away_) session_events_.push_back({YamuxEvent::Kind::go_away});
  peer_went_away_ = true;
  return {};
}

std::unexpected<Error> Yamux::violation(std::string why) {
  std::unexpected<Error> failed = fail_all(Error(Code::protocol, "yamux: " + std::move(why)));
  go_away_to_send_ = kYamuxProtocolError;
  return failed;
}

std::unexpected<Error> Yamux::fail_all(Error error) {
  streams_.clear();
  for (auto* queue : {&control_, &waiting_, &ready_, &changed_}) queue->clear();
  pongs_.clear();
  refusals_.clear();
  session_events_.clear();
  go_away_to_send_.reset();
  ping_queued_ = false;
  ping_sent_.reset();
  buffered_ = grown_ = 0;
  unacked_in_ = unacked_out_ = 0;
  failure_ = std::move(error);
  return fail(*failure_);
}

// What goes out.

std::size_t Yamux::produce(Bytes& out, std::size_t at_most, Time now) {
  const std::size_t begin = out.size();
  const std::size_t end = begin + at_most;
  // Control again after each data frame: a stream's last data is followed by its FIN.
  while (produce_session(out, end, now) && produce_control(out, end) && produce_data(out, end)) {
  }
  return out.size() - begin;
}

bool Yamux::produce_session(Bytes& out, std::size_t end, Time now) {
  const auto frame = [&](std::uint8_t type, std::uint16_t flags, YamuxStreamId id,
                         std::uint32_t length) {
    if (end - out.size() < kYamuxHeaderSize) return false;
    append_header(out, type, flags, id, length);
    return true;
  };
  if (ping_queued_) {
    if (!frame(kPing, kSyn, 0, ++ping_id_)) return false;
    ping_queued_ = false;
    ping_sent_ = now;
  }
  for (; !pongs_.empty(); pongs_.pop_front()) {
    if (!frame(kPing, kAck, 0, pongs_.front())) return false;
  }
  for (; !refusals_.empty(); refusals_.pop_front()) {
    if (!frame(kWindowUpdate, kRst, refusals_.front().id, refusals_.front().code)) return false;
  }
  if (go_away_to_send_) {
    if (!frame(kGoAway, 0, 0, *go_away_to_send_)) return false;
    go_away_to_send_.reset();
  }
  return true;
}

bool Yamux::produce_control(Bytes& out, std::size_t end) {
  while (!control_.empty()) {
    // At most two frames a stream: flags or credit, then FIN.
    if (end - out.size() < 2 * kYamuxHeaderSize) return false;
    const YamuxStreamId id = control_.front();
    Stream& stream = streams_.at(id);
    control_.pop_front();
    stream.in_control = false;
    std::uint16_t flags = 0;
    if (!stream.begun) {
      if (stream.ours && unacked_out_ >= config_.ack_backlog) {
        stream.in_control = true;
        waiting_.push_back(id);
        continue;
      }
      flags = stream.ours ? kSyn : kAck;
      if (stream.ours) ++unacked_out_;
      stream.begun = true;
      want_ready(id, stream);
    }
    if (flags != 0 || stream.delta > 0) {
      append_header(out, kWindowUpdate, flags, id, std::exchange(stream.delta, 0));
    }
    if (stream.closing && stream.unsent == 0 && !stream.fin_sent) {
      append_header(out, kWindowUpdate, kFin, id, 0);
      stream.fin_sent = true;
      forget_if_finished(id);
    }
  }
  return true;
}

bool Yamux::produce_data(Bytes& out, std::size_t end) {
  if (ready_.empty()) return false;
  const YamuxStreamId id = ready_.front();
  Stream& stream = streams_.at(id);
  const std::size_t sendable =
      std::min<std::size_t>({stream.unsent, stream.send_window, kMaxPayload});
  const std::size_t room = end - out.size();
  if (room < kYamuxHeaderSize + std::min(sendable, kLeastCut)) return false;
  const std::size_t size = std::min(sendable, room - kYamuxHeaderSize);
  ready_.pop_front();
  stream.in_ready = false;

  append_header(out, kData, 0, id, static_cast<std::uint32_t>(size));
  for (std::size_t left = size; left > 0;) {
    const Bytes& chunk = stream.out.front();
    const std::size_t part = std::min(left, chunk.size() - stream.out_offset);
    append(out, ByteView(chunk).subspan(stream.out_offset, part));
    left -= part;
    stream.out_offset += part;
    if (stream.out_offset == chunk.size()) {
      stream.out.pop_front();
      stream.out_offset = 0;
    }
  }
  stream.unsent -= size;
  stream.send_window -= static_cast<std::uint32_t>(size);
  if (stream.unsent == 0) {
    stream.tell_writable = true;
    want_event(id, stream);
    if (stream.closing) want_control(id, stream);
  } else {
    want_ready(id, stream);
  }
  return true;
}

bool Yamux::has_output() const {
  return ping_queued_ || !pongs_.empty() || !refusals_.empty() || go_away_to_send_ ||
         !control_.empty() || !ready_.empty();
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
