#include "files/pipeline.h"

#include <sched.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "files/file.h"
#include "files/quota.h"

namespace p2p::files {

unsigned default_jobs() {
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    jobs = static_cast<unsigned>(std::max(1, CPU_COUNT(&allowed)));
  }
  std::string membership;
  if (auto file = File::open("/proc/self/cgroup")) {
    static_cast<void>(file->read_all([&](ByteView piece) -> Result<void> {
      membership += as_text(piece);
      return {};
    }));
  }
  return std::min(jobs, quota_of_group(membership, "/sys/fs/cgroup").value_or(jobs));
}

Pipeline::Pipeline(unsigned threads, std::size_t in_flight)
    : threads_(std::max(1U, threads)),
      in_flight_(in_flight != 0 ? in_flight : 4UL * threads_),
      most_threads_(threads_) {}

Pipeline::~Pipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_added_.notify_all();
  workers_.clear();  // joins
}

void Pipeline::submit(Work job, Work then, std::size_t held) {
  if (threads_ == 1) {
    if (job) {
      if (before_waiting_) before_waiting_();
      job();
    }
    if (then) then();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({std::move(job), std::move(then), held});
    held_ += held;
    // Threads are started as work comes, so that one small file costs none.
    if (items_.size() > 1) add_worker();
  }
  work_added_.notify_one();
  retire(in_flight_);
}

void Pipeline::drain() { retire(0); }

/// One more, if there may be.
void Pipeline::add_worker() {
  if (workers_.size() >= most_threads_) return;
  try {
    workers_.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {  // a container's bound: those there are do the work
    most_threads_ = static_cast<unsigned>(workers_.size());
  }
}

Pipeline::Item* Pipeline::take() {
  if (untaken_ == items_.size()) return nullptr;
  Item* item = &items_[untaken_++];
  item->state = Item::State::running;
  return item;
}

void Pipeline::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_added_.wait(lock, [this] { return stopping_ || untaken_ < items_.size(); });
    if (stopping_) return;
    Item* item = take();
    lock.unlock();
    if (item->job) item->job();
    lock.lock();
    item->state = Item::State::done;
    if (item == &items_.front()) front_done_.notify_one();
  }
}

void Pipeline::retire(std::size_t most) {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!items_.empty() && items_.front().state == Item::State::done) {
      Item finished = std::move(items_.front());
      items_.pop_front();
      --untaken_;
      lock.unlock();
      if (finished.then) finished.then();
      lock.lock();
      held_ -= finished.held;
    }
    if (items_.size() <= most && (held_ <= kMostHeld || items_.empty())) return;
    // What is done at the front is not to wait until a job of this thread's is done, too: where
    // there are others, they do the work.
    if (!workers_.empty() && untaken_ < items_.size()) add_worker();
    Item* own = workers_.empty() ? take() : nullptr;
    if (before_waiting_) {
      lock.unlock();
      before_waiting_();
      lock.lock();
    }
    if (own != nullptr) {
      lock.unlock();
      if (own->job) own->job();
      lock.lock();
      own->state = Item::State::done;
    } else {
      front_done_.wait(lock, [this] { return items_.front().state == Item::State::done; });
    }
  }
}

}  // namespace p2p::files
