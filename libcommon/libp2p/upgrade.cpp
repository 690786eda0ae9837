#include "libp2p/upgrade.h"

#include "base/units.h"

namespace p2p::libp2p {

namespace {

// A frame's length goes into the two bytes before its plaintext.
constexpr std::size_t kLengthSize = 2;

Multistream select(Connection::Role role, std::string_view protocol) {
  if (role == Connection::Role::dialer) {
    return Multistream::dialer(std::vector<std::string>(1, std::string(protocol)));
  }
  return Multistream::listener(
      [protocol](std::string_view offered) { return offered == protocol; });
}

}  // namespace

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::resolve:
      return "resolve";
    case Phase::dial:
      return "dial";
    case Phase::negotiate:
      return "negotiate";
    case Phase::secure:
      return "secure";
    case Phase::multiplex:
      return "multiplex";
    case Phase::identify:
      return "identify";
    case Phase::ping:
      return "ping";
    case Phase::done:
      return "done";
  }
  return "unknown";
}

Connection::Connection(Role role, ConnectionConfig config, crypto::Random& random, Time now)
    : role_(role),
      config_(std::move(config)),
      random_(random),
      handshake_ends_(now + config_.handshake),
      select_(select(role, kNoise)) {
  out_ = select_->take_output();
}

Phase Connection::phase() const {
  if (mux_) return Phase::done;
  if (!channel_) return Phase::negotiate;
  return channel_->done() ? Phase::multiplex : Phase::secure;
}

Result<void> Connection::receive(ByteView wire, Time now) {
  if (!channel_) {
    auto selected = select_->receive(wire);
    append(out_, select_->take_output());
    P2P_CHECK(std::move(selected));
    if (!select_->done()) return {};
    select_.reset();
    std::vector<std::string> muxers;
    if (config_.early_muxer) muxers.emplace_back(kYamux);
    channel_.emplace(role_ == Role::dialer, config_.key, config_.expected, std::move(muxers),
                     random_);
    append(out_, channel_->take_output());
  }
  if (!channel_->done()) {
    P2P_CHECK(channel_->receive(wire));
    append(out_, channel_->take_output());
    if (!channel_->done()) return {};
    P2P_CHECK(on_secured(now));
  }
  while (!wire.empty()) {
    P2P_TRY(const auto plain, channel_->open_next(wire));
    if (plain) P2P_CHECK(receive_plain(*plain, now));
  }
  return {};
}

Result<void> Connection::on_secured(Time now) {
  if (early_muxer()) {
    start_mux(now);
    return {};
  }
  select_ = select(role_, kYamux);
  seal(select_->take_output());
  return {};
}

Result<void> Connection::receive_plain(ByteView plain, Time now) {
  if (!mux_) {
    auto selected = select_->receive(plain);
    seal(select_->take_output());
    P2P_CHECK(std::move(selected));
    if (!select_->done()) return {};
    start_mux(now);
  }
  return mux_->receive(plain, now);
}

void Connection::start_mux(Time now) {
  select_.reset();
  const auto role = role_ == Role::dialer ? Yamux::Role::client : Yamux::Role::server;
  mux_.emplace(role, config_.yamux, now);
}

void Connection::seal(ByteView plain) {
  if (plain.empty()) return;
  const std::size_t start = out_.size();
  out_.resize(start + kLengthSize);
  append(out_, plain);
  channel_->seal_in_place(out_, start);
}

std::size_t Connection::produce(Bytes& out, std::size_t at_most, Time now) {
  const std::size_t before = out.size();
  if (!out_.empty()) {
    append(out, out_);
    out_.clear();
  }
  while (mux_ && out.size() - before < at_most) {
    const std::size_t start = out.size();
    out.resize(start + kLengthSize);
    if (mux_->produce(out, kMaxNoisePlaintext, now) == 0) {
      out.resize(start);
      break;
    }
    channel_->seal_in_place(out, start);
  }
  return out.size() - before;
}

bool Connection::has_output() const { return !out_.empty() || (mux_ && mux_->has_output()); }

Time Connection::deadline() const { return mux_ ? mux_->deadline() : handshake_ends_; }

Result<void> Connection::tick(Time now) {
  if (mux_) return mux_->tick(now);
  if (now < handshake_ends_) return {};
  return fail(Code::timeout,
              "the handshake took longer than " + format_duration(config_.handshake));
}

}  // namespace p2p::libp2p
