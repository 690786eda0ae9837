// Noise_XX_25519_ChaChaPoly_SHA256 (https://noiseprotocol.org/noise.html, revision 34), the
// handshake and the transport cipher. What libp2p makes of them is in secure.h.
#pragma once

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/wipe.h"
#include "crypto/x25519.h"

namespace p2p::libp2p {

/// A Noise message, with its tag (section 3).
inline constexpr std::size_t kMaxNoiseMessage = 65535;
/// Plaintext of one transport message.
inline constexpr std::size_t kMaxNoisePlaintext = kMaxNoiseMessage - crypto::kAeadTagSize;

/// CipherState (section 5.1): a key and its counter.
class NoiseCipher {
 public:
  explicit NoiseCipher(ByteView key) : aead_(key) {}

  /// Writes plaintext.size() + 16 bytes to `out`, which may start where `plaintext` starts.
  void seal(ByteView ad, ByteView plaintext, MutableBytes out);
  /// Writes sealed.size() - 16 bytes to `out`, which may start where `sealed` starts. `sealed` has
  /// at least 16 bytes. False where the tag does not verify: the channel is dead then.
  [[nodiscard]] bool open(ByteView ad, ByteView sealed, MutableBytes out);

 private:
  std::array<std::uint8_t, crypto::kAeadNonceSize> nonce();

  crypto::ChaChaPoly aead_;
  // 2^64 messages of one connection are out of reach, so the counter is never checked for its end.
  std::uint64_t counter_ = 0;
};

/// HandshakeState and SymmetricState (sections 5.2, 5.3) for the one pattern
///     -> e    <- e, ee, s, es    -> s, se
/// Messages here are without any length prefix.
class NoiseHandshake {
 public:
  /// The ephemeral key is drawn from `random` when its message is written.
  NoiseHandshake(bool initiator, ByteView prologue, crypto::X25519Pair static_key,
                 crypto::Random& random);
  ~NoiseHandshake() { crypto::wipe(chaining_key_); }
  NoiseHandshake(const NoiseHandshake&) = delete;
  NoiseHandshake& operator=(const NoiseHandshake&) = delete;

  /// Whether the next message is ours to write, as long as it is not done.
  bool our_turn() const { return !done() && (step_ % 2 == 0) == initiator_; }
  bool done() const { return step_ == 3; }

  /// Appends the next message, which carries `payload`, to `out`. Code::authentication where the
  /// peer's key has small order.
  Result<void> write(ByteView payload, Bytes& out);
  /// Reads the peer's next message and returns its payload. Code::parse for a message that is too
  /// short, Code::authentication for a bad tag or a key of small order.
  Result<Bytes> read(ByteView message);

  /// The peer's static key, once the message that carries it was read.
  const crypto::X25519Key& remote_static() const { return remote_static_; }
  /// The hash of the whole handshake (section 11.2); final once done.
  const crypto::Digest32& hash() const { return h_; }

  struct Keys {
    NoiseCipher send;
    NoiseCipher receive;
  };
  /// The transport ciphers. Once, when done.
  Keys split() const;

 private:
  void mix_hash(ByteView data);
  void mix_key(ByteView input);
  Result<void> mix_dh(const crypto::X25519Key& secret, const crypto::X25519Key& share);
  void seal_and_hash(ByteView plaintext, Bytes& out);
  Result<Bytes> open_and_hash(ByteView sealed);

  bool initiator_;
  int step_ = 0;  // messages written or read so far
  crypto::Random& random_;
  crypto::X25519Pair static_;
  crypto::X25519Pair ephemeral_{};
  crypto::X25519Key remote_static_{};
  crypto::X25519Key remote_ephemeral_{};
  crypto::Digest32 h_{};
  crypto::Digest32 chaining_key_{};
  std::optional<NoiseCipher> cipher_;
};

}  // namespace p2p::libp2p
