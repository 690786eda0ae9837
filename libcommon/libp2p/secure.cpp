#include "libp2p/secure.h"

#include <algorithm>

#include "base/endian.h"
#include "codec/protobuf.h"

namespace p2p::libp2p {

namespace {

constexpr std::string_view kSignaturePrefix = "noise-libp2p-static-key:";
constexpr std::size_t kLengthSize = 2;

Bytes signed_bytes(const crypto::X25519Key& static_share) {
  Bytes bytes = to_bytes(kSignaturePrefix);
  append(bytes, static_share);
  return bytes;
}

}  // namespace

Bytes NoisePayload::encode() const {
  codec::ProtoWriter extensions;
  for (const auto& muxer : muxers) extensions.text(2, muxer);
  codec::ProtoWriter payload;
  payload.bytes(1, identity_key).bytes(2, identity_sig);
  if (!muxers.empty()) payload.bytes(4, extensions.message());
  return payload.take();
}

Result<NoisePayload> NoisePayload::decode(ByteView protobuf) {
  NoisePayload payload;
  codec::ProtoReader reader(protobuf);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) return payload;
    if (field->is_bytes(1)) {
      payload.identity_key = to_bytes(field->bytes);
    } else if (field->is_bytes(2)) {
      payload.identity_sig = to_bytes(field->bytes);
    } else if (field->is_bytes(4)) {
      codec::ProtoReader extensions(field->bytes);
      for (;;) {
        P2P_TRY(const auto extension, extensions.next());
        if (!extension) break;
        if (extension->is_bytes(2)) payload.muxers.push_back(to_text(extension->bytes));
      }
    }
  }
}

SecureChannel::SecureChannel(bool initiator, const crypto::SigningKey& identity,
                             std::optional<PeerId> expected, std::vector<std::string> muxers,
                             crypto::Random& random)
    : initiator_(initiator),
      identity_(identity),
      expected_(std::move(expected)),
      muxers_(std::move(muxers)),
      static_(crypto::x25519_generate(random)) {
  handshake_.emplace(initiator, ByteView(), static_, random);
  // Message 1 is a bare ephemeral key: no Diffie-Hellman that could fail.
  if (initiator_) static_cast<void>(write_message(false));
}

Result<void> SecureChannel::receive(ByteView& in) {
  while (!done() && !in.empty()) {
    P2P_TRY(const auto message, next_frame(in, kMaxHandshakeMessage));
    if (message) P2P_CHECK(on_message(*message));
  }
  return {};
}

Result<void> SecureChannel::on_message(ByteView message) {
  P2P_TRY(const Bytes payload, handshake_->read(message));
  if (initiator_) {  // message 2
    P2P_CHECK(check_payload(payload));
    P2P_CHECK(write_message(true));
    finish();
  } else if (!handshake_->done()) {  // message 1; what a peer puts into it is not authenticated
    P2P_CHECK(write_message(true));
  } else {  // message 3
    P2P_CHECK(check_payload(payload));
    finish();
  }
  return {};
}

Result<void> SecureChannel::write_message(bool with_payload) {
  Bytes payload;
  if (with_payload) {
    NoisePayload message;
    message.identity_key = multiformats::encode_public_key(identity_.public_key());
    message.identity_sig = identity_.sign(signed_bytes(static_.share));
    message.muxers = muxers_;
    payload = message.encode();
  }
  const std::size_t start = out_.size();
  out_.resize(start + kLengthSize);
  P2P_CHECK(handshake_->write(payload, out_));
  store_be(&out_[start], static_cast<std::uint16_t>(out_.size() - start - kLengthSize));
  return {};
}

Result<void> SecureChannel::check_payload(ByteView payload) {
  P2P_TRY(const NoisePayload message, NoisePayload::decode(payload));
  P2P_TRY(remote_key_, multiformats::decode_public_key(message.identity_key));
  if (!crypto::verify(remote_key_, signed_bytes(handshake_->remote_static()),
                      message.identity_sig)) {
    return fail(Code::authentication, "peer's signature of its Noise key does not verify");
  }
  remote_ = PeerId::of(remote_key_);
  if (expected_ && remote_ != *expected_) {
    return fail(Code::mismatch, "peer is " + remote_.text() + ", not " + expected_->text());
  }
  const auto& first = initiator_ ? muxers_ : message.muxers;
  const auto& second = initiator_ ? message.muxers : muxers_;
  if (message.muxers.size() <= kMaxMuxers) {
    for (const auto& muxer : first) {
      if (std::find(second.begin(), second.end(), muxer) == second.end()) continue;
      early_muxer_ = muxer;
      break;
    }
  }
  return {};
}

void SecureChannel::finish() {
  auto keys = handshake_->split();
  send_.emplace(std::move(keys.send));
  receive_.emplace(std::move(keys.receive));
  handshake_.reset();
}

void SecureChannel::seal_in_place(Bytes& out, std::size_t start) {
  const std::size_t size = out.size() - start - kLengthSize;
  out.resize(out.size() + crypto::kAeadTagSize);
  store_be(&out[start], static_cast<std::uint16_t>(size + crypto::kAeadTagSize));
  const MutableBytes frame = MutableBytes(out).subspan(start + kLengthSize);
  send_->seal({}, frame.first(size), frame);
}

Result<std::optional<ByteView>> SecureChannel::next_frame(ByteView& in, std::size_t most) {
  const auto size_of = [most](ByteView frame) -> Result<std::size_t> {
    const std::size_t size = load_be<std::uint16_t>(frame.data());
    if (size <= most) return size + kLengthSize;
    return fail(Code::limit, "Noise message of " + std::to_string(size) + " bytes, at most " +
                                 std::to_string(most) + " are accepted");
  };
  // The common case: the whole frame lies in `in` and is read where it lies.
  if (frame_.empty() && in.size() >= kLengthSize) {
    P2P_TRY(const std::size_t size, size_of(in));
    if (in.size() >= size) {
      const ByteView message = in.first(size).subspan(kLengthSize);
      in = in.subspan(size);
      return message;
    }
    frame_.reserve(size);
  }
  const auto fill = [this, &in](std::size_t to) {
    const std::size_t take = std::min(to - frame_.size(), in.size());
    append(frame_, in.first(take));
    in = in.subspan(take);
    return frame_.size() == to;
  };
  if (frame_.size() < kLengthSize && !fill(kLengthSize)) return std::nullopt;
  P2P_TRY(const std::size_t size, size_of(frame_));
  if (!fill(size)) return std::nullopt;
  plain_.swap(frame_);  // keeps both buffers' memory
  frame_.clear();
  return ByteView(plain_).subspan(kLengthSize);
}

Result<std::optional<ByteView>> SecureChannel::open_next(ByteView& in) {
  P2P_TRY(const auto sealed, next_frame(in, kMaxNoiseMessage));
  if (!sealed) return std::nullopt;
  if (sealed->size() < crypto::kAeadTagSize) return fail(Code::parse, "Noise message is too short");
  const std::size_t size = sealed->size() - crypto::kAeadTagSize;
  // A frame that came in pieces lies in plain_ already and is opened in place.
  const bool in_place = !plain_.empty() && sealed->data() == plain_.data() + kLengthSize;
  if (!in_place && plain_.size() < size) plain_.resize(size);
  const MutableBytes out = MutableBytes(plain_).subspan(in_place ? kLengthSize : 0, size);
  if (!receive_->open({}, *sealed, out)) {
    return fail(Code::authentication, "Noise message does not verify");
  }
  return ByteView(out);
}

}  // namespace p2p::libp2p
