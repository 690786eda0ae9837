// Coroutines on one thread: a lazy Task, the one FIFO queue that resumes them, a place to wait, and
// a group that owns what runs at the same time.
//
// The rules that everything here follows:
// - Waking never resumes inline: a woken coroutine goes to the end of the ReadyQueue, and only the
//   runtime's loop resumes from it. So a state machine is never re-entered from its own call.
// - Cancelling is destroying: a suspended frame may be destroyed at any time; whatever it waits for
//   forgets it. There is no other cancellation, and no stop token.
// - A task that is running (on the C++ stack) is never destroyed under its own feet: TaskGroup puts
//   its end off until it suspends.
// - What an operation in flight needs (buffers, handles) belongs to the operation, never to the
// frame
//   that started it.
//
// g++ 12 miscompiles some co_await expressions. The house rule, checked by tests/style: the operand
// of co_await contains no brace, no lambda and no `?:`; name the object first, then std::move it.
// No co_await inside a catch block, no reference parameters to temporaries, no capturing coroutine
// lambdas.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace p2p::runtime {

class ReadyQueue;
class TaskGroup;

namespace detail {

struct Link {
  Link* prev = nullptr;
  Link* next = nullptr;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  bool linked() const { return next != nullptr; }
  void unlink();
  void insert_before(Link& other);
};

/// A circular list with this as its sentinel.
struct LinkList : Link {
  LinkList() { prev = next = this; }
  ~LinkList();
  bool empty() const { return next == this; }
};

struct Root;

/// What a promise knows of the world it runs in; handed from parent to child at co_await.
struct Context {
  ReadyQueue* queue = nullptr;
  Root* root = nullptr;
};

/// A suspended coroutine, linked into whatever will wake it. It unlinks itself when its frame dies.
struct Waiter : Link {
  std::coroutine_handle<> handle;
  Context context;

  ~Waiter() { unlink(); }
};

struct PromiseBase {
  Context context;
  Waiter* continuation = nullptr;
  std::exception_ptr exception;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) noexcept;
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  std::coroutine_handle<Promise> get_return_object() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() {}
  std::coroutine_handle<Promise> get_return_object() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace detail

/// A coroutine that starts when it is awaited (or spawned) and is destroyed with this handle.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && { return Awaiter(handle_); }

 private:
  friend class TaskGroup;
  friend struct detail::Root;

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> child) : child_(child) {}
    bool await_ready() const noexcept { return false; }
    // Returns bool, not a handle: symmetric transfer is no tail call below -O2 nor under ASan.
    template <class P>
    bool await_suspend(std::coroutine_handle<P> parent) {
      child_.promise().context = parent.promise().context;
      child_.resume();
      if (child_.done()) return false;
      waiter_.handle = parent;
      waiter_.context = parent.promise().context;
      child_.promise().continuation = &waiter_;
      return true;
    }
    T await_resume() { return child_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> child_;
    detail::Waiter waiter_;
  };

  std::coroutine_handle<promise_type> handle_;
};

/// The FIFO of coroutines that can go on. A runtime drains it after each round of events.
class ReadyQueue {
 public:
  ReadyQueue();
  ~ReadyQueue();
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  bool empty() const { return ready_.empty(); }
  /// Resumes the first coroutine; false when there is none.
  bool run_one();
  /// Resumes until nothing is ready. Work that readies itself forever never returns; runtimes that
  /// must poll for events in between call run_one.
  void run_until_idle();
  /// How many coroutines were resumed so far: part of a simulation's trace.
  std::uint64_t resumed() const { return resumed_; }

 private:
  friend class WaitList;
  friend class TaskGroup;
  friend struct detail::PromiseBase;
  void push(detail::Waiter& waiter) { waiter.insert_before(ready_); }

  detail::LinkList ready_;
  std::uint64_t resumed_ = 0;
};

/// Where coroutines wait until something happens. The usual loop is
///     while (!condition) co_await changed.wait();
/// since a wake-up says only that something changed. Destroying the list forgets its waiters: they
/// never go on, and whoever owns their frames destroys them. One that was woken already does go on,
/// so what it looks at next must be kept alive by its own frame, or own that frame.
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  void wake_one();
  void wake_all();
  bool empty() const { return waiting_.empty(); }

  class Awaiter {
   public:
    explicit Awaiter(detail::LinkList& list) : list_(list) {}
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) {
      waiter_.handle = h;
      waiter_.context = h.promise().context;
      waiter_.insert_before(list_);
    }
    void await_resume() const noexcept {}

   private:
    detail::LinkList& list_;
    detail::Waiter waiter_;
  };
  Awaiter wait() { return Awaiter(waiting_); }

 private:
  detail::LinkList waiting_;
};

/// Owns tasks that run at the same time. Destroying or cancelling the group destroys them.
class TaskGroup {
 public:
  explicit TaskGroup(ReadyQueue& queue);
  ~TaskGroup();  ///< who waits in join or below is forgotten
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` from the ready queue, never inline. An exception that leaves it ends the
  /// program: errors are values here.
  void spawn(Task<void> task);
  std::size_t size() const { return roots_.size(); }
  bool empty() const { return roots_.empty(); }

  /// Destroys every task of the group; one that is running now is destroyed once it suspends, and
  /// until then must not touch what went with the group.
  void cancel();
  /// Returns when the group is empty.
  Task<void> join();
  /// Returns when fewer than `limit` tasks are left: the way to bound what runs at the same time.
  Task<void> below(std::size_t limit);

 private:
  friend class ReadyQueue;
  friend struct detail::Root;
  void destroy_all();
  void forget(detail::Root& root);

  ReadyQueue& queue_;
  std::list<std::unique_ptr<detail::Root>> roots_;
  WaitList changed_;
};

template <class P>
void detail::PromiseBase::Final::await_suspend(std::coroutine_handle<P> h) noexcept {
  if (Waiter* waiter = h.promise().continuation) waiter->context.queue->push(*waiter);
}

}  // namespace p2p::runtime
