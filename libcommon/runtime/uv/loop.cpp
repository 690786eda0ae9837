#include "runtime/uv/loop.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <new>

namespace p2p::runtime::uv {

namespace {

/// Coroutines resumed before events are looked at again.
constexpr int kResumesPerRound = 256;

[[noreturn]] void broken(const char* what, int status) {
  std::fprintf(stderr, "internal error: %s: %s\n", what, uv_strerror(status));
  std::abort();
}

/// What a function of libuv's to allocate with got. It aborts in some places where it gets nothing;
/// the process's handler decides what happens, as it does for new.
void* allocated(void* memory, std::size_t size) {
  if (memory == nullptr && size != 0) {
    if (const auto handler = std::get_new_handler()) handler();
  }
  return memory;
}

/// Before libuv is used for anything.
void use_new_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    uv_replace_allocator(
        [](std::size_t size) { return allocated(std::malloc(size), size); },
        [](void* old, std::size_t size) { return allocated(std::realloc(old, size), size); },
        [](std::size_t count, std::size_t size) {
          return allocated(std::calloc(count, size), count * size);
        },
        std::free);
  });
}

}  // namespace

ReadBuffer BufferPool::take() {
  if (free_.empty()) return ReadBuffer(new std::uint8_t[kReadBuffer]);
  auto buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

void BufferPool::give(ReadBuffer buffer) {
  if (buffer && free_.size() < kMostFree) free_.push_back(std::move(buffer));
}

void PostBox::post(std::move_only_function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (!async_) return;
  waiting_.push_back(std::move(work));
  uv_async_send(async_);
}

Time UvClock::now() const {
  // Not uv_now: round trips are measured in microseconds, and it counts milliseconds.
  return Time(Duration(static_cast<std::int64_t>(uv_hrtime() / 1000)));
}

WallTime UvClock::wall() const {
  timespec at{};
  clock_gettime(CLOCK_REALTIME, &at);
  return WallTime(std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec / 1000));
}

std::unique_ptr<Timer> UvClock::timer(std::move_only_function<void()> fire) {
  return make_timer(timers_, std::move(fire));
}

Loop::Loop() {
  use_new_handler();
  if (const int status = uv_loop_init(&loop_)) broken("cannot make an event loop", status);
  uv_timer_init(&loop_, &alarm_);
  const auto deliver = [](uv_async_t* async) {
    PostBox& box = *static_cast<Loop*>(async->loop->data)->post_box;
    std::vector<std::move_only_function<void()>> work;
    {
      const std::lock_guard lock(box.mutex_);
      work.swap(box.waiting_);
    }
    for (auto& item : work) item();
  };
  if (const int status = uv_async_init(&loop_, &async_, deliver)) {
    broken("cannot make an event loop", status);
  }
  loop_.data = this;
  alarm_.data = nullptr;
  async_.data = nullptr;
  post_box->async_ = &async_;
}

Loop::~Loop() {
  std::vector<std::move_only_function<void()>> dropped;
  {
    const std::lock_guard lock(post_box->mutex_);
    post_box->async_ = nullptr;
    dropped.swap(post_box->waiting_);
  }
  dropped.clear();
  const auto close = [](uv_handle_t* handle, void*) {
    if (uv_is_closing(handle)) return;
    if (handle->data) {
      static_cast<HandleState*>(handle->data)->loop_ended();
    } else {
      uv_close(handle, nullptr);
    }
  };
  uv_walk(&loop_, close, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  if (const int status = uv_loop_close(&loop_)) broken("the event loop does not close", status);
}

void Loop::hurry() {
  const auto hurry_one = [](uv_handle_t* handle, void*) {
    if (handle->data && !uv_is_closing(handle)) static_cast<HandleState*>(handle->data)->hurry();
  };
  uv_walk(&loop_, hurry_one, nullptr);
}

void Loop::run(const std::function<bool()>& done) {
  while (true) {
    for (int budget = kResumesPerRound; budget > 0 && !done(); --budget) {
      if (!queue.run_one()) break;
    }
    if (done()) return;
    one_round(queue.empty() && next_round_.empty());
  }
}

void Loop::one_round(bool wait) {
  if (const Time due = timers.next(); due != alarm_at_) {
    alarm_at_ = due;
    if (due == kNever) {
      uv_timer_stop(&alarm_);
    } else {
      // libuv counts whole milliseconds of the same clock, so rounding up is never early.
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(due.time_since_epoch()).count();
      const auto now = static_cast<std::int64_t>(uv_now(&loop_));
      const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(ms - now, 0));
      // Repeating: where it fires at the beginning of uv_run, the poll after it must not block.
      uv_timer_start(&alarm_, [](uv_timer_t*) {}, left, 1);
    }
  }
  uv_run(&loop_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  ++round_;
  next_round_.wake_all();
  if (const Time now = clock.now(); timers.next() <= now) {
    uv_timer_stop(&alarm_);
    alarm_at_ = kNever;
    timers.fire_due(now);
  }
}

void Turn::spend(std::size_t amount) {
  if (round_ != loop_.round_) {
    round_ = loop_.round_;
    used_ = 0;
  }
  used_ += amount;
}

void HandleState::opened(uv_handle_t* handle) {
  handle_ = handle;
  handle_->data = this;
  self_ = shared_from_this();
}

void HandleState::close_handle() {
  if (!handle_) return;
  uv_handle_t* handle = std::exchange(handle_, nullptr);
  uv_close(handle, [](uv_handle_t* closed) {
    const auto last = std::move(static_cast<HandleState*>(closed->data)->self_);
  });
}

}  // namespace p2p::runtime::uv
