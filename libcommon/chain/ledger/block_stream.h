// A CBOR Sequence of blocks (RFC 8742), as `p2p-chain export` writes it, read from pieces of any
// size.
#pragma once

#include <optional>

#include "chain/ledger/block.h"
#include "codec/cbor.h"

namespace p2p::chain {

/// Holds at most one block and what was fed at once.
class BlockStream {
 public:
  void feed(ByteView data);
  /// The next block's bytes, valid until the next call; none where more input is needed. It is one
  /// CBOR item of at most kMaxBlockSize; whether it is a block is Block::decode's to say. An error
  /// (Code::parse, Code::limit) is final.
  Result<std::optional<ByteView>> next();
  /// At the input's end: Code::parse if it ends within an item.
  Result<void> end() const;

 private:
  Bytes buffer_;
  std::size_t taken_ = 0;
  std::uint64_t count_ = 0;
  codec::CborScanner scanner_{kMaxBlockSize};
};

}  // namespace p2p::chain
