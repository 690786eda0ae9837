// A pubsub message: its signature (StrictSign, specs/pubsub/README.md), its sequence number, and
// the ids that other implementations name it by.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "crypto/keys.h"
#include "multiformats/peer_id.h"

namespace p2p::libp2p::gossipsub {

using multiformats::PeerId;

/// Topic names are text by the specification and bytes in practice. Real ones (IPNS, Ethereum) stay
/// below 128 bytes; the bound keeps a table of topics small.
inline constexpr std::size_t kMaxTopicSize = 1024;

/// Room for `from`, seqno, topic, signature and an RSA key beside the data, within kMaxRpcSize.
inline constexpr std::size_t kMaxDataSize = (1 << 20) - 8192;

/// The Message protobuf. Immutable once it is shared.
struct Message {
  Bytes from;  ///< the author's peer id, in bytes
  std::optional<Bytes>
      data;     ///< absent and empty differ, since the signature covers the difference
  Bytes seqno;  ///< 8 bytes, big-endian
  std::string topic;
  Bytes signature;
  Bytes key;  ///< the author's PublicKey protobuf; empty where `from` carries it

  ByteView payload() const { return data ? ByteView(*data) : ByteView(); }
  friend bool operator==(const Message&, const Message&) = default;
};

using MessagePtr = std::shared_ptr<const Message>;

/// The message's protobuf, fields in the order of their numbers (as every implementation signs
/// them).
Bytes encode(const Message& message);
std::size_t encoded_size(const Message& message);

/// Sequence numbers that rise within a run, and across runs as long as the wall clock does: peers
/// (kubo since 0.40) silently drop an author's message whose number does not rise.
class SeqnoSource {
 public:
  /// Nanoseconds since 1970, or one more than the last where the clock did not move.
  std::uint64_t next(WallTime now);

 private:
  std::uint64_t last_ = 0;
};

/// A signed message of ours.
MessagePtr make_message(const crypto::SigningKey& key, std::string topic, Bytes data,
                        std::uint64_t seqno);

/// StrictSign's rules: author, 8-byte seqno and signature present, key (carried or embedded) that
/// is the author's, signature over "libp2p-pubsub:" ‖ the message without signature *and* key (the
/// specification says only signature; every implementation leaves out both).
Result<void> verify(const Message& message);

/// seqno as a number; 0 unless it has its 8 bytes.
std::uint64_t seqno_of(const Message& message);

/// How a peer writes default message ids. The three differ, so that IHAVE and IWANT between
/// implementations name messages that the other side does not recognise.
enum class IdForm {
  go,    ///< from ‖ seqno
  js,    ///< PublicKey protobuf of the author ‖ seqno
  rust,  ///< base58(from) ‖ decimal seqno, as text
};
std::string_view name_of(IdForm form);

/// Our own name for a message: the go form.
using MessageId = Bytes;
MessageId message_id(const Message& message);
/// The id in a peer's form. Where the author's key is unknown (js form, hashed peer id without key;
/// StrictSign refuses such messages) the go form.
Bytes wire_id(const Message& message, IdForm form);

struct ReadId {
  MessageId id;
  IdForm form;
};
/// Reads a default id of any of the three forms; they never collide, as their first bytes differ.
/// Empty for everything else, such as the ids of a network with its own id function.
std::optional<ReadId> read_id(ByteView wire);

/// The form to assume until a peer shows its own, by identify's agent string.
IdForm form_of_agent(std::string_view agent);

}  // namespace p2p::libp2p::gossipsub
