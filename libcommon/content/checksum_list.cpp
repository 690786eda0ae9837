#include "content/checksum_list.h"

namespace p2p::content {

void ChecksumList::feed(ByteView piece, const Take& take) {
  std::string_view text = as_text(piece);
  while (!text.empty()) {
    const auto end = end_ ? text.find(*end_) : text.find_first_of(std::string_view("\n\0", 2));
    const auto part = text.substr(0, end);
    const std::size_t room = kMaxChecksumLine - line_.size();
    line_ += part.substr(0, room);
    too_long_ = too_long_ || part.size() > room;
    if (end == std::string_view::npos) return;
    end_ = text[end];
    end_line(take);
    text.remove_prefix(end + 1);
  }
}

void ChecksumList::finish(const Take& take) {
  if (!line_.empty() || too_long_) end_line(take);
}

void ChecksumList::end_line(const Take& take) {
  ++number_;
  const bool zero = end_ == '\0';
  std::string_view line = line_;
  // A carriage return within a name is escaped, but for --zero's names.
  if (!zero && line.ends_with('\r')) line.remove_suffix(1);
  const bool comment = !zero && line.starts_with('#');
  if (!line.empty() && !comment) {
    take(number_, too_long_ ? std::nullopt : parser_.parse(line, zero));
  }
  line_.clear();
  too_long_ = false;
}

}  // namespace p2p::content
