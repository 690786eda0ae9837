#include "content/car/table.h"

#include <algorithm>

#include "base/endian.h"

namespace p2p::car {

namespace {

/// A fingerprint, then its place in big-endian order, so that the lowest sorts first.
constexpr std::size_t kRecordSize = sizeof(Fingerprint) + 8;

/// How many are read from the scratch at a time, at least.
constexpr std::uint64_t kLeastPage = 128;
/// Of more pages not every first record is held; they are larger then.
constexpr std::uint64_t kMostPages = std::uint64_t{1} << 18;

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
  page_ = std::max(kLeastPage, (size_ + kMostPages - 1) / kMostPages);
  const auto put = [&]() -> Result<void> {
    P2P_TRY(const auto at, scratch_.append(records_));
    if (!start_) start_ = at;
    records_.clear();
    return {};
  };
  for (std::uint64_t number = 0;; ++number) {
    P2P_TRY(const auto* record, sorted.next());
    if (record == nullptr) break;
    if (number % page_ == 0) pages_.push_back(load_be<std::uint64_t>(record));
    append(records_, ByteView(record, kRecordSize));
    if (!fits && records_.size() >= page_ * kRecordSize) P2P_CHECK(put());
  }
  return fits ? Result<void>() : put();
}

/// The record of this number, with the others of its page.
Result<const std::uint8_t*> Table::record(std::uint64_t number) {
  if (start_ && (number < first_ || number - first_ >= records_.size() / kRecordSize)) {
    first_ = number - number % page_;
    const auto count = std::min(page_, size_ - first_);
    records_.resize(static_cast<std::size_t>(count * kRecordSize));
    P2P_TRY(const auto read, scratch_.read_at(*start_ + first_ * kRecordSize, records_));
    if (read != records_.size()) return fail(Code::corrupt, "a temporary file has shrunk");
  }
  return records_.data() + (number - first_) * kRecordSize;
}

Result<std::optional<Table::Entry>> Table::find(const Fingerprint& fingerprint) {
  // The answer is in [low, high]: past the first record of the last page that begins below it, and
  // not past that of the first that begins above; most often that is one page.
  const auto [first, last] =
      std::ranges::equal_range(pages_, load_be<std::uint64_t>(fingerprint.data()));
  const auto before = static_cast<std::uint64_t>(first - pages_.begin());
  std::uint64_t low = before == 0 ? 0 : (before - 1) * page_;
  auto high = std::min(size_, static_cast<std::uint64_t>(last - pages_.begin()) * page_);
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    P2P_TRY(const auto* at, record(middle));
    if (std::memcmp(at, fingerprint.data(), fingerprint.size()) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == size_) return std::nullopt;
  P2P_TRY(const auto* at, record(low));
  if (std::memcmp(at, fingerprint.data(), fingerprint.size()) != 0) return std::nullopt;
  return Entry{load_be<std::uint64_t>(at + fingerprint.size()), low};
}

}  // namespace p2p::car
