#include "libp2p/identify.h"

#include <iterator>

#include "codec/protobuf.h"

namespace p2p::libp2p {

namespace {

/// Past this size go-libp2p sends the signed record on its own, for peers that read little.
constexpr std::size_t kSplitSize = 2048;

}  // namespace

Bytes IdentifyMessage::encode() const {
  codec::ProtoWriter writer;
  if (public_key) writer.bytes(1, *public_key);
  for (const auto& addr : listen_addrs) writer.bytes(2, addr);
  for (const auto& protocol : protocols) writer.text(3, protocol);
  if (observed) writer.bytes(4, *observed);
  if (protocol_version) writer.text(5, *protocol_version);
  if (agent) writer.text(6, *agent);
  if (signed_record) writer.bytes(8, *signed_record);
  return writer.take();
}

Result<IdentifyMessage> IdentifyMessage::decode(ByteView protobuf) {
  IdentifyMessage message;
  codec::ProtoReader reader(protobuf);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) return message;
    if (field->type != codec::ProtoField::Type::bytes) continue;
    switch (field->number) {
      case 1:
        message.public_key = to_bytes(field->bytes);
        break;
      case 2:
        message.listen_addrs.push_back(to_bytes(field->bytes));
        break;
      case 3:
        message.protocols.push_back(to_text(field->bytes));
        break;
      case 4:
        message.observed = to_bytes(field->bytes);
        break;
      case 5:
        message.protocol_version = to_text(field->bytes);
        break;
      case 6:
        message.agent = to_text(field->bytes);
        break;
      case 8:
        message.signed_record = to_bytes(field->bytes);
        break;
      default:
        break;
    }
  }
}

void IdentifyMessage::merge(IdentifyMessage more) {
  const auto replace = [](auto& ours, auto& theirs) {
    if (theirs) ours = std::move(theirs);
  };
  const auto grow = [](auto& ours, auto& theirs) {
    ours.insert(ours.end(), std::make_move_iterator(theirs.begin()),
                std::make_move_iterator(theirs.end()));
  };
  replace(protocol_version, more.protocol_version);
  replace(agent, more.agent);
  replace(public_key, more.public_key);
  replace(observed, more.observed);
  replace(signed_record, more.signed_record);
  grow(listen_addrs, more.listen_addrs);
  grow(protocols, more.protocols);
}

Result<void> IdentifyMessage::apply_to(Identity& identity, const crypto::PublicKey& key) const {
  if (public_key) {
    P2P_TRY(const crypto::PublicKey claimed, multiformats::decode_public_key(*public_key));
    if (claimed != key)
      return fail(Code::mismatch, "identify names another key than the connection's");
  }
  identity.peer = PeerId::of(key);
  identity.key = key;
  if (agent) identity.agent = *agent;
  if (protocol_version) identity.protocol_version = *protocol_version;
  if (!protocols.empty()) {
    identity.protocols = protocols;
    if (identity.protocols.size() > kMaxPeerProtocols) identity.protocols.resize(kMaxPeerProtocols);
  }
  if (observed) {
    // js-libp2p adds our own peer id.
    if (auto addr = Multiaddr::decode(*observed)) identity.observed = addr->without_peer();
  }
  if (!listen_addrs.empty()) {
    identity.signed_record = false;
    identity.listen_addrs.clear();
    for (const auto& binary : listen_addrs) {
      if (auto addr = Multiaddr::decode(binary)) identity.listen_addrs.push_back(std::move(*addr));
    }
  }
  if (signed_record) {
    auto record = PeerRecord::open(*signed_record);
    if (record && record->peer == identity.peer) {
      identity.signed_record = true;
      identity.listen_addrs = std::move(record->addrs);
    }
  }
  if (identity.listen_addrs.size() > kMaxPeerAddrs) identity.listen_addrs.resize(kMaxPeerAddrs);
  return {};
}

std::vector<Bytes> split_for_sending(IdentifyMessage message) {
  auto record = std::move(message.signed_record);
  message.signed_record.reset();
  Bytes first = message.encode();
  for (; first.size() > kMaxIdentifySent && !message.listen_addrs.empty();
       first = message.encode()) {
    message.listen_addrs.pop_back();
  }
  std::vector<Bytes> messages;
  if (!record) {
    messages.push_back(std::move(first));
    return messages;
  }
  IdentifyMessage rest;
  rest.signed_record = std::move(record);
  Bytes second = rest.encode();
  if (first.size() + second.size() <= kSplitSize) {
    append(first, second);  // the concatenation of two messages is their merger
    messages.push_back(std::move(first));
  } else {
    messages.push_back(std::move(first));
    messages.push_back(std::move(second));
  }
  return messages;
}

}  // namespace p2p::libp2p
