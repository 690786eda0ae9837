#include "runtime/timer_queue.h"

#include <utility>

namespace p2p::runtime {

TimerQueue::Entry::~Entry() {
  if (queue_) queue_->disarm(*this);
}

void TimerQueue::clear() {
  while (!heap_.empty()) {  // one by one: what an entry owns may be another entry
    Entry& entry = *heap_.back();
    heap_.pop_back();
    entry.queue_ = nullptr;
    entry.forgotten();
  }
}

void TimerQueue::place(std::size_t at, Entry* entry) {
  heap_[at] = entry;
  entry->place_ = at;
}

void TimerQueue::rise(std::size_t at, Entry* entry) {
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (!before(*entry, *heap_[parent])) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, entry);
}

void TimerQueue::sink(std::size_t at, Entry* entry) {
  while (true) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *entry)) break;
    place(at, heap_[child]);
    at = child;
  }
  place(at, entry);
}

void TimerQueue::arm(Entry& entry, Time at) {
  disarm(entry);
  if (at == kNever) return;
  entry.queue_ = this;
  entry.at_ = at;
  entry.sequence_ = ++sequence_;
  heap_.push_back(&entry);
  rise(heap_.size() - 1, &entry);
}

void TimerQueue::disarm(Entry& entry) {
  if (!entry.queue_) return;
  entry.queue_ = nullptr;
  Entry* last = heap_.back();
  heap_.pop_back();
  if (last == &entry) return;
  const std::size_t hole = entry.place_;
  if (before(*last, entry)) {
    rise(hole, last);
  } else {
    sink(hole, last);
  }
}

void TimerQueue::fire_next() {
  Entry& entry = *heap_.front();
  disarm(entry);
  entry.fire();
}

void TimerQueue::fire_due(Time now) {
  const auto newest = sequence_;
  while (!heap_.empty() && heap_.front()->at_ <= now && heap_.front()->sequence_ <= newest) {
    fire_next();
  }
}

namespace {

class QueuedTimer final : public Timer {
 public:
  QueuedTimer(TimerQueue& queue, std::move_only_function<void()> fire)
      : queue_(queue), alarm_(std::make_shared<Alarm>(std::move(fire))) {}
  ~QueuedTimer() override { queue_.disarm(*alarm_); }

  void arm(Time at) override { queue_.arm(*alarm_, at); }
  void disarm() override { queue_.disarm(*alarm_); }

 private:
  struct Alarm final : TimerQueue::Entry, std::enable_shared_from_this<Alarm> {
    explicit Alarm(std::move_only_function<void()> f) : callback(std::move(f)) {}
    void fire() override {
      const auto keep = shared_from_this();  // the callback may destroy its timer
      callback();
    }
    std::move_only_function<void()> callback;
  };

  TimerQueue& queue_;
  std::shared_ptr<Alarm> alarm_;
};

}  // namespace

std::unique_ptr<Timer> make_timer(TimerQueue& queue, std::move_only_function<void()> fire) {
  return std::make_unique<QueuedTimer>(queue, std::move(fire));
}

}  // namespace p2p::runtime
