// Readiness of a descriptor that libuv does not read or write itself. Internal to runtime/uv.
#pragma once

#include "runtime/uv/loop.h"
#include "runtime/uv/socket.h"

namespace p2p::runtime::uv {

class Poll : public HandleState {
 public:
  using HandleState::HandleState;

  /// Takes the descriptor. False, with errno set, if it cannot be polled.
  bool open(Fd fd);
  int fd() const { return fd_.get(); }
  bool closed() const { return !handle_open(); }
  /// Closes the descriptor; whoever waits goes on and sees closed().
  void close();
  void loop_ended() override { close(); }

  /// Waits once for the descriptor to be readable (or writable), or for close().
  WaitList::Awaiter readable() { return wait(UV_READABLE); }
  WaitList::Awaiter writable() { return wait(UV_WRITABLE); }

 private:
  WaitList::Awaiter wait(int events);

  uv_poll_t poll_;
  Fd fd_;
  int wanted_ = 0;
  WaitList changed_;
};

}  // namespace p2p::runtime::uv
