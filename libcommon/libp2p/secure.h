// /noise as libp2p uses it (specs/noise): identities bound to Noise's static keys in the
// handshake's payloads, messages framed by their length as two bytes big-endian, early muxer
// negotiation (specs/connections/inlined-muxer-negotiation.md). A state machine: bytes in, bytes
// out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "libp2p/noise.h"
#include "multiformats/peer_id.h"

namespace p2p::libp2p {

using multiformats::PeerId;

/// A handshake message of a peer with a key of RSA 8,192 bits and a hundred muxers stays below
/// this; Noise itself would let an unauthenticated peer make us hold 64 KiB.
inline constexpr std::size_t kMaxHandshakeMessage = 16 * 1024;
/// More muxers than this are ignored, as go-libp2p does.
inline constexpr std::size_t kMaxMuxers = 100;
/// Length prefix and tag: what a frame adds to its plaintext.
inline constexpr std::size_t kNoiseFrameOverhead = 2 + crypto::kAeadTagSize;

/// The protobuf in messages 2 and 3.
struct NoisePayload {
  Bytes identity_key;  ///< PublicKey protobuf
  Bytes identity_sig;  ///< over "noise-libp2p-static-key:" and the static key
  std::vector<std::string> muxers;

  Bytes encode() const;
  static Result<NoisePayload> decode(ByteView protobuf);
};

class SecureChannel {
 public:
  /// `muxers` are offered early, the preferred one first; none offers nothing. `expected`, if
  /// given, is who the peer must be. The static Noise key is fresh for each session.
  SecureChannel(bool initiator, const crypto::SigningKey& identity, std::optional<PeerId> expected,
                std::vector<std::string> muxers, crypto::Random& random);

  // The handshake.

  /// Takes handshake messages from the front of `in`, and nothing behind the last one. Errors:
  /// Code::authentication (tag, signature, key), Code::mismatch (another peer than expected),
  /// Code::parse, Code::limit.
  Result<void> receive(ByteView& in);
  /// To send; to be asked for after construction and after each receive().
  Bytes take_output() { return std::exchange(out_, {}); }
  bool has_output() const { return !out_.empty(); }
  bool done() const { return send_.has_value(); }

  /// Valid once done: the peer's verified identity.
  const PeerId& remote() const { return remote_; }
  const crypto::PublicKey& remote_key() const { return remote_key_; }
  /// The first of the initiator's muxers that the responder has too; empty where either side
  /// offered none or none agrees, and multistream-select must decide. (The specification lets the
  /// latter fail; go and js fall back.)
  const std::string& early_muxer() const { return early_muxer_; }

  // Transport, once done.

  /// Seals out[start..] in place as one frame; start is where its two length bytes were reserved,
  /// and at most kMaxNoisePlaintext bytes follow them.
  void seal_in_place(Bytes& out, std::size_t start);
  /// Takes the next frame from `in`, whole or the rest of it, and returns its plaintext, valid
  /// until the next call; an empty optional when more bytes are needed. Code::authentication ends
  /// the channel.
  Result<std::optional<ByteView>> open_next(ByteView& in);

 private:
  Result<void> on_message(ByteView message);
  Result<void> write_message(bool with_payload);
  Result<void> check_payload(ByteView payload);
  void finish();
  Result<std::optional<ByteView>> next_frame(ByteView& in, std::size_t most);

  bool initiator_;
  const crypto::SigningKey identity_;
  std::optional<PeerId> expected_;
  std::vector<std::string> muxers_;
  crypto::X25519Pair static_;
  std::optional<NoiseHandshake> handshake_;
  std::optional<NoiseCipher> send_;
  std::optional<NoiseCipher> receive_;
  PeerId remote_;
  crypto::PublicKey remote_key_;
  std::string early_muxer_;
  Bytes out_;
  Bytes frame_;  // a frame that has not come whole, its length included
  Bytes plain_;  // the last frame's plaintext
};

}  // namespace p2p::libp2p
