#include "runtime/task.h"

namespace p2p::runtime {

namespace detail {

void Link::unlink() {
  if (!linked()) return;
  prev->next = next;
  next->prev = prev;
  prev = next = nullptr;
}

void Link::insert_before(Link& other) {
  unlink();
  prev = other.prev;
  next = &other;
  prev->next = this;
  other.prev = this;
}

LinkList::~LinkList() {
  while (!empty()) next->unlink();
  prev = next = nullptr;
}

/// A spawned task. `start` is linked until the queue starts it; `running` while it is on the stack.
struct Root {
  Root(TaskGroup& owner, Task<void> body) : group(&owner), task(std::move(body)) {}

  TaskGroup* group;
  std::list<std::unique_ptr<Root>>::iterator place;
  Task<void> task;
  Waiter start;
  bool running = false;

  bool done() const { return task.handle_.done(); }
  std::exception_ptr exception() const { return task.handle_.promise().exception; }
  std::coroutine_handle<> handle() const { return task.handle_; }
  void enter(Context context) { task.handle_.promise().context = context; }
};

}  // namespace detail

ReadyQueue::ReadyQueue() = default;
ReadyQueue::~ReadyQueue() = default;

bool ReadyQueue::run_one() {
  if (ready_.empty()) return false;
  auto& waiter = static_cast<detail::Waiter&>(*ready_.next);
  waiter.unlink();
  ++resumed_;
  detail::Root* root = waiter.context.root;
  const std::coroutine_handle<> handle = waiter.handle;
  root->running = true;
  handle.resume();
  root->running = false;
  if (root->done()) {
    if (root->exception()) std::terminate();
    if (root->group) {
      root->group->forget(*root);
      return true;
    }
  }
  if (!root->group) delete root;  // its group was cancelled while it ran
  return true;
}

void ReadyQueue::run_until_idle() {
  while (run_one()) {
  }
}

void WaitList::wake_one() {
  if (waiting_.empty()) return;
  auto& waiter = static_cast<detail::Waiter&>(*waiting_.next);
  waiter.context.queue->push(waiter);
}

void WaitList::wake_all() {
  while (!waiting_.empty()) wake_one();
}

TaskGroup::TaskGroup(ReadyQueue& queue) : queue_(queue) {}
TaskGroup::~TaskGroup() { destroy_all(); }

void TaskGroup::spawn(Task<void> task) {
  auto owned = std::make_unique<detail::Root>(*this, std::move(task));
  detail::Root& root = *owned;
  root.place = roots_.insert(roots_.end(), std::move(owned));
  detail::Context context;
  context.queue = &queue_;
  context.root = &root;
  root.enter(context);
  root.start.handle = root.handle();
  root.start.context = context;
  queue_.push(root.start);
}

void TaskGroup::cancel() {
  changed_.wake_all();  // before anything goes: what the doomed frames own may own this group
  destroy_all();
}

void TaskGroup::destroy_all() {
  auto doomed = std::move(roots_);
  roots_.clear();
  for (auto& root : doomed) {
    root->group = nullptr;
    if (root->running) static_cast<void>(root.release());  // the queue destroys it when it suspends
  }
}

void TaskGroup::forget(detail::Root& root) {
  const auto keep = std::move(*root.place);  // destroyed after the list is consistent
  roots_.erase(root.place);
  changed_.wake_all();
}

Task<void> TaskGroup::join() { return below(1); }

Task<void> TaskGroup::below(std::size_t limit) {
  while (roots_.size() >= limit) co_await changed_.wait();
}

}  // namespace p2p::runtime
