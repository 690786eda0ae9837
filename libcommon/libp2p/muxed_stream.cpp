#include <algorithm>

#include "libp2p/link.h"

namespace p2p::libp2p {

namespace {

/// How much is read at once while a protocol is negotiated.
constexpr std::size_t kNegotiationRead = 4096;
/// What may be left of a cancelled write when the next one begins.
constexpr std::size_t kMaxBacklog = 64 * 1024;

}  // namespace

MuxedStream::MuxedStream(std::shared_ptr<Link> link, YamuxStreamId id, bool outbound,
                         Multistream negotiation)
    : link_(std::move(link)), id_(id), outbound_(outbound), negotiation_(std::move(negotiation)) {
  protocol_ = negotiation_->protocol();
  link_->streams_.emplace(id_, this);
}

MuxedStream::~MuxedStream() { link_->release(*this); }

const PeerId& MuxedStream::peer() const { return link_->remote_; }
const Multiaddr& MuxedStream::remote_addr() const { return link_->remote_addr(); }

Result<void> MuxedStream::broken() const {
  if (failed_) return fail(*failed_);
  if (link_->ended()) return fail(*link_->ended());
  return {};
}

void MuxedStream::give_up(Error why) {
  if (failed_) return;
  failed_ = std::move(why);
  if (link_->ended()) return;
  if (outbound_ || !negotiation_) {
    link_->connection_.mux().reset(id_);
  } else {
    // A reset would take our last `na` with it, and the peer would not learn what was wrong.
    write_closed_ = true;
    static_cast<void>(link_->connection_.mux().close_write(id_));
  }
}

Result<void> MuxedStream::send_negotiation() {
  if (!negotiation_ || !negotiation_->has_output()) return {};
  P2P_CHECK(link_->connection_.mux().write(id_, negotiation_->take_output()));
  link_->kick();
  return {};
}

// The negotiation goes on whether anybody reads or not, so that who only writes learns of a
// refusal.
void MuxedStream::on_readable() {
  while (negotiation_ && !failed_) {
    auto got = link_->read(id_, kNegotiationRead);
    if (!got) give_up(std::move(got).error());
    if (failed_ || !*got) break;
    if ((*got)->empty()) {
      give_up(Error(Code::closed, "the peer ended the stream before it agreed on " + protocol_));
      break;
    }
    ByteView in(**got);
    auto received = negotiation_->receive(in);
    if (auto sent = send_negotiation(); received && !sent) received = std::move(sent);
    if (!received) {
      give_up(std::move(received).error());
      break;
    }
    protocol_ = negotiation_->protocol();
    if (!negotiation_->done()) continue;
    rest_ = to_bytes(in);
    negotiation_.reset();
  }
  readable_.wake_all();
  if (failed_) writable_.wake_all();
}

void MuxedStream::on_reset(std::uint32_t code) {
  std::string why = "the peer reset the stream";
  if (code != 0) why += " with code " + std::to_string(code);
  if (!failed_) failed_ = Error(Code::reset, std::move(why));
  readable_.wake_all();
  writable_.wake_all();
}

void MuxedStream::on_link_ended() {
  readable_.wake_all();
  writable_.wake_all();
}

Task<Result<void>> MuxedStream::negotiate() {
  auto sent = send_negotiation();
  P2P_CO_CHECK(std::move(sent));
  while (negotiation_) {
    P2P_CO_CHECK(broken());
    co_await readable_.wait();
  }
  co_return Result<void>();
}

Task<Result<Bytes>> MuxedStream::read(std::size_t most) {
  if (most == 0) co_return fail(Code::invalid_argument, "read of nothing");
  if (!failed_) P2P_CO_CHECK(send_negotiation());
  for (;;) {
    if (rest_offset_ < rest_.size()) {
      const std::size_t size = std::min(most, rest_.size() - rest_offset_);
      Bytes data = to_bytes(ByteView(rest_).subspan(rest_offset_, size));
      rest_offset_ += size;
      if (rest_offset_ == rest_.size()) rest_ = Bytes();
      if (rest_.empty()) rest_offset_ = 0;
      co_return data;
    }
    if (end_read_) co_return Bytes();
    if (!negotiation_) {
      // Before failed_: what the peer sent and ended before it reset the stream can still be read.
      auto got = link_->read(id_, most);
      if (!got) co_return fail(failed_.value_or(std::move(got).error()));
      if (*got) {
        end_read_ = (*got)->empty();
        link_->kick();
        co_return std::move(**got);
      }
    }
    P2P_CO_CHECK(broken());
    co_await readable_.wait();
  }
}

Task<Result<void>> MuxedStream::write(Bytes data) {
  P2P_CO_CHECK(broken());
  if (write_closed_) co_return fail(Code::closed, "our side of the stream was closed");
  P2P_CO_CHECK(send_negotiation());
  // A write that was cancelled may still be on its way.
  while (link_->connection_.mux().unsent(id_) > kMaxBacklog) {
    co_await writable_.wait();
    P2P_CO_CHECK(broken());
  }
  if (data.empty()) co_return Result<void>();
  P2P_CO_CHECK(link_->connection_.mux().write(id_, std::move(data)));
  link_->kick();
  while (link_->connection_.mux().unsent(id_) > 0) {
    co_await writable_.wait();
    P2P_CO_CHECK(broken());
  }
  co_return broken();
}

void MuxedStream::close_write() {
  if (write_closed_ || !broken()) return;
  // A half-close before the proposal was written would leave the peer without a protocol.
  static_cast<void>(send_negotiation());
  write_closed_ = true;
  static_cast<void>(link_->connection_.mux().close_write(id_));
  link_->kick();
}

void MuxedStream::reset(std::uint32_t code) {
  if (!broken()) return;
  failed_ = Error(Code::reset, "we reset the stream");
  link_->connection_.mux().reset(id_, code);
  link_->kick();
  readable_.wake_all();
  writable_.wake_all();
}

std::size_t MuxedStream::buffered() const {
  const std::size_t rest = rest_.size() - rest_offset_;
  return negotiation_ ? 0 : rest + link_->connection_.mux().buffered(id_);
}

}  // namespace p2p::libp2p
