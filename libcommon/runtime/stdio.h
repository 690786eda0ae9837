// Standard input, as an interface: bytes as they come, without blocking the protocol thread.
//
// Standard output is not here: it is written by plain blocking writes, in cli/.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "runtime/task.h"

namespace p2p::runtime {

class Input {
 public:
  virtual ~Input() = default;
  /// The next bytes (at most 64 KiB), valid until the next call of read; empty at the end, and ever
  /// after. Code::io where there is no standard input or reading it fails. One task reads at a
  /// time; a read that is cancelled loses nothing.
  virtual Task<Result<ByteView>> read() = 0;
};

}  // namespace p2p::runtime
