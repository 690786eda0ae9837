#include "splitter.h"

#include <algorithm>
#include <string>

#include "libp2p/gossipsub/message.h"

namespace p2p::gossip {

Result<std::optional<Bytes>> Splitter::next() {
  const ByteView rest = ByteView(buffer_).subspan(taken_);
  if (framing_ != Framing::raw) {
    const std::uint8_t separator = framing_ == Framing::null ? 0 : '\n';
    const auto found =
        std::find(rest.begin() + static_cast<std::ptrdiff_t>(scanned_), rest.end(), separator);
    if (found != rest.end()) return take(static_cast<std::size_t>(found - rest.begin()), 1);
    scanned_ = rest.size();
  }
  if (ended_ && (framing_ == Framing::raw ? number_ == 1 : !rest.empty())) {
    return take(rest.size(), 0);
  }
  if (rest.size() > libp2p::gossipsub::kMaxDataSize) return take(rest.size(), 0);
  // What is done with is let go once, here, and not with each message.
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  return std::nullopt;
}

Result<std::optional<Bytes>> Splitter::take(std::size_t size, std::size_t skip) {
  if (size > libp2p::gossipsub::kMaxDataSize) {
    const std::string which = framing_ == Framing::raw    ? "standard input"
                              : framing_ == Framing::null ? "record " + std::to_string(number_)
                                                          : "line " + std::to_string(number_);
    return fail(Error(Code::limit, "send", which,
                      "longer than the " + std::to_string(libp2p::gossipsub::kMaxDataSize) +
                          " bytes that a message may have")
                    .with_hint("send a CID instead, and the content by other means"));
  }
  Bytes message = to_bytes(ByteView(buffer_).subspan(taken_, size));
  taken_ += size + skip;
  scanned_ = 0;
  ++number_;
  return message;
}

}  // namespace p2p::gossip
