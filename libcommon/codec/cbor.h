// CBOR (RFC 8949) as a stream of tokens, and CBOR Sequences (RFC 8742): an appending writer, a pull
// reader, and a scanner that finds where an item ends while its bytes still arrive.
//
// Nothing here builds a tree (that is codec/dag_cbor.h) or allocates for what it reads.
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/value.h"

namespace p2p::codec {

/// Appends to `out`, which must outlive the writer: integers and lengths in their shortest form,
/// floats always in 64 bits. The caller sees to it that arrays and maps get as many items as
/// announced.
class CborWriter {
 public:
  explicit CborWriter(Bytes& out) : out_(out) {}

  template <std::integral T>
  CborWriter& integer(T value) {
    if constexpr (std::signed_integral<T>) {
      if (value < 0) return negative(~static_cast<std::uint64_t>(value));
    }
    return positive(static_cast<std::uint64_t>(value));
  }
  /// -1 - n: CBOR's negative integers reach down to -2^64.
  CborWriter& negative(std::uint64_t n);
  CborWriter& number(double value);
  CborWriter& boolean(bool value);
  CborWriter& null();
  CborWriter& bytes(ByteView value);
  CborWriter& text(std::string_view value);  ///< UTF-8, which is not checked
  CborWriter& array(std::uint64_t items);
  CborWriter& map(std::uint64_t pairs);
  CborWriter& tag(std::uint64_t number);
  /// An item that is encoded already.
  CborWriter& raw(ByteView item);

 private:
  CborWriter& positive(std::uint64_t value);

  Bytes& out_;
};

struct CborToken {
  enum class Kind : std::uint8_t {
    unsigned_integer,  ///< value
    negative_integer,  ///< -1 - value
    bytes,             ///< bytes; or indefinite: chunks of definite bytes follow, then end
    text,              ///< bytes (not checked to be UTF-8); or indefinite
    array,             ///< value items follow; or indefinite: items up to end
    map,               ///< value pairs follow; or indefinite
    tag,               ///< value; the tagged item follows
    boolean,           ///< value
    null,
    undefined,
    number,  ///< number, whatever its width was
    end,     ///< the "break" of an item of indefinite length
  };

  Kind kind = Kind::null;
  bool indefinite = false;
  std::uint64_t value = 0;
  double number = 0;
  ByteView bytes;
  std::size_t offset = 0;     ///< where it starts in the input
  std::size_t head_size = 0;  ///< bytes of its head: 1, 2, 3, 5 or 9
  std::size_t size = 0;       ///< head and, for a definite string, the string

  std::string_view text() const { return as_text(bytes); }
  /// Whether the head has the shortest form for its value; floats have no shorter one here.
  bool minimal() const;
};

/// Reads tokens from the front of a buffer. It knows no nesting: that is its caller's, or skip()'s.
class CborReader {
 public:
  explicit CborReader(ByteView in) : in_(in) {}

  /// Code::parse where the bytes are cut short, reserved, or a simple value without a meaning.
  Result<CborToken> next();
  /// The same for those who count nanoseconds: false at an error, and then next() says which.
  bool next(CborToken& token);
  /// Passes over one whole item, checking its structure, its depth and that text is UTF-8.
  Result<void> skip();

  bool at_end() const { return at_ == in_.size(); }
  std::size_t offset() const { return at_; }
  ByteView rest() const { return in_.subspan(at_); }

 private:
  ByteView in_;
  std::size_t at_ = 0;
};

/// Finds the end of an item whose bytes arrive in pieces, looking at no byte twice.
class CborScanner {
 public:
  /// Items longer than `max_size` are refused.
  explicit CborScanner(std::size_t max_size) : max_size_(max_size) {}

  /// `in` starts where the item starts and holds all of it that has come so far: each call's input
  /// is the last one's with more at its end. The item's size, or nothing while bytes are missing;
  /// once it is found, the scanner is ready for the next item. Code::parse for what is not CBOR
  /// (text that is not UTF-8 included), Code::limit as soon as the item is sure to exceed max_size,
  /// or nests too deep; after an error the scanner is of no more use.
  Result<std::optional<std::size_t>> scan(ByteView in);

 private:
  enum class Open : std::uint8_t { array, map, bytes, text };
  struct Frame {
    Open open;
    bool indefinite;
    std::uint64_t count;  ///< items still to come; of indefinite length, how many came so far
  };

  Result<bool> accept(const CborToken& token);
  Result<void> push(Open open, bool indefinite, std::uint64_t items);
  bool item_done();

  std::size_t max_size_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool tagged_ = false;
  std::array<Frame, kMaxNesting> frames_;
};

/// The size of the first item of a CBOR Sequence, or nothing where more bytes are needed: one scan.
Result<std::optional<std::size_t>> cbor_item_size(ByteView in, std::size_t max_size);

}  // namespace p2p::codec
