#include "runtime/uv/workers.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace p2p::runtime::uv {

UvWorkers::UvWorkers(Loop& loop, unsigned threads)
    : post_box_(loop.post_box),
      // Two at least, so that one long job does not hold up the short ones on a small machine.
      limit_(threads != 0 ? threads : std::max(2U, std::thread::hardware_concurrency())) {}

UvWorkers::~UvWorkers() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  threads_.clear();  // joins
}

void UvWorkers::submit(std::move_only_function<void()> job, std::move_only_function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(Job{std::move(job), std::move(done)});
    if (waiting_.size() > idle_ && threads_.size() < limit_) {
      try {
        threads_.emplace_back([this] { serve(); });
      } catch (const std::system_error&) {  // a bound of the system: those there are do the work
        if (threads_.empty()) {
          post_box_->post([job = std::move(waiting_.back())]() mutable {
            job.work();
            job.done();
          });
          waiting_.pop_back();
        }
      }
    }
  }
  changed_.notify_one();
}

void UvWorkers::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) return;
    {
      Job job = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      job.work();
      // What the job holds dies on the loop's thread, with `done`.
      post_box_->post(
          [work = std::move(job.work), done = std::move(job.done)]() mutable { done(); });
    }
    lock.lock();
  }
}

}  // namespace p2p::runtime::uv
