// The order in which things fall due: by time, then by the order they were armed in. Both runtimes
// keep their timers in one; the simulation also keeps its events there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "runtime/clock.h"

namespace p2p::runtime {

/// A binary heap of entries that know their own place, so that moving and removing one is cheap and
/// allocates nothing.
class TimerQueue {
 public:
  class Entry {
   public:
    Entry() = default;
    virtual ~Entry();  ///< leaves the queue
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool armed() const { return queue_ != nullptr; }

   private:
    friend class TimerQueue;
    /// Called once when due, already out of the queue; may re-arm or delete itself.
    virtual void fire() = 0;
    /// Called when the queue ends before that; may delete itself.
    virtual void forgotten() {}

    TimerQueue* queue_ = nullptr;
    std::size_t place_ = 0;
    Time at_{};
    std::uint64_t sequence_ = 0;
  };

  TimerQueue() = default;
  ~TimerQueue() { clear(); }
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Arms or moves `entry`; kNever disarms it.
  void arm(Entry& entry, Time at);
  void disarm(Entry& entry);

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  /// When the next entry is due; kNever if there is none.
  Time next() const { return heap_.empty() ? kNever : heap_.front()->at_; }
  /// Fires the first entry, due or not. The queue must not be empty.
  void fire_next();
  /// Forgets every entry.
  void clear();
  /// Fires what is due at `now`, except what is armed meanwhile.
  void fire_due(Time now);

 private:
  static bool before(const Entry& a, const Entry& b) {
    return a.at_ != b.at_ ? a.at_ < b.at_ : a.sequence_ < b.sequence_;
  }
  void place(std::size_t at, Entry* entry);
  void rise(std::size_t at, Entry* entry);
  void sink(std::size_t at, Entry* entry);

  std::vector<Entry*> heap_;
  std::uint64_t sequence_ = 0;
};

/// A Timer on `queue`, whose times are those of the queue itself. Its own callback may destroy it.
std::unique_ptr<Timer> make_timer(TimerQueue& queue, std::move_only_function<void()> fire);

}  // namespace p2p::runtime
