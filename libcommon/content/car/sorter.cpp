#include "content/car/sorter.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"

namespace p2p::car {

namespace {

/// Runs are read and written in pieces of at least this.
constexpr std::size_t kLeastBuffer = 4096;

/// A record's first bytes as a number: they decide nearly every comparison.
std::uint64_t prefix(const std::uint8_t* record, std::size_t size) {
  if (size >= 8) return load_be<std::uint64_t>(record);
  std::uint8_t padded[8] = {};
  std::memcpy(padded, record, size);
  return load_be<std::uint64_t>(padded);
}

}  // namespace

/// The run's next records from the scratch; false at its end.
Result<bool> Sorted::refill(Run& run) {
  run.used = 0;
  const auto size = std::min<std::uint64_t>(buffer_size_, run.end - run.next);
  run.buffer.resize(static_cast<std::size_t>(size));
  if (size == 0) return false;
  P2P_TRY(const auto read, scratch_->read_at(run.next, run.buffer));
  if (read != run.buffer.size()) return fail(Code::corrupt, "a temporary file has shrunk");
  run.next += size;
  return true;
}

Result<const std::uint8_t*> Sorted::next() {
  const auto before = [this](std::size_t a, std::size_t b) {
    return std::memcmp(front(a), front(b), record_size_) < 0;
  };
  if (!started_) {
    started_ = true;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].buffer.empty()) P2P_CHECK(refill(runs_[i]));
      if (!runs_[i].buffer.empty()) heap_.add(i);
    }
    heap_.make(before);
  } else if (!heap_.empty()) {
    auto& run = runs_[heap_.front()];
    run.used += record_size_;
    bool more = run.used < run.buffer.size();
    if (!more) {
      P2P_TRY(more, refill(run));
    }
    heap_.advanced(!more, before);
  }
  if (heap_.empty()) return nullptr;
  return front(heap_.front());
}

Sorter::Sorter(std::size_t record_size, Scratch& scratch, std::size_t memory)
    : record_size_(record_size), memory_(std::max(memory, record_size)), scratch_(scratch) {}

Result<void> Sorter::add(const std::uint8_t* record) {
  if (records_.size() + record_size_ > memory_) P2P_CHECK(spill());
  // Grown to what is allowed, and not past it.
  if (records_.capacity() < memory_ && records_.size() + record_size_ > memory_ / 2) {
    records_.reserve(memory_);
  }
  append(records_, ByteView(record, record_size_));
  ++size_;
  return {};
}

void Sorter::sort() {
  const std::size_t count = records_.size() / record_size_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order(count);
  for (std::size_t i = 0; i < count; ++i) {
    order[i] = {prefix(records_.data() + i * record_size_, record_size_),
                static_cast<std::uint32_t>(i)};
  }
  std::ranges::sort(order, [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return std::memcmp(records_.data() + a.second * record_size_,
                       records_.data() + b.second * record_size_, record_size_) < 0;
  });
  Bytes sorted(records_.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(sorted.data() + i * record_size_, records_.data() + order[i].second * record_size_,
                record_size_);
  }
  records_ = std::move(sorted);
}

Result<void> Sorter::spill() {
  if (runs_.size() == kMaxRuns) {
    return fail(Code::limit, "more than " + std::to_string(size_) + " entries to sort");
  }
  sort();
  P2P_TRY(const auto at, scratch_.append(records_));
  runs_.push_back({{}, 0, at, at + records_.size()});
  records_.clear();
  return {};
}

Result<Sorted> Sorter::finish() {
  Sorted sorted;
  sorted.record_size_ = record_size_;
  sorted.scratch_ = &scratch_;
  sorted.size_ = std::exchange(size_, 0);
  sort();
  sorted.runs_ = std::exchange(runs_, {});
  if (!sorted.runs_.empty()) {
    const auto each = std::max(kLeastBuffer, memory_ / sorted.runs_.size());
    sorted.buffer_size_ = std::max<std::size_t>(1, each / record_size_) * record_size_;
  }
  if (!records_.empty()) sorted.runs_.push_back({std::exchange(records_, {}), 0, 0, 0});
  return sorted;
}

}  // namespace p2p::car
