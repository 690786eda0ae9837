// Sorts any number of records of one size, by their bytes, in bounded memory: sorted runs go to a
// scratch, and are merged as they are read.
#pragma once

#include <vector>

#include "content/car/storage.h"
#include "content/source_heap.h"

namespace p2p::car {

/// The records of a Sorter, in order.
class Sorted {
 public:
  /// The next record, valid until the call after; null at the end.
  Result<const std::uint8_t*> next();
  std::uint64_t size() const { return size_; }

 private:
  friend class Sorter;

  /// A run's records that are in memory, and where its others stand.
  struct Run {
    Bytes buffer;
    std::size_t used = 0;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };
  const std::uint8_t* front(std::size_t run) const {
    return runs_[run].buffer.data() + runs_[run].used;
  }
  Result<bool> refill(Run& run);

  std::size_t record_size_ = 0;
  std::size_t buffer_size_ = 0;
  std::uint64_t size_ = 0;
  Scratch* scratch_ = nullptr;
  std::vector<Run> runs_;
  content::SourceHeap heap_;  ///< runs with records left
  bool started_ = false;
};

class Sorter {
 public:
  /// Records held at a time take this much; while they are sorted, some three times as much.
  static constexpr std::size_t kMemory = std::size_t{4} << 20;
  /// More runs would want more memory for their buffers: with records of 24 bytes, 700 million
  /// records.
  static constexpr std::size_t kMaxRuns = 4096;

  /// `scratch` must outlive the sorter and what it gives; it is written to only when kMemory is
  /// full.
  Sorter(std::size_t record_size, Scratch& scratch, std::size_t memory = kMemory);

  /// Takes record_size bytes.
  Result<void> add(const std::uint8_t* record);
  std::uint64_t size() const { return size_; }
  /// All of them, in order. The sorter is empty then.
  Result<Sorted> finish();

 private:
  void sort();
  Result<void> spill();

  std::size_t record_size_;
  std::size_t memory_;
  Scratch& scratch_;
  std::uint64_t size_ = 0;
  Bytes records_;
  std::vector<Sorted::Run> runs_;
};

}  // namespace p2p::car
