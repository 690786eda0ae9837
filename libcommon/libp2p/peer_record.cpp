#include "libp2p/peer_record.h"

#include "base/varint.h"
#include "codec/protobuf.h"

namespace p2p::libp2p {

namespace {

Bytes signed_bytes(std::string_view domain, ByteView payload_type, ByteView payload) {
  Bytes bytes;
  for (const ByteView part : {as_bytes(domain), payload_type, payload}) {
    append_varint(bytes, part.size());
    append(bytes, part);
  }
  return bytes;
}

}  // namespace

Envelope Envelope::seal(const crypto::SigningKey& key, std::string_view domain,
                        ByteView payload_type, Bytes payload) {
  Envelope envelope;
  envelope.key = key.public_key();
  envelope.payload_type = to_bytes(payload_type);
  envelope.signature = key.sign(signed_bytes(domain, payload_type, payload));
  envelope.payload = std::move(payload);
  return envelope;
}

Bytes Envelope::encode() const {
  codec::ProtoWriter writer;
  writer.bytes(1, multiformats::encode_public_key(key));
  writer.bytes(2, payload_type).bytes(3, payload).bytes(5, signature);
  return writer.take();
}

Result<Envelope> Envelope::decode(ByteView protobuf) {
  if (protobuf.size() > kMaxEnvelope) return fail(Code::limit, "signed envelope is too long");
  Envelope envelope;
  Bytes key;
  codec::ProtoReader reader(protobuf);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) break;
    if (field->is_bytes(1)) key = to_bytes(field->bytes);
    if (field->is_bytes(2)) envelope.payload_type = to_bytes(field->bytes);
    if (field->is_bytes(3)) envelope.payload = to_bytes(field->bytes);
    if (field->is_bytes(5)) envelope.signature = to_bytes(field->bytes);
  }
  P2P_TRY(envelope.key, multiformats::decode_public_key(key));
  return envelope;
}

Result<Envelope> Envelope::open(ByteView protobuf, std::string_view domain) {
  P2P_TRY(Envelope envelope, decode(protobuf));
  if (!crypto::verify(envelope.key, signed_bytes(domain, envelope.payload_type, envelope.payload),
                      envelope.signature)) {
    return fail(Code::authentication, "signed envelope does not verify");
  }
  return envelope;
}

Bytes PeerRecord::encode() const {
  codec::ProtoWriter writer;
  writer.bytes(1, peer.bytes()).varint(2, seq);
  for (const auto& addr : addrs) {
    codec::ProtoWriter info;
    writer.bytes(3, info.bytes(1, addr.encode()).message());
  }
  return writer.take();
}

Result<PeerRecord> PeerRecord::decode(ByteView protobuf) {
  PeerRecord record;
  codec::ProtoReader reader(protobuf);
  for (;;) {
    P2P_TRY(const auto field, reader.next());
    if (!field) break;
    if (field->is_bytes(1)) {
      P2P_TRY(record.peer, PeerId::from_bytes(field->bytes));
    } else if (field->is_varint(2)) {
      record.seq = field->value;
    } else if (field->is_bytes(3)) {
      codec::ProtoReader info(field->bytes);
      for (;;) {
        P2P_TRY(const auto part, info.next());
        if (!part) break;
        if (!part->is_bytes(1)) continue;
        if (auto addr = Multiaddr::decode(part->bytes)) record.addrs.push_back(std::move(*addr));
      }
    }
  }
  if (record.peer.empty()) return fail(Code::parse, "peer record names no peer");
  return record;
}

Bytes PeerRecord::sign(const crypto::SigningKey& key) const {
  return Envelope::seal(key, kPeerRecordDomain, kPeerRecordType, encode()).encode();
}

Result<PeerRecord> PeerRecord::open(ByteView envelope) {
  P2P_TRY(const Envelope opened, Envelope::open(envelope, kPeerRecordDomain));
  if (!equal(opened.payload_type, kPeerRecordType)) {
    return fail(Code::parse, "signed envelope holds no peer record");
  }
  P2P_TRY(PeerRecord record, decode(opened.payload));
  if (!record.peer.matches(opened.key)) {
    return fail(Code::authentication, "peer record was not signed by the peer it is about");
  }
  return record;
}

}  // namespace p2p::libp2p
