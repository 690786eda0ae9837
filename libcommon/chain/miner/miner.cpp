#include "chain/miner/miner.h"

#include <algorithm>
#include <vector>

#include "chain/consensus/compact.h"
#include "crypto/sha256_mining.h"

namespace p2p::chain {

namespace {

constexpr std::uint64_t kNonces = std::uint64_t{1} << 32;

/// Slices under way, and what they found; shared with the jobs, which may outlive the search.
struct Search {
  explicit Search(const BlockHeader& header, const U256& target)
      : nonces(header.encode(), target.to_le()) {}

  crypto::NonceSearch nonces;
  std::uint64_t next = 0;  ///< the first nonce that no slice has
  std::size_t running = 0;
  std::optional<std::uint32_t> found;  ///< the lowest so far
  runtime::WaitList changed;
};

void start_slice(runtime::Workers& workers, const std::shared_ptr<Search>& search) {
  const std::uint64_t first = search->next;
  const std::uint64_t count = std::min<std::uint64_t>(kMiningSlice, kNonces - first);
  search->next += count;
  ++search->running;
  auto result = std::make_shared<std::optional<std::uint32_t>>();
  std::move_only_function<void()> job = [nonces = search->nonces, first, count, result] {
    *result = nonces.scan(static_cast<std::uint32_t>(first), count);
  };
  std::move_only_function<void()> done = [search, result] {
    --search->running;
    if (*result && (!search->found || **result < *search->found)) search->found = **result;
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
  search->next = header.nonce;
  while (true) {
    // Slices start in order, so once one has found a nonce only those under way can have a lower.
    while (!search->found && search->running < workers.threads() && search->next < kNonces) {
      start_slice(workers, search);
    }
    if (search->running == 0) break;
    co_await search->changed.wait();
  }
  if (!search->found) co_return std::nullopt;
  header.nonce = *search->found;
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
