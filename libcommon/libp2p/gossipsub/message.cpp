#include "libp2p/gossipsub/message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/basen.h"
#include "base/endian.h"
#include "base/varint.h"
#include "codec/protobuf.h"
#include "crypto/hash.h"

namespace p2p::libp2p::gossipsub {

namespace {

constexpr std::string_view kSignPrefix = "libp2p-pubsub:";
constexpr std::size_t kSeqnoSize = 8;
constexpr std::array<std::uint8_t, 2> kSha256Multihash{0x12, 0x20};
constexpr std::size_t kSha256IdSize = 34;
/// A peer id holds its key inline up to this size (specs/peer-ids).
constexpr std::size_t kMaxInlineKey = 42;
/// Lengths of base58 peer ids: Ed25519 "12D3Koo…", secp256k1 "16Uiu2H…", hashed "Qm…".
constexpr std::array<std::size_t, 3> kBase58Sizes{52, 53, 46};

/// Fields 1 to 4, the part that is signed.
void write_content(codec::ProtoWriter& out, const Message& message) {
  if (!message.from.empty()) out.bytes(1, message.from);
  if (message.data) out.bytes(2, *message.data);
  if (!message.seqno.empty()) out.bytes(3, message.seqno);
  if (!message.topic.empty()) out.text(4, message.topic);
}

Bytes signed_part(const Message& message) {
  codec::ProtoWriter content;
  write_content(content, message);
  Bytes out = to_bytes(kSignPrefix);
  append(out, content.message());
  return out;
}

/// The author's PublicKey protobuf: inline in the id, or beside it.
ByteView author_key(const Message& message) {
  const ByteView from(message.from);
  if (from.size() > 2 && from[0] == 0 && from[1] == from.size() - 2) return from.subspan(2);
  return message.key;
}

Result<crypto::PublicKey> verification_key(const Message& message) {
  P2P_TRY(const PeerId author, PeerId::from_bytes(message.from));
  if (message.key.empty()) return author.public_key();
  P2P_TRY(crypto::PublicKey key, multiformats::decode_public_key(message.key));
  if (!author.matches(key)) {
    return fail(Code::authentication, "the message's key is not its author's");
  }
  return key;
}

std::optional<MessageId> read_go(ByteView wire) {
  const std::size_t id_size = wire[0] == 0 && wire.size() > 1 ? 2u + wire[1] : kSha256IdSize;
  if (wire.size() != id_size + kSeqnoSize) return std::nullopt;
  if (wire[0] != 0 && wire[1] != kSha256Multihash[1]) return std::nullopt;
  return to_bytes(wire);
}

std::optional<MessageId> read_js(ByteView wire) {
  if (wire.size() <= kSeqnoSize + 2) return std::nullopt;
  const ByteView key = wire.first(wire.size() - kSeqnoSize);
  Bytes id;
  if (key.size() <= kMaxInlineKey) {
    id.push_back(0);
    id.push_back(static_cast<std::uint8_t>(key.size()));
    append(id, key);
  } else {
    append(id, kSha256Multihash);
    append(id, crypto::sha256(key));
  }
  append(id, wire.last(kSeqnoSize));
  return id;
}

std::optional<MessageId> read_rust(ByteView wire) {
  const std::string_view text = as_text(wire);
  for (const std::size_t size : kBase58Sizes) {
    if (text.size() <= size) continue;
    const std::string_view digits = text.substr(size);
    std::uint64_t seqno = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seqno);
    if (error != std::errc() || end != digits.data() + digits.size()) continue;
    if (digits.size() > 1 && digits[0] == '0') continue;
    auto id = base58_decode(text.substr(0, size));
    if (!id || id->size() < 2) continue;
    const bool inline_key = (*id)[0] == 0 && id->size() == 2u + (*id)[1];
    const bool hashed =
        id->size() == kSha256IdSize && std::ranges::equal(ByteView(*id).first(2), kSha256Multihash);
    if (!inline_key && !hashed) continue;
    append_be(*id, seqno);
    return std::move(*id);
  }
  return std::nullopt;
}

}  // namespace

Bytes encode(const Message& message) {
  codec::ProtoWriter out;
  write_content(out, message);
  if (!message.signature.empty()) out.bytes(5, message.signature);
  if (!message.key.empty()) out.bytes(6, message.key);
  return out.take();
}

std::size_t encoded_size(const Message& message) {
  const auto present = [](std::size_t size) { return 1 + varint_size(size) + size; };
  const auto field = [&](std::size_t size) { return size == 0 ? 0 : present(size); };
  return field(message.from.size()) + (message.data ? present(message.data->size()) : 0) +
         field(message.seqno.size()) + field(message.topic.size()) +
         field(message.signature.size()) + field(message.key.size());
}

std::uint64_t SeqnoSource::next(WallTime now) {
  const auto nanoseconds =
      static_cast<std::uint64_t>(std::max<Duration::rep>(now.time_since_epoch().count(), 0)) * 1000;
  last_ = std::max(nanoseconds, last_ + 1);
  return last_;
}

MessagePtr make_message(const crypto::SigningKey& key, std::string topic, Bytes data,
                        std::uint64_t seqno) {
  auto message = std::make_shared<Message>();
  message->from = PeerId::of(key.public_key()).bytes();
  message->data = std::move(data);
  append_be(message->seqno, seqno);
  message->topic = std::move(topic);
  message->signature = key.sign(signed_part(*message));
  return message;
}

Result<void> verify(const Message& message) {
  if (message.from.empty()) return fail(Code::authentication, "the message has no author");
  if (message.seqno.size() != kSeqnoSize) {
    return fail(Code::authentication, "the message's sequence number is not 8 bytes");
  }
  if (message.signature.empty()) return fail(Code::authentication, "the message is not signed");
  P2P_TRY(const crypto::PublicKey key, verification_key(message));
  if (!crypto::verify(key, signed_part(message), message.signature)) {
    return fail(Code::authentication, "the message's signature does not verify");
  }
  return {};
}

std::uint64_t seqno_of(const Message& message) {
  return message.seqno.size() == kSeqnoSize ? load_be<std::uint64_t>(message.seqno.data()) : 0;
}

std::string_view name_of(IdForm form) {
  switch (form) {
    case IdForm::go:
      return "go";
    case IdForm::js:
      return "js";
    case IdForm::rust:
      return "rust";
  }
  return "go";
}

MessageId message_id(const Message& message) {
  MessageId id = message.from;
  append(id, message.seqno);
  return id;
}

Bytes wire_id(const Message& message, IdForm form) {
  if (form == IdForm::rust) {
    return to_bytes(base58_encode(message.from) + std::to_string(seqno_of(message)));
  }
  const ByteView key = author_key(message);
  if (form == IdForm::go || key.empty()) return message_id(message);
  Bytes id = to_bytes(key);
  append(id, message.seqno);
  return id;
}

std::optional<ReadId> read_id(ByteView wire) {
  if (wire.size() < 2) return std::nullopt;
  std::optional<MessageId> id;
  IdForm form = IdForm::go;
  switch (wire[0]) {
    case 0x00:  // identity multihash
    case 0x12:  // sha2-256 multihash
      id = read_go(wire);
      break;
    case 0x08:  // a PublicKey's first field
      form = IdForm::js;
      id = read_js(wire);
      break;
    case '1':
    case 'Q':
      form = IdForm::rust;
      id = read_rust(wire);
      break;
    default:
      break;
  }
  if (!id) return std::nullopt;
  return ReadId{std::move(*id), form};
}

IdForm form_of_agent(std::string_view agent) {
  if (agent.starts_with("js-libp2p")) return IdForm::js;
  if (agent.starts_with("rust-libp2p")) return IdForm::rust;
  return IdForm::go;
}

}  // namespace p2p::libp2p::gossipsub
