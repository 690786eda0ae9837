// multistream-select 1.0, https://github.com/multiformats/multistream-select and specs/connections:
// agreeing on the protocol of a connection or stream. Both roles, as a state machine: bytes in,
// bytes out.
//
// A message is its length as uvarint (the newline counts), its text, and "\n".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::libp2p {

inline constexpr std::string_view kMultistream = "/multistream/1.0.0";

/// go-multistream refuses messages past 1,024 bytes, so we never send longer ones.
inline constexpr std::size_t kMaxProtocolSent = 1023;
/// What we accept from a peer, as rust's multistream-select does; longer ones only waste memory.
inline constexpr std::size_t kMaxProtocolReceived = 16 * 1024;
/// Proposals a listener answers with `na` before it gives up: no dialer knows that many.
inline constexpr int kMaxProposals = 64;

class Multistream {
 public:
  /// Proposes `protocols` in order until the peer takes one. With one protocol only, what follows
  /// may be written at once behind take_output() (lazy negotiation); otherwise the caller waits for
  /// done().
  static Multistream dialer(std::vector<std::string> protocols);

  /// Accepts the first proposal for which `supported` is true and answers `na` to the others.
  static Multistream listener(std::function<bool(std::string_view)> supported);

  /// Takes from the front of `in` what belongs to the negotiation and never more: what is left
  /// behind done() belongs to the agreed protocol. Errors: Code::protocol where the peer does not
  /// speak multistream-select, Code::unsupported where it has none of our protocols, Code::limit
  /// for messages or rounds past the bounds above. After an error the machine is dead.
  Result<void> receive(ByteView& in);

  /// Bytes to send, to be asked for after construction and after each receive().
  Bytes take_output() { return std::exchange(out_, {}); }
  bool has_output() const { return !out_.empty(); }

  /// The peer agreed (dialer), or a proposal was accepted (listener).
  bool done() const { return state_ == State::done; }
  /// The protocol agreed on; before done(), the one proposed last.
  const std::string& protocol() const { return protocol_; }
  /// Whether data may be sent behind the output already: always once done(), and before that where
  /// a dialer has only one protocol to propose.
  bool may_send() const { return done() || (dialer_ && offers_.size() == 1); }

 private:
  enum class State { header, answer, proposal, done };

  Multistream(bool dialer, std::vector<std::string> offers,
              std::function<bool(std::string_view)> supported);
  void send(std::string_view text);
  Result<void> check_header() const;
  /// Of the message in partial_, its length included, once that has come.
  Result<std::optional<std::size_t>> message_size() const;
  Result<void> on_message(std::string_view text);
  Result<void> on_answer(std::string_view text);
  Result<void> on_proposal(std::string_view text);

  bool dialer_;
  State state_ = State::header;
  std::vector<std::string> offers_;
  std::size_t next_offer_ = 0;
  std::function<bool(std::string_view)> supported_;
  int proposals_ = 0;
  std::string protocol_;
  Bytes partial_;  // of a message that has not come whole
  Bytes out_;
};

}  // namespace p2p::libp2p
