// A pool of threads of our own: libuv's has four, shared with its file and name operations, and a
// mining job is long. Internal to runtime/uv.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/uv/loop.h"
#include "runtime/workers.h"

namespace p2p::runtime::uv {

class UvWorkers final : public Workers {
 public:
  /// Threads start with the first jobs, for most programs have none.
  UvWorkers(Loop& loop, unsigned threads);
  ~UvWorkers() override;  ///< drops jobs that have not begun and waits for the others

  unsigned threads() const override { return limit_; }
  void submit(std::move_only_function<void()> job, std::move_only_function<void()> done) override;

 private:
  struct Job {
    std::move_only_function<void()> work;
    std::move_only_function<void()> done;
  };
  void serve();

  const std::shared_ptr<PostBox> post_box_;
  const unsigned limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace p2p::runtime::uv
