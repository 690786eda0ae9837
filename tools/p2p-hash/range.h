// Ranges of bytes, as curl -r, HTTP and IPFS gateways write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "content/car/unixfs_walk.h"

namespace p2p::hash {

class RangeSpec {
 public:
  /// "FROM-TO" or "FROM:TO", the last byte included; "FROM-", "FROM:" or "FROM:*" to the end;
  /// "-N" or "-N:*" the last N bytes; "FROM+N", N bytes. Numbers may carry a unit, "1MiB".
  static Result<RangeSpec> parse(std::string_view text);

  /// Of a file of this size, cut off at its end. Code::invalid_argument where it begins past that.
  Result<car::ByteRange> in(std::uint64_t size) const;

 private:
  bool from_end_ = false;
  std::uint64_t from_ = 0;           ///< or how far from the end
  std::optional<std::uint64_t> to_;  ///< the byte behind it
};

}  // namespace p2p::hash
