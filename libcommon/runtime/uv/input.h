// Standard input by a thread that blocks in read(2). libuv cannot be handed descriptor 0: it aborts
// on regular files and /dev/null, and leaves O_NONBLOCK behind on what other programs share.
// Internal to runtime/uv.
#pragma once

#include "runtime/stdio.h"
#include "runtime/uv/loop.h"
#include "runtime/uv/socket.h"

namespace p2p::runtime::uv {

class UvInput final : public Input {
 public:
  /// The thread starts with the first read.
  UvInput(Loop& loop, int descriptor);
  ~UvInput() override;  ///< the thread is told to end, and not waited for

  Task<Result<ByteView>> read() override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace p2p::runtime::uv
