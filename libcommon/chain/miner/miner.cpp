#include "chain/miner/miner.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "chain/consensus/compact.h"
#include "crypto/sha256_mining.h"

namespace p2p::chain {

namespace {

constexpr std::uint64_t kNonces = std::uint64_t{1} << 32;
/// Nonces between two looks at whether they are still wanted: about a millisecond.
constexpr std::uint64_t kStride = 1u << 14;
constexpr std::uint64_t kNone = kNonces;

/// What jobs and the search share; jobs may outlive it.
struct Search {
  Search(const BlockHeader& header, const U256& target)
      : nonces(header.encode(), target.to_le()), next(header.nonce) {}

  crypto::NonceSearch nonces;
  /// The lowest nonce found so far: what lies above it is no longer wanted. 0 stops everything.
  std::atomic<std::uint64_t> found = kNone;

  // Of the protocol thread alone.
  std::uint64_t next;               ///< the first nonce that no slice has
  std::set<std::uint64_t> running;  ///< where the slices under way begin
  runtime::WaitList changed;

  /// Whether no slice under way can find a lower one.
  bool settled() const { return running.empty() || *running.begin() > found.load(); }
};

/// Stops the jobs when the search is abandoned.
struct Stop {
  std::shared_ptr<Search> search;
  explicit Stop(std::shared_ptr<Search> of) : search(std::move(of)) {}
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
  ~Stop() { search->found.store(0); }
};

void run_slice(Search& search, std::uint64_t first, std::uint64_t end) {
  for (std::uint64_t at = first; at < end && at < search.found.load(); at += kStride) {
    const auto nonce =
        search.nonces.scan(static_cast<std::uint32_t>(at), std::min(kStride, end - at));
    if (!nonce) continue;
    std::uint64_t lowest = search.found.load();
    while (*nonce < lowest && !search.found.compare_exchange_weak(lowest, *nonce)) {
    }
    return;
  }
}

void start_slice(runtime::Workers& workers, const std::shared_ptr<Search>& search) {
  const std::uint64_t first = search->next;
  const std::uint64_t end = std::min(first + kMiningSlice, kNonces);
  search->next = end;
  search->running.insert(first);
  std::move_only_function<void()> job = [search, first, end] { run_slice(*search, first, end); };
  std::move_only_function<void()> done = [search, first] {
    search->running.erase(first);
    search->changed.wake_all();
  };
  workers.submit(std::move(job), std::move(done));
}

}  // namespace

runtime::Task<std::optional<BlockHeader>> search_nonce(runtime::Workers& workers,
                                                       BlockHeader header) {
  const auto target = target_of(header.bits, U256::max());
  if (!target) co_return std::nullopt;
  const auto search = std::make_shared<Search>(header, *target);
  const Stop stop(search);
  while (true) {
    // Slices start in order, so what is found is the lowest once those before it have ended.
    while (search->found.load() == kNone && search->running.size() < workers.threads() &&
           search->next < kNonces) {
      start_slice(workers, search);
    }
    if (search->settled()) break;
    co_await search->changed.wait();
  }
  const std::uint64_t nonce = search->found.load();
  if (nonce == kNone) co_return std::nullopt;
  header.nonce = static_cast<std::uint32_t>(nonce);
  co_return header;
}

std::optional<BlockHeader> search_nonce_now(BlockHeader header, std::uint64_t count) {
  const auto target = target_of(header.bits, U256::max());
  if (!target) return std::nullopt;
  const crypto::NonceSearch search(header.encode(), target->to_le());
  const auto nonce = search.scan(header.nonce, count);
  if (!nonce) return std::nullopt;
  header.nonce = *nonce;
  return header;
}

}  // namespace p2p::chain
