// Whole check files, as a stream: cut into lines, comments passed over, each line parsed (see
// content/checksum_line.h for what they may be). Memory is one line, whatever comes.
//
// Lines end with a newline, or all with NUL as `--zero` writes them: the first end that is met says
// which. (So a list of --zero must not begin with a name that holds a newline.)
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "content/checksum_line.h"

namespace p2p::content {

/// A file's path has 4 KiB at most, doubled by escaping, and a digest 128 digits: longer lines are
/// no checksum lines, and are passed over without being held.
inline constexpr std::size_t kMaxChecksumLine = 64 * 1024;

class ChecksumList {
 public:
  /// `algorithms` as for ChecksumParser.
  explicit ChecksumList(std::vector<crypto::HashAlg> algorithms = {})
      : parser_(std::move(algorithms)) {}

  /// One line that is neither empty nor a comment (`#` in its first column): its number, from 1 and
  /// with all lines counted, and what it says; nothing where it is no checksum line.
  using Take = std::function<void(std::uint64_t number, std::optional<ChecksumLine> line)>;

  void feed(ByteView piece, const Take& take);
  /// A last line needs no end.
  void finish(const Take& take);

  const ChecksumNotes& notes() const { return parser_.notes(); }

 private:
  void end_line(const Take& take);

  ChecksumParser parser_;
  std::string line_;
  bool too_long_ = false;
  std::uint64_t number_ = 0;
  std::optional<char> end_;
};

}  // namespace p2p::content
