#include "chain/miner/miner.h"

#include <deque>

#include "chain/consensus/rules.h"
#include "support/chain_fixture.h"

using namespace p2p;
using namespace p2p::chain;
using namespace p2p::testing;

namespace {

/// Runs jobs when told to, in any order.
class HandWorkers final : public runtime::Workers {
 public:
  explicit HandWorkers(unsigned threads) : threads_(threads) {}
  unsigned threads() const override { return threads_; }
  void submit(std::move_only_function<void()> job, std::move_only_function<void()> done) override {
    jobs_.push_back({std::move(job), std::move(done)});
    ++submitted;
  }
  std::size_t waiting() const { return jobs_.size(); }
  void run(std::size_t which) {
    auto job = std::move(jobs_[which]);
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(which));
    job.first();
    job.second();
  }
  int submitted = 0;

 private:
  unsigned threads_;
  std::deque<std::pair<std::move_only_function<void()>, std::move_only_function<void()>>> jobs_;
};

struct Found {
  std::optional<BlockHeader> header;
  bool done = false;
};

runtime::Task<void> search(runtime::Workers& workers, BlockHeader header, Found& out) {
  out.header = co_await search_nonce(workers, header);
  out.done = true;
}

BlockHeader header_with(std::uint32_t bits, std::uint32_t time) {
  BlockHeader out;
  out.version = kBlockVersion;
  out.time = time;
  out.bits = bits;
  return out;
}

}  // namespace

TEST_CASE("the nonce found is the lowest, however many workers and in whatever order they end") {
  crypto::SeededRandom random(9);
  for (std::uint32_t time = 1; time <= 3; ++time) {
    // 2^20.4 hashes on average: often beyond the first slice.
    const BlockHeader header = header_with(0x1e0c0000, time);
    const auto expected = search_nonce_now(header, UINT32_MAX);
    for (const unsigned threads : {1u, 3u}) {
      runtime::ReadyQueue queue;
      HandWorkers workers(threads);
      Found result;
      runtime::TaskGroup group(queue);
      group.spawn(search(workers, header, result));
      queue.run_until_idle();
      while (!result.done) {
        CHECK(workers.waiting() <= threads);
        workers.run(static_cast<std::size_t>(random.below(workers.waiting())));
        queue.run_until_idle();
      }
      CHECK(result.header == expected);
    }
  }
}

TEST_CASE("a search without an answer ends at the last nonce") {
  runtime::ReadyQueue queue;
  HandWorkers workers(2);
  Found result;
  runtime::TaskGroup group(queue);
  BlockHeader header = header_with(0x1d00ffff, 1);
  header.nonce = UINT32_MAX - 5'000;
  group.spawn(search(workers, header, result));
  queue.run_until_idle();
  CHECK(workers.submitted == 1);
  workers.run(0);
  queue.run_until_idle();
  CHECK(result.done);
  CHECK_FALSE(result.header);
}

TEST_CASE("an abandoned search stops its jobs") {
  runtime::ReadyQueue queue;
  HandWorkers workers(2);
  Found result;
  runtime::TaskGroup group(queue);
  // At this difficulty a slice that went on would find nothing for a long time.
  group.spawn(search(workers, header_with(0x1d00ffff, 1), result));
  queue.run_until_idle();
  CHECK(workers.waiting() == 2);
  group.cancel();
  workers.run(1);
  workers.run(0);
  queue.run_until_idle();
  CHECK_FALSE(result.done);
  CHECK(workers.submitted == 2);
}

TEST_CASE("bits that are no target are not searched for") {
  runtime::ReadyQueue queue;
  HandWorkers workers(1);
  Found result;
  runtime::TaskGroup group(queue);
  group.spawn(search(workers, header_with(0, 1), result));
  queue.run_until_idle();
  CHECK(result.done);
  CHECK_FALSE(result.header);
}
