#include "libp2p/multistream.h"

#include <algorithm>

#include "base/basen.h"
#include "base/varint.h"
#include "libp2p/stranger.h"

namespace p2p::libp2p {

namespace {

/// The header as it stands on the wire: its length (19), the text, the newline.
constexpr std::string_view kHeader = "\x13/multistream/1.0.0\n";

/// The start of what a stranger sent, for the error message: as text if it is text, else in hex.
std::string printable(ByteView bytes) {
  const ByteView start = bytes.first(std::min<std::size_t>(bytes.size(), 24));
  std::string text = "\"";
  for (const std::uint8_t c : start) {
    if (c == '\r' || c == '\n') break;
    if (c < 0x20 || c >= 0x7f)
      return hex_encode(start.first(std::min<std::size_t>(start.size(), 8)));
    text += static_cast<char>(c);
  }
  return text + '"';
}

}  // namespace

Multistream::Multistream(bool dialer, std::vector<std::string> offers,
                         std::function<bool(std::string_view)> supported)
    : dialer_(dialer), offers_(std::move(offers)), supported_(std::move(supported)) {
  send(kMultistream);
}

Multistream Multistream::dialer(std::vector<std::string> protocols) {
  Multistream m(true, std::move(protocols), {});
  if (!m.offers_.empty()) {
    m.protocol_ = m.offers_.front();
    m.next_offer_ = 1;
    m.send(m.protocol_);
  }
  return m;
}

Multistream Multistream::listener(std::function<bool(std::string_view)> supported) {
  return Multistream(false, {}, std::move(supported));
}

void Multistream::send(std::string_view text) {
  append_varint(out_, text.size() + 1);
  append(out_, text);
  out_.push_back('\n');
}

// Fails at the first byte that differs, so that another protocol's server is recognised by its
// greeting instead of being waited for.
Result<void> Multistream::check_header() const {
  if (kHeader.starts_with(as_text(partial_))) return {};
  const std::string_view stranger = recognise_stranger(partial_);
  const std::string sent = ": it sent " + printable(partial_);
  if (stranger.empty()) {
    return fail(Code::protocol, "peer does not speak multistream-select" + sent);
  }
  return fail(Error(Code::protocol, "that is " + std::string(stranger) + ", no libp2p peer" + sent)
                  .with_hint("is the port right? libp2p often listens at 4001"));
}

Result<std::optional<std::size_t>> Multistream::message_size() const {
  P2P_TRY(const auto length, peek_varint(partial_));
  if (!length) return std::nullopt;
  if (length->value == 0) return fail(Code::protocol, "empty multistream message");
  if (length->value > kMaxProtocolReceived) {
    return fail(Code::limit, "multistream message of " + std::to_string(length->value) +
                                 " bytes, at most " + std::to_string(kMaxProtocolReceived) +
                                 " are accepted");
  }
  return length->size + static_cast<std::size_t>(length->value);
}

Result<void> Multistream::receive(ByteView& in) {
  while (state_ != State::done && !in.empty()) {
    // A length needs at most three bytes within the bound, so byte by byte is no cost until it is
    // known; then the message is taken in one piece.
    P2P_TRY(std::optional<std::size_t> size, message_size());
    const std::size_t take = std::min(size ? *size - partial_.size() : 1, in.size());
    append(partial_, in.first(take));
    in = in.subspan(take);
    if (state_ == State::header) {
      if (auto ok = check_header(); !ok) {
        // Whatever else came in the same read makes the message more telling.
        append(partial_, in.first(std::min<std::size_t>(in.size(), 24)));
        return check_header();
      }
    }
    P2P_TRY(size, message_size());
    if (!size || partial_.size() < *size) continue;

    const Bytes whole = std::exchange(partial_, {});
    ByteView body(whole);
    P2P_CHECK(read_varint(body));
    if (body.back() != '\n') return fail(Code::protocol, "multistream message without a newline");
    P2P_CHECK(on_message(as_text(body.first(body.size() - 1))));
  }
  return {};
}

Result<void> Multistream::on_message(std::string_view text) {
  switch (state_) {
    case State::header:  // check_header has compared it
      state_ = dialer_ ? State::answer : State::proposal;
      return {};
    case State::answer:
      return on_answer(text);
    case State::proposal:
      return on_proposal(text);
    case State::done:
      break;
  }
  return fail(Code::internal, "multistream message after the end of the negotiation");
}

Result<void> Multistream::on_answer(std::string_view text) {
  if (text == protocol_ && !protocol_.empty()) {
    state_ = State::done;
    return {};
  }
  if (text != "na") {
    return fail(Code::protocol,
                "peer answered " + printable(as_bytes(text)) + " to the proposal of " + protocol_);
  }
  if (next_offer_ == offers_.size()) {
    std::string all;
    for (const auto& offer : offers_) all += (all.empty() ? "" : ", ") + offer;
    return fail(Code::unsupported, "peer does not support " + all);
  }
  protocol_ = offers_[next_offer_++];
  send(protocol_);
  return {};
}

Result<void> Multistream::on_proposal(std::string_view text) {
  if (supported_(text)) {
    protocol_ = text;
    send(protocol_);
    state_ = State::done;
    return {};
  }
  if (++proposals_ > kMaxProposals) {
    return fail(Code::limit, "peer proposed more than " + std::to_string(kMaxProposals) +
                                 " protocols that we do not speak");
  }
  send("na");
  return {};
}

}  // namespace p2p::libp2p
