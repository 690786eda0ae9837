#include "runtime/uv/input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace p2p::runtime::uv {

namespace {

/// What both threads see. The reader works ahead by one buffer.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool wanted = false;
  bool stopping = false;
};

struct Piece {
  Bytes bytes;
  int error = 0;  // an errno
};

/// Reads once; an end of file is an empty piece. Nothing when the wake pipe says that we are to
/// stop.
std::optional<Piece> read_piece(int descriptor, int wake) {
  Piece piece;
  piece.bytes.resize(kReadBuffer);
  while (true) {
    pollfd ready[2] = {{descriptor, POLLIN, 0}, {wake, POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) {
      piece.error = errno;
      break;
    }
    if (ready[1].revents != 0) return std::nullopt;
    if (ready[0].revents == 0) continue;
    const ssize_t size = ::read(descriptor, piece.bytes.data(), piece.bytes.size());
    if (size >= 0) {
      piece.bytes.resize(static_cast<std::size_t>(size));
      return piece;
    }
    if (errno != EINTR && errno != EAGAIN) {
      piece.error = errno;
      break;
    }
  }
  piece.bytes.clear();
  return piece;
}

void want(Shared& shared) {
  const std::lock_guard lock(shared.mutex);
  shared.wanted = true;
  shared.changed.notify_all();
}

}  // namespace

struct UvInput::State : std::enable_shared_from_this<State> {
  State(Loop& owner, int fd) : loop(owner), descriptor(fd) {}

  bool start();
  void arrived(Piece piece) {
    pending = std::move(piece);
    changed.wake_all();
  }

  Loop& loop;
  int descriptor;
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  Fd wake;  // its end of file wakes the thread
  bool started = false;
  std::optional<Piece> pending;
  Bytes current;
  bool ended = false;
  int error = 0;
  WaitList changed;
};

bool UvInput::State::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  wake.reset(ends[1]);
  auto stop = std::make_shared<Fd>(ends[0]);
  auto read_on = [shared_ = shared, box = loop.post_box, stop, fd = descriptor,
                  weak = weak_from_this()] {
    while (true) {
      {
        std::unique_lock lock(shared_->mutex);
        shared_->changed.wait(lock, [&] { return shared_->wanted || shared_->stopping; });
        if (shared_->stopping) return;
        shared_->wanted = false;
      }
      auto piece = read_piece(fd, stop->get());
      if (!piece) return;
      const bool last = piece->bytes.empty();
      box->post([weak, piece = std::move(*piece)]() mutable {
        if (const auto self = weak.lock()) self->arrived(std::move(piece));
      });
      if (last) return;
    }
  };
  try {
    std::thread(std::move(read_on)).detach();
  } catch (const std::system_error& failed) {  // no memory for its stack, or a container's bound
    errno = failed.code().value();
    return false;
  }
  return true;
}

UvInput::UvInput(Loop& loop, int descriptor) : state_(std::make_shared<State>(loop, descriptor)) {}

UvInput::~UvInput() {
  const std::lock_guard lock(state_->shared->mutex);
  state_->shared->stopping = true;
  state_->shared->changed.notify_all();
  state_->wake.reset();
}

Task<Result<ByteView>> UvInput::read() {
  const auto self = state_;
  const char* doing = "read standard input";
  if (!self->started) {
    if (!self->start()) co_return system_failure(errno, doing, "");
    self->started = true;
    want(*self->shared);
  }
  while (!self->pending && !self->ended && self->error == 0) co_await self->changed.wait();
  if (self->pending) {
    self->current = std::move(self->pending->bytes);
    self->error = self->pending->error;
    self->ended = self->current.empty() && self->error == 0;
    self->pending.reset();
    if (!self->current.empty()) want(*self->shared);
  }
  if (self->error != 0) co_return system_failure(self->error, doing, "");
  if (self->ended) co_return ByteView();
  co_return ByteView(self->current);
}

}  // namespace p2p::runtime::uv
