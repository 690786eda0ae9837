// One libuv loop and what everything on it shares. Internal to runtime/uv.
//
// A handle's memory belongs to libuv until its close callback, so each one stands in a heap object
// (HandleState) that keeps itself alive until then; owners only begin the closing.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "runtime/clock.h"
#include "runtime/task.h"
#include "runtime/timer_queue.h"

namespace p2p::runtime::uv {

/// One read of a stream: as much as the kernel gives at once without overflowing a core's L2 cache.
inline constexpr std::size_t kReadBuffer = 64 * 1024;

using ReadBuffer = std::unique_ptr<std::uint8_t[]>;

/// Read buffers of kReadBuffer bytes. Streams hold one only between data's arrival and the next
/// read, so idle connections cost none.
class BufferPool {
 public:
  ReadBuffer take();
  void give(ReadBuffer buffer);

 private:
  static constexpr std::size_t kMostFree =
      16;  // 1 MiB: what a busy loop juggles, no more kept idle
  std::vector<ReadBuffer> free_;
};

/// Where other threads leave work for the loop. It outlives the loop, for a thread that blocks in
/// read(2) cannot be waited for.
class PostBox {
 public:
  /// Runs `work` on the loop, or drops it once the loop has ended. From any thread.
  void post(std::move_only_function<void()> work);

 private:
  friend class Loop;
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> waiting_;
  uv_async_t* async_ = nullptr;  // null: ended
};

class UvClock final : public Clock {
 public:
  explicit UvClock(TimerQueue& timers) : timers_(timers) {}
  Time now() const override;
  WallTime wall() const override;
  std::unique_ptr<Timer> timer(std::move_only_function<void()> fire) override;

 private:
  TimerQueue& timers_;
};

class Loop {
 public:
  Loop();
  ~Loop();  ///< closes every handle; a handle that does not close is a defect and aborts
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs rounds of ready work and events until `done` is true; it is asked after every coroutine.
  void run(const std::function<bool()>& done);

  uv_loop_t* raw() { return &loop_; }

  ReadyQueue queue;
  TimerQueue timers;
  UvClock clock{timers};
  BufferPool buffers;
  std::shared_ptr<PostBox> post_box = std::make_shared<PostBox>();
  /// Closed streams whose last bytes are still on their way, or whose peers have not closed yet.
  std::size_t lingering = 0;
  /// Lets go of the lingering streams that have nothing left to lose.
  void hurry();

 private:
  friend class Turn;
  void one_round(bool wait);

  uv_loop_t loop_;
  uv_timer_t alarm_;
  uv_async_t async_;
  Time alarm_at_ = kNever;
  std::uint64_t round_ = 0;
  WaitList next_round_;
};

/// Counts what a source got done in the present round of the loop, so that one which never has to
/// wait (a flood) lets the others have theirs:
///     if (turn.spent(limit)) co_await turn.next();
class Turn {
 public:
  explicit Turn(Loop& loop) : loop_(loop) {}
  void spend(std::size_t amount);
  bool spent(std::size_t limit) const { return round_ == loop_.round_ && used_ >= limit; }
  WaitList::Awaiter next() { return loop_.next_round_.wait(); }

 private:
  Loop& loop_;
  std::uint64_t round_ = 0;
  std::size_t used_ = 0;
};

/// Base of every heap object that embeds a libuv handle.
class HandleState : public std::enable_shared_from_this<HandleState> {
 public:
  explicit HandleState(Loop& owner) : loop(owner) {}
  virtual ~HandleState() = default;
  HandleState(const HandleState&) = delete;
  HandleState& operator=(const HandleState&) = delete;

  /// The loop ends: close, whoever still owns this.
  virtual void loop_ended() { close_handle(); }
  /// The loop is about to end: close what only waits for a peer's courtesy.
  virtual void hurry() {}

  Loop& loop;

 protected:
  /// Call once libuv knows the handle: from now on this object lives until the close callback.
  void opened(uv_handle_t* handle);
  /// Begins closing; harmless if never opened or already closing.
  void close_handle();
  bool handle_open() const { return handle_ != nullptr; }

 private:
  uv_handle_t* handle_ = nullptr;
  std::shared_ptr<HandleState> self_;
};

}  // namespace p2p::runtime::uv
