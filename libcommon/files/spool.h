// Records in the order in which they came, any number of them: in memory while they are few, else
// in a temporary file. They are read from any place on, best one after the other.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "files/scratch.h"

namespace p2p::files {

class Spool {
 public:
  struct Record {
    ByteView bytes;      ///< valid until the next read() or append()
    std::uint64_t next;  ///< where the one after it stands
  };

  /// Puts a record of less than 4 GiB at the end, and returns where that is: places grow, and the
  /// first is 0. Errors are the temporary file's.
  Result<std::uint64_t> append(ByteView record);
  /// The record at `place`; nothing at the end of all.
  Result<std::optional<Record>> read(std::uint64_t place);

 private:
  /// The bytes from `place` on, at least `size` of them.
  Result<ByteView> bytes_at(std::uint64_t place, std::size_t size);

  TemporaryFile file_;
  Bytes window_;                    ///< what was read last
  std::uint64_t window_place_ = 0;  ///< and where that stands
};

}  // namespace p2p::files
