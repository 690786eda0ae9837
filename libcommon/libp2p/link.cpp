#include "libp2p/link.h"

#include <algorithm>

namespace p2p::libp2p {

namespace {

/// Written to the socket in one piece: two full Noise frames, so that bulk costs few system calls.
constexpr std::size_t kBatch = 128 * 1024;
/// For the negotiation of a stream the peer opened, and for the peer to end one we have finished
/// with: as long as go-libp2p waits for a negotiation.
constexpr Duration kStreamPatience = std::chrono::seconds(10);
/// For what is queued to leave when we close.
constexpr Duration kGoodbye = std::chrono::seconds(1);

}  // namespace

Link::Link(Owner& owner, runtime::Runtime runtime, std::unique_ptr<runtime::TcpStream> tcp,
           Connection::Role role, ConnectionConfig config, Multiaddr remote)
    : owner_(&owner),
      runtime_(runtime),
      tcp_(std::move(tcp)),
      role_(role),
      remote_addr_(std::move(remote)),
      connection_(role, std::move(config), runtime.random, runtime.clock.now()),
      phase_began_(runtime.clock.now()),
      timer_(runtime.clock.timer([this] { on_time(); })),
      tasks_(runtime.queue) {}

Link::~Link() = default;

void Link::start() {
  tasks_.spawn(read_loop(shared_from_this()));
  tasks_.spawn(write_loop(shared_from_this()));
  arm();
}

void Link::trace(DialTrace* trace) {
  trace_ = trace;
  if (trace_ && trace_->phase < phase_) trace_->phase = phase_;
}

Task<void> Link::read_loop(std::shared_ptr<Link> self) {
  for (;;) {
    auto wire = co_await self->tcp_->read();
    if (!wire) {
      self->end(std::move(wire).error());
      co_return;
    }
    if (wire->empty()) {
      const char* side = self->closing_ ? "we" : "the peer";
      self->end(Error(Code::closed, std::string(side) + " closed the connection"));
      co_return;
    }
    auto taken = self->take(*wire);
    if (self->ended_) co_return;
    if (!taken) {
      self->fail_with(std::move(taken).error());
      co_return;
    }
  }
}

Result<void> Link::take(ByteView wire) {
  auto taken = connection_.receive(wire, now());
  note_phase();
  if (established() && !announced_) {
    announced_ = true;
    remote_ = connection_.remote();
    owner_->on_established(*this);
    changed_.wake_all();
    if (ended_) return {};
  }
  pump();
  return taken;
}

void Link::note_phase() {
  for (; phase_ < connection_.phase(); phase_began_ = now()) {
    if (trace_) trace_->took[phase_] = now() - phase_began_;
    // After multiplex comes identify, which is not the connection's business.
    phase_ =
        phase_ == Phase::multiplex ? Phase::done : static_cast<Phase>(static_cast<int>(phase_) + 1);
    if (trace_) trace_->phase = phase_;
  }
  if (!trace_ || phase_ <= Phase::negotiate) return;
  trace_->security = kNoise;
  if (phase_ < Phase::done) return;
  trace_->muxer = kYamux;
  trace_->early_muxer = connection_.early_muxer();
}

Task<void> Link::write_loop(std::shared_ptr<Link> self) {
  for (;;) {
    Bytes wire;
    if (self->connection_.has_output()) {
      wire.reserve(kBatch + kMaxNoiseMessage);
      self->connection_.produce(wire, kBatch, self->now());
      self->pump();
      self->arm();
    }
    if (!wire.empty()) {
      auto write = self->tcp_->write(std::move(wire));
      auto sent = co_await std::move(write);
      if (!sent) {
        self->end(std::move(sent).error());
        co_return;
      }
      continue;
    }
    if (self->failure_) {
      self->end(*self->failure_);
      co_return;
    }
    if (self->closing_) {
      // Not closed yet: what the peer still sends would be answered by a reset, which can overtake
      // what we sent. The read loop ends it at the peer's FIN.
      self->tcp_->shutdown();
      co_return;
    }
    co_await self->output_.wait();
  }
}

/// The peer is told why (a yamux Go Away), by the writer, if the socket takes it soon.
void Link::fail_with(Error why) {
  failure_ = std::move(why);
  close_by_ = std::min(close_by_, now() + kGoodbye);
  arm();
  output_.wake_all();
}

void Link::note_held() {
  const std::uint64_t held = established() && !ended_ ? connection_.mux().held() : 0;
  const std::uint64_t before = std::exchange(held_, held);
  if (owner_ && held != before) owner_->on_held(before, held);
}

void Link::kick() {
  note_held();
  if (!ended_ && connection_.has_output()) output_.wake_all();
}

void Link::pump() {
  while (!ended_ && established()) {
    const auto event = connection_.mux().next_event();
    if (!event) break;
    const auto held = streams_.find(event->stream);
    switch (event->kind) {
      case YamuxEvent::Kind::opened:
        on_opened(event->stream);
        break;
      case YamuxEvent::Kind::readable:
        on_readable(event->stream);
        break;
      case YamuxEvent::Kind::writable:
        if (held != streams_.end()) held->second->on_writable();
        break;
      case YamuxEvent::Kind::reset:
        if (held != streams_.end()) held->second->on_reset(event->code);
        opening_.erase(event->stream);
        lingering_.erase(event->stream);
        break;
      case YamuxEvent::Kind::pong:
        break;
      case YamuxEvent::Kind::go_away:
        going_away_ = true;
        break;
    }
  }
  arm();
  kick();
}

void Link::on_opened(YamuxStreamId id) {
  const auto supported = [this](std::string_view protocol) {
    return owner_ != nullptr && owner_->supports(protocol);
  };
  auto stream = std::make_unique<MuxedStream>(shared_from_this(), id, false,
                                              Multistream::listener(supported));
  if (!connection_.mux().accept(id) || !stream->send_negotiation()) return;
  opening_.emplace(id, std::move(stream));
  expiries_.emplace_back(now() + kStreamPatience, id);
}

void Link::on_readable(YamuxStreamId id) {
  if (const auto held = streams_.find(id); held != streams_.end()) held->second->on_readable();
  if (const auto opening = opening_.find(id); opening != opening_.end()) {
    if (!opening->second->negotiated() && !opening->second->failed()) return;
    auto stream = std::move(opening->second);
    opening_.erase(opening);
    if (!stream->failed() && owner_) owner_->on_stream(*this, std::move(stream));
    return;
  }
  if (!lingering_.contains(id)) return;
  for (;;) {
    const auto got = connection_.mux().read(id, kBatch, now());
    if (got && *got && !(*got)->empty()) continue;
    if (!got || *got) lingering_.erase(id);  // reset, or ended
    return;
  }
}

Result<std::unique_ptr<MuxedStream>> Link::open(std::vector<std::string> protocols) {
  if (!usable()) return fail(Code::closed, "the connection is closing");
  P2P_TRY(const YamuxStreamId id, connection_.mux().open());
  kick();
  return std::make_unique<MuxedStream>(shared_from_this(), id, true,
                                       Multistream::dialer(std::move(protocols)));
}

Result<std::optional<Bytes>> Link::read(YamuxStreamId id, std::size_t most) {
  // What had arrived before the connection ended can still be read.
  auto got = connection_.mux().read(id, most, now());
  note_held();
  if (ended_ && (!got || !*got)) return fail(*ended_);
  return got;
}

void Link::release(MuxedStream& stream) {
  streams_.erase(stream.id_);
  if (ended_) return;
  if (!stream.write_closed_) {
    connection_.mux().reset(stream.id_);
  } else if (!stream.end_read_) {
    lingering_.emplace(stream.id_, now() + kStreamPatience);
    expiries_.emplace_back(now() + kStreamPatience, stream.id_);
    on_readable(stream.id_);
  }
  arm();
  kick();
}

void Link::on_time() {
  armed_ = kNever;
  if (ended_) return;
  if (now() >= close_by_) {
    end(failure_.value_or(Error(Code::closed, "we closed the connection")));
    return;
  }
  if (auto alive = connection_.tick(now()); !alive) {
    end(std::move(alive).error(), established());
    return;
  }
  while (!expiries_.empty() && expiries_.front().first <= now()) {
    const YamuxStreamId id = expiries_.front().second;
    expiries_.pop_front();
    expire(id);
  }
  pump();
}

void Link::expire(YamuxStreamId id) {
  // A stream may have passed from opening to lingering since, with a later expiry of its own.
  const auto lingering = lingering_.find(id);
  if (lingering != lingering_.end() && lingering->second <= now()) {
    lingering_.erase(lingering);
    connection_.mux().reset(id);
  }
  opening_.erase(id);  // which resets it
}

void Link::arm() {
  if (ended_) return;
  Time at = std::min(connection_.deadline(), close_by_);
  if (!expiries_.empty()) at = std::min(at, expiries_.front().first);
  // A deadline that moved away is noticed when the old one fires: no timer call a packet.
  if (at >= armed_) return;
  armed_ = at;
  timer_->arm(at);
}

void Link::close() {
  if (ended_ || closing_) return;
  if (!established()) {
    end(Error(Code::cancelled, "we gave up"));
    return;
  }
  closing_ = true;
  connection_.mux().go_away();
  close_by_ = now() + kGoodbye;
  arm();
  output_.wake_all();
}

void Link::end(Error why, bool reset) {
  if (ended_) return;
  const auto keep = shared_from_this();
  ended_ = std::move(why);
  timer_->disarm();
  tcp_->close(reset);
  opening_.clear();
  lingering_.clear();
  for (const auto& [id, stream] : streams_) stream->on_link_ended();
  changed_.wake_all();
  tasks_.cancel();
  note_held();
  if (owner_) owner_->on_ended(*this, phase_, *ended_);
}

void Link::abandon() {
  owner_ = nullptr;
  trace_ = nullptr;
  end(Error(Code::closed, "our side has ended"));
}

}  // namespace p2p::libp2p
