// Standard input cut into messages.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "options.h"

namespace p2p::gossip {

class Splitter {
 public:
  explicit Splitter(Framing framing) : framing_(framing) {}

  void feed(ByteView data) { append(buffer_, data); }
  /// Nothing follows: what is left is a message, if it is anything (with raw framing, in any case).
  void end() { ended_ = true; }

  /// The next message; none where more input is needed or there is no more. Code::limit: longer
  /// than a message may be; it says which one.
  Result<std::optional<Bytes>> next();

 private:
  Result<std::optional<Bytes>> take(std::size_t size, std::size_t skip);

  Framing framing_;
  Bytes buffer_;
  std::size_t taken_ = 0;    ///< bytes of buffer_ that are done with
  std::size_t scanned_ = 0;  ///< bytes behind them that hold no separator
  std::uint64_t number_ = 1;
  bool ended_ = false;
};

}  // namespace p2p::gossip
