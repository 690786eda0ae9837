#include "chain/ledger/block_stream.h"

namespace p2p::chain {

void BlockStream::feed(ByteView data) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  append(buffer_, data);
}

Result<std::optional<ByteView>> BlockStream::next() {
  const ByteView rest = ByteView(buffer_).subspan(taken_);
  if (rest.empty()) return std::nullopt;
  auto size = scanner_.scan(rest);
  if (!size) {
    return fail(std::move(size).error().during(
        "read", "block " + std::to_string(count_) + " of the stream"));
  }
  if (!*size) return std::nullopt;
  taken_ += **size;
  ++count_;
  return rest.first(**size);
}

Result<void> BlockStream::end() const {
  if (taken_ == buffer_.size()) return {};
  return fail(Code::parse, "read", "block " + std::to_string(count_) + " of the stream",
              "it is cut short");
}

}  // namespace p2p::chain
