// Records from bytes: text lines, JSON Lines or a CBOR Sequence, told apart by the first byte that
// is not white space, and split anywhere.
//
//     reader.feed(chunk);                        // as often as there is one; then reader.end()
//     while (true) {
//       P2P_TRY(auto record, reader.next());     // an error is final
//       if (!record) break;                      // needs more, or is at its end
//       …
//     }
#pragma once

#include <optional>
#include <string>

#include "codec/cbor.h"
#include "record/record.h"
#include "record/writer.h"

namespace p2p::record {

/// The longest line or item. A gossip message may have 1 MiB, which base64 makes a third longer;
/// the other fields need far less than what is left.
inline constexpr std::size_t kMaxItemSize = 2 << 20;

class Reader {
 public:
  /// A line of text becomes a record of type `text_type` that holds its first field, up to a tab,
  /// in the field of that type's first column, which must be text or bytes. Bytes that are not
  /// UTF-8 are repaired in text.
  explicit Reader(std::string text_type);

  /// Takes more input. What was fed is kept until next() has returned it.
  void feed(ByteView data);
  /// No more input follows: a last line needs no line's end.
  void end() { ended_ = true; }

  /// The next record; none where more input is needed or there is no more.
  ///
  /// Code::parse: not a record of its format, a field not of the kind its schema says, or an item
  /// cut short by the end (all before it have been returned). Code::limit: longer than
  /// kMaxItemSize. Errors are final. Blank lines are skipped; fields unknown to the schema are kept
  /// where a Record can hold them, and records of unknown types too, so that newer tools can be
  /// read.
  Result<std::optional<Record>> next();

  /// Known from the first byte on.
  std::optional<Format> format() const { return format_; }

 private:
  Result<std::optional<Record>> read();
  Result<std::optional<Record>> next_line();
  Result<std::optional<Record>> next_item();
  ByteView rest() const { return ByteView(buffer_).subspan(taken_); }
  Record text_record(std::string_view line) const;

  std::string text_type_;
  std::optional<Format> format_;
  Bytes buffer_;
  std::size_t taken_ = 0;    ///< bytes of buffer_ that are done with
  std::size_t scanned_ = 0;  ///< bytes after those that hold no line's end
  codec::CborScanner scanner_{kMaxItemSize};
  bool ended_ = false;
  std::uint64_t count_ = 0;  ///< records returned so far
  std::optional<Error> failed_;
};

}  // namespace p2p::record
