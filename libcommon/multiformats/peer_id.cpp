#include "multiformats/peer_id.h"

#include <algorithm>
#include <optional>

#include "base/basen.h"
#include "base/varint.h"
#include "crypto/wipe.h"
#include "multiformats/cid.h"

namespace p2p::multiformats {
namespace {

/// specs/peer-ids: longer encodings are hashed.
constexpr std::size_t kMaxInlineKey = 42;

/// An RSA key of 8,192 bits takes 1,062 bytes; nothing else comes near.
constexpr std::size_t kMaxKeyMessage = 2048;

constexpr std::uint64_t kTypeTag = 1 << 3 | 0;  // field 1, varint
constexpr std::uint64_t kDataTag = 2 << 3 | 2;  // field 2, length-delimited

struct KeyMessage {
  std::uint64_t type = 0;
  ByteView data;
};

/// PublicKey and PrivateKey have the same two required fields. The specification allows no others,
/// and only minimal varints.
Result<KeyMessage> read_key_message(ByteView in) {
  if (in.size() > kMaxKeyMessage) return fail(Code::limit, "key is longer than 2,048 bytes");
  std::optional<std::uint64_t> type;
  std::optional<ByteView> data;
  while (!in.empty()) {
    P2P_TRY(const auto tag, read_varint(in));
    P2P_TRY(const auto number, read_varint(in));
    if (tag == kTypeTag && !type) {
      type = number;
    } else if (tag == kDataTag && !data) {
      if (number > in.size()) return fail(Code::parse, "key data is cut short");
      data = in.first(number);
      in = in.subspan(number);
    } else {
      return fail(Code::parse, "key has a repeated or unknown field");
    }
  }
  if (!type || !data) return fail(Code::parse, "key lacks its type or its data");
  return KeyMessage{*type, *data};
}

Bytes write_key_message(crypto::KeyType type, ByteView data) {
  Bytes out;
  append_varint(out, kTypeTag);
  append_varint(out, static_cast<std::uint64_t>(type));
  append_varint(out, kDataTag);
  append_varint(out, data.size());
  append(out, data);
  return out;
}

Bytes multihash_of(const crypto::PublicKey& key) {
  const auto encoded = encode_public_key(key);
  Bytes out;
  if (encoded.size() <= kMaxInlineKey) {
    append_varint(out, static_cast<std::uint64_t>(HashCode::identity));
    append_varint(out, encoded.size());
    append(out, encoded);
    return out;
  }
  return Multihash::of(crypto::HashAlg::sha2_256, encoded).encode();
}

}  // namespace

PeerId PeerId::of(const crypto::PublicKey& key) {
  PeerId id;
  id.bytes_ = multihash_of(key);
  return id;
}

Result<PeerId> PeerId::from_bytes(ByteView multihash) {
  P2P_TRY(const auto hash, Multihash::decode(multihash));
  PeerId id;
  id.bytes_ = to_bytes(multihash);
  if (hash.code() == HashCode::identity) {
    P2P_TRY(const auto key, decode_public_key(hash.digest()));
    // Another encoding of the key would be a second name of one peer, or one that no key matches.
    if (!id.matches(key)) return fail(Code::parse, "peer id is not its key's own");
  } else if (hash.code() != HashCode::sha2_256 || hash.digest().size() != 32) {
    return fail(Code::parse, "peer id is neither an inline key nor a sha2-256 hash");
  }
  return id;
}

Result<PeerId> PeerId::parse(std::string_view text) {
  if (text.starts_with("1") || text.starts_with("Qm")) {
    P2P_TRY(const auto bytes, base58_decode(text));
    return from_bytes(bytes);
  }
  P2P_TRY(const auto cid, Cid::parse(text));
  if (cid.codec() != Codec::libp2p_key) {
    return fail(Code::parse, "CID is of codec " + name_of(cid.codec()) + ", not libp2p-key");
  }
  return from_bytes(cid.hash().encode());
}

std::string PeerId::text() const { return base58_encode(bytes_); }

Result<crypto::PublicKey> PeerId::public_key() const {
  P2P_TRY(const auto hash, Multihash::decode(bytes_));
  if (hash.code() != HashCode::identity) {
    return fail(Code::not_found, "peer id is a hash and carries no key");
  }
  return decode_public_key(hash.digest());
}

bool PeerId::matches(const crypto::PublicKey& key) const { return bytes_ == multihash_of(key); }

Bytes encode_public_key(const crypto::PublicKey& key) {
  return write_key_message(key.type, key.data);
}

Result<crypto::PublicKey> decode_public_key(ByteView protobuf) {
  P2P_TRY(const auto message, read_key_message(protobuf));
  if (message.type > static_cast<std::uint64_t>(crypto::KeyType::ecdsa)) {
    return fail(Code::unsupported, "key type " + std::to_string(message.type) + " is unknown");
  }
  crypto::PublicKey key{static_cast<crypto::KeyType>(message.type), to_bytes(message.data)};
  P2P_CHECK(crypto::check_key(key));
  return key;
}

Bytes encode_private_key(const crypto::SigningKey& key) {
  Bytes data(key.seed().begin(), key.seed().end());
  append(data, key.public_key().data);
  return write_key_message(crypto::KeyType::ed25519, data);
}

Result<crypto::SigningKey> decode_private_key(ByteView protobuf) {
  P2P_TRY(const auto message, read_key_message(protobuf));
  if (message.type != static_cast<std::uint64_t>(crypto::KeyType::ed25519)) {
    return fail(Code::unsupported, "only Ed25519 private keys are supported");
  }
  const auto data = message.data;
  if (data.size() != 64 && data.size() != 96) {
    return fail(Code::parse,
                "an Ed25519 private key has 64 or 96 bytes, not " + std::to_string(data.size()));
  }
  std::array<std::uint8_t, 32> seed;
  std::ranges::copy(data.first(32), seed.begin());
  auto key = crypto::SigningKey::from_seed(seed);
  crypto::wipe(seed);
  const auto share = key.public_key().data;
  for (auto rest = data.subspan(32); !rest.empty(); rest = rest.subspan(32)) {
    if (!equal(rest.first(32), share)) {
      return fail(Code::corrupt, "private key and public key do not belong together");
    }
  }
  return key;
}

}  // namespace p2p::multiformats
