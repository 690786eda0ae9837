#include "runtime/uv/poll.h"

#include <cerrno>

namespace p2p::runtime::uv {

bool Poll::open(Fd fd) {
  if (const int status = uv_poll_init(loop.raw(), &poll_, fd.get())) {
    errno = -status;
    return false;
  }
  fd_ = std::move(fd);
  opened(reinterpret_cast<uv_handle_t*>(&poll_));
  return true;
}

void Poll::close() {
  close_handle();  // stops the polling at once, so the descriptor may go
  fd_.reset();
  changed_.wake_all();
}

WaitList::Awaiter Poll::wait(int events) {
  wanted_ |= events;
  uv_poll_start(&poll_, wanted_, [](uv_poll_t* handle, int, int) {
    auto& self = static_cast<Poll&>(*static_cast<HandleState*>(handle->data));
    uv_poll_stop(&self.poll_);
    self.wanted_ = 0;
    self.changed_.wake_all();
  });
  return changed_.wait();
}

}  // namespace p2p::runtime::uv
