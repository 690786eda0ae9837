// DNS messages (RFC 1035) as far as multicast DNS for libp2p needs them: PTR, SRV, TXT, A and AAAA;
// every other record is kept raw. Decoding is bounded, and a compression pointer may only point
// backwards, so that none can loop.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::libp2p::mdns {

/// A jumbo frame, RFC 6762 section 17: nobody may send more.
inline constexpr std::size_t kMaxMessage = 9000;
/// Questions and records of one message, each; 9,000 bytes of anything sensible hold fewer.
inline constexpr std::size_t kMaxEntries = 256;

/// A domain name: its labels, of 1 to 63 bytes each, 255 bytes encoded. Compared without regard to
/// ASCII case.
class Name {
 public:
  Name() = default;  ///< the root
  /// From "a.b.local"; for names of our own, whose labels contain no dot. Labels that are empty or
  /// too long are Code::invalid_argument.
  static Result<Name> parse(std::string_view text);
  explicit Name(std::vector<std::string> labels) : labels_(std::move(labels)) {}

  const std::vector<std::string>& labels() const { return labels_; }
  /// `label` in front of this name.
  Name child(std::string label) const;
  /// Whether this name is `label`.`parent` for some one label.
  bool is_child_of(const Name& parent) const;
  /// For people: bytes that are not printable ASCII as "\ddd".
  std::string text() const;
  bool operator==(const Name& other) const;

 private:
  std::vector<std::string> labels_;
};

enum class Type : std::uint16_t { a = 1, ptr = 12, txt = 16, aaaa = 28, srv = 33, any = 255 };

/// Class IN; the top bit asks for a unicast answer (questions) or flushes caches (records).
inline constexpr std::uint16_t kClassIn = 1;
inline constexpr std::uint16_t kTopBit = 0x8000;

struct Question {
  Name name;
  Type type{};
  std::uint16_t klass = kClassIn;

  friend bool operator==(const Question&, const Question&) = default;
};

struct Record {
  Name name;
  Type type{};
  std::uint16_t klass = kClassIn;
  std::uint32_t ttl = 0;  ///< seconds
  // By type; what the type does not use is empty.
  Name target;                     ///< ptr, srv
  std::uint16_t port = 0;          ///< srv; its priority and weight are dropped, and sent as 0
  std::vector<std::string> texts;  ///< txt: strings of at most 255 bytes
  Bytes data;                      ///< a: 4 bytes, aaaa: 16 bytes, others: as they came

  friend bool operator==(const Record&, const Record&) = default;
};

struct Message {
  std::uint16_t id = 0;
  bool response = false;
  std::vector<Question> questions;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additionals;

  friend bool operator==(const Message&, const Message&) = default;
};

/// Names are compressed. Code::limit over kMaxMessage, or a text or label that is too long.
Result<Bytes> encode(const Message& message);
/// Code::parse for what is not a message, or one of an opcode other than query; Code::limit over
/// the bounds above.
Result<Message> decode(ByteView data);

}  // namespace p2p::libp2p::mdns
