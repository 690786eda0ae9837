// The yamux session: what goes out.
#include <algorithm>
#include <utility>

#include "libp2p/yamux_frame.h"

namespace p2p::libp2p {

using namespace yamux;

namespace {

/// The longest payload of a frame we send.
constexpr std::size_t kMaxPayload = kYamuxMaxFrame - kYamuxHeaderSize;
/// A frame cut short by the budget still carries at least this much, or waits for the next turn.
constexpr std::size_t kLeastCut = 1024;

}  // namespace

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
  unsent_ -= size;
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

}  // namespace p2p::libp2p
