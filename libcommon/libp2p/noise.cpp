#include "libp2p/noise.h"

#include <algorithm>

#include "base/endian.h"

namespace p2p::libp2p {

namespace {

// Exactly 32 characters, so that by section 5.2 the name itself is the first hash.
constexpr std::string_view kName = "Noise_XX_25519_ChaChaPoly_SHA256";
static_assert(kName.size() == 32);

constexpr std::size_t kKeySize = 32;

struct TwoKeys {
  crypto::Digest32 first;
  crypto::Digest32 second;
};

/// HKDF with two outputs (section 4.3).
TwoKeys hkdf(const crypto::Digest32& chaining_key, ByteView input) {
  const crypto::Digest32 temp = crypto::hmac_sha256(chaining_key, input);
  const std::uint8_t one = 1;
  TwoKeys out;
  out.first = crypto::hmac_sha256(temp, ByteView(&one, 1));
  std::array<std::uint8_t, 33> second;
  std::copy(out.first.begin(), out.first.end(), second.begin());
  second[32] = 2;
  out.second = crypto::hmac_sha256(temp, second);
  return out;
}

}  // namespace

std::array<std::uint8_t, crypto::kAeadNonceSize> NoiseCipher::nonce() {
  std::array<std::uint8_t, crypto::kAeadNonceSize> nonce{};
  store_le<std::uint64_t>(nonce.data() + 4, counter_++);
  return nonce;
}

void NoiseCipher::seal(ByteView ad, ByteView plaintext, MutableBytes out) {
  const auto n = nonce();
  aead_.seal(n, ad, plaintext, out);
}

bool NoiseCipher::open(ByteView ad, ByteView sealed, MutableBytes out) {
  const auto n = nonce();
  return aead_.open(n, ad, sealed, out);
}

NoiseHandshake::NoiseHandshake(bool initiator, ByteView prologue, crypto::X25519Pair static_key,
                               crypto::Random& random)
    : initiator_(initiator), random_(random), static_(static_key) {
  std::copy(kName.begin(), kName.end(), h_.begin());
  chaining_key_ = h_;
  mix_hash(prologue);
}

void NoiseHandshake::mix_hash(ByteView data) { h_ = crypto::sha256(h_, data); }

void NoiseHandshake::mix_key(ByteView input) {
  const TwoKeys keys = hkdf(chaining_key_, input);
  chaining_key_ = keys.first;
  cipher_.emplace(keys.second);
}

Result<void> NoiseHandshake::mix_dh(const crypto::X25519Key& secret,
                                    const crypto::X25519Key& share) {
  const auto shared = crypto::x25519_agree(secret, share);
  if (!shared) return fail(Code::authentication, "peer's Noise key has small order");
  mix_key(*shared);
  return {};
}

void NoiseHandshake::seal_and_hash(ByteView plaintext, Bytes& out) {
  const std::size_t start = out.size();
  if (!cipher_) {
    append(out, plaintext);
  } else {
    out.resize(start + plaintext.size() + crypto::kAeadTagSize);
    cipher_->seal(h_, plaintext, MutableBytes(out).subspan(start));
  }
  mix_hash(ByteView(out).subspan(start));
}

Result<Bytes> NoiseHandshake::open_and_hash(ByteView sealed) {
  Bytes plaintext;
  if (!cipher_) {
    plaintext = to_bytes(sealed);
  } else {
    if (sealed.size() < crypto::kAeadTagSize)
      return fail(Code::parse, "Noise message is too short");
    plaintext.resize(sealed.size() - crypto::kAeadTagSize);
    if (!cipher_->open(h_, sealed, plaintext)) {
      return fail(Code::authentication, "Noise handshake message does not verify");
    }
  }
  mix_hash(sealed);
  return plaintext;
}

Result<void> NoiseHandshake::write(ByteView payload, Bytes& out) {
  if (!our_turn()) return fail(Code::internal, "Noise message written out of turn");
  if (step_ < 2) {  // e
    ephemeral_ = crypto::x25519_generate(random_);
    append(out, ephemeral_.share);
    mix_hash(ephemeral_.share);
  }
  if (step_ == 1) {  // ee, s, es
    P2P_CHECK(mix_dh(ephemeral_.secret, remote_ephemeral_));
    seal_and_hash(static_.share, out);
    P2P_CHECK(mix_dh(static_.secret, remote_ephemeral_));
  } else if (step_ == 2) {  // s, se
    seal_and_hash(static_.share, out);
    P2P_CHECK(mix_dh(static_.secret, remote_ephemeral_));
  }
  seal_and_hash(payload, out);
  ++step_;
  return {};
}

Result<Bytes> NoiseHandshake::read(ByteView message) {
  if (our_turn() || done()) return fail(Code::internal, "Noise message read out of turn");
  const auto take = [&message](std::size_t size) -> Result<ByteView> {
    if (message.size() < size) return fail(Code::parse, "Noise message is too short");
    const ByteView part = message.first(size);
    message = message.subspan(size);
    return part;
  };
  if (step_ < 2) {  // e
    P2P_TRY(const ByteView share, take(kKeySize));
    std::copy(share.begin(), share.end(), remote_ephemeral_.begin());
    mix_hash(share);
  }
  if (step_ > 0) {  // (ee,) s, then es or se
    if (step_ == 1) {
      P2P_CHECK(mix_dh(ephemeral_.secret, remote_ephemeral_));
    }
    P2P_TRY(const ByteView sealed, take(kKeySize + crypto::kAeadTagSize));
    P2P_TRY(const Bytes share, open_and_hash(sealed));
    std::copy(share.begin(), share.end(), remote_static_.begin());
    P2P_CHECK(mix_dh(ephemeral_.secret, remote_static_));
  }
  P2P_TRY(Bytes payload, open_and_hash(message));
  ++step_;
  return payload;
}

NoiseHandshake::Keys NoiseHandshake::split() const {
  const TwoKeys keys = hkdf(chaining_key_, {});
  if (initiator_) return {NoiseCipher(keys.first), NoiseCipher(keys.second)};
  return {NoiseCipher(keys.second), NoiseCipher(keys.first)};
}

}  // namespace p2p::libp2p
