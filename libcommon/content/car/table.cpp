#include "content/car/table.h"

#include <algorithm>

#include "base/endian.h"

namespace p2p::car {

namespace {

/// A fingerprint, then its place in big-endian order, so that the lowest sorts first.
constexpr std::size_t kRecordSize = sizeof(Fingerprint) + 8;

/// How many are read from the scratch at a time. Fingerprints are spread evenly: of ten million, a
/// first guess is off by one or two thousand, and a second hits the page.
constexpr std::uint64_t kPage = 128;

}  // namespace

Table::Table(Scratch& scratch, std::size_t memory)
    : scratch_(scratch), memory_(memory), sorter_(kRecordSize, scratch, memory) {}

Result<void> Table::add(const Fingerprint& fingerprint, std::uint64_t place) {
  std::array<std::uint8_t, kRecordSize> record;
  std::ranges::copy(fingerprint, record.begin());
  store_be(record.data() + fingerprint.size(), place);
  return sorter_.add(record.data());
}

Result<void> Table::finish() {
  const bool fits = sorter_.size() * kRecordSize <= memory_;
  P2P_TRY(auto sorted, sorter_.finish());
  size_ = sorted.size();
  for (;;) {
    P2P_TRY(const auto* record, sorted.next());
    if (record == nullptr) break;
    append(records_, ByteView(record, kRecordSize));
    if (fits || records_.size() < kPage * kRecordSize) continue;
    P2P_TRY(const auto at, scratch_.append(records_));
    if (!start_) start_ = at;
    records_.clear();
  }
  if (fits) return {};
  P2P_TRY(const auto at, scratch_.append(records_));
  if (!start_) start_ = at;
  records_.clear();
  return {};
}

/// The record of this number, with those around it.
Result<const std::uint8_t*> Table::record(std::uint64_t number) {
  if (start_ && (number < first_ || number - first_ >= records_.size() / kRecordSize)) {
    first_ = number - number % kPage;
    const auto count = std::min(kPage, size_ - first_);
    records_.resize(static_cast<std::size_t>(count * kRecordSize));
    P2P_TRY(const auto read, scratch_.read_at(*start_ + first_ * kRecordSize, records_));
    if (read != records_.size()) return fail(Code::corrupt, "a temporary file has shrunk");
  }
  return records_.data() + (number - first_) * kRecordSize;
}

Result<std::optional<Table::Entry>> Table::find(const Fingerprint& fingerprint) {
  // The answer is in [low, high]; each guess is where an even spread would have it, and every third
  // one the middle, so that no spread is much worse than a binary search.
  std::uint64_t low = 0;
  std::uint64_t high = size_;
  const auto wanted = load_be<std::uint64_t>(fingerprint.data());
  std::uint64_t below = 0;
  std::uint64_t above = UINT64_MAX;
  for (unsigned guesses = 1; low < high; ++guesses) {
    const bool even = guesses % 3 != 0;
    auto middle = low + (high - low) / 2;
    if (even && above > below && wanted >= below) {
      const double share = static_cast<double>(wanted - below) / static_cast<double>(above - below);
      const auto guess = low + static_cast<std::uint64_t>(share * static_cast<double>(high - low));
      middle = std::min(guess, high - 1);
    }
    P2P_TRY(const auto* at, record(middle));
    if (std::memcmp(at, fingerprint.data(), fingerprint.size()) < 0) {
      low = middle + 1;
      below = load_be<std::uint64_t>(at);
    } else {
      high = middle;
      above = load_be<std::uint64_t>(at);
    }
  }
  if (low == size_) return std::nullopt;
  P2P_TRY(const auto* at, record(low));
  if (std::memcmp(at, fingerprint.data(), fingerprint.size()) != 0) return std::nullopt;
  return Entry{load_be<std::uint64_t>(at + fingerprint.size()), low};
}

}  // namespace p2p::car
