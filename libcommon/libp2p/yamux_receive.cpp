// The yamux session: what comes in.
#include <algorithm>
#include <limits>
#include <utility>

#include "libp2p/yamux_frame.h"

namespace p2p::libp2p {

using namespace yamux;

namespace {

/// Received pieces up to this size are joined, so that one-byte frames do not cost an allocation
/// each.
constexpr std::size_t kSegment = 16 * 1024;
/// Unanswered pings of the peer's; as go does, what is over is not answered.
constexpr std::size_t kMaxPongs = 32;

}  // namespace

struct Yamux::Header {
  std::uint8_t type;
  std::uint16_t flags;
  YamuxStreamId id;
  std::uint32_t length;
};

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
  buffered_ = unsent_ = grown_ = 0;
  unacked_in_ = unacked_out_ = 0;
  failure_ = std::move(error);
  return fail(*failure_);
}

}  // namespace p2p::libp2p
