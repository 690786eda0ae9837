// Sorts any number of records by their keys, in bounded memory: what does not fit is written to a
// scratch in sorted runs, which are merged as they are read.
//
//     Sorter sorter(Sorter::kMemory, make_scratch);
//     for (…) P2P_CHECK(sorter.add(key, value));
//     P2P_CHECK(sorter.finish());
//     while (…) P2P_TRY(const auto record, sorter.next());
//
// Records are of any size; for many small ones of one size, car::Sorter keeps less of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "content/storage.h"

namespace p2p::content {

/// Makes room for what does not fit into memory, once that is needed.
using ScratchMaker = std::function<std::unique_ptr<Scratch>()>;

class Sorter {
 public:
  /// Records held at a time take this much; as they are merged, once more.
  static constexpr std::size_t kMemory = std::size_t{4} << 20;
  /// A key and its value together. The longest are paths in lists and archives, which no system
  /// has beyond 4 KiB; with this, and kMaxRuns of them in memory at once, hostile ones take 16 MiB.
  static constexpr std::size_t kMaxRecord = std::size_t{256} << 10;
  /// As many runs are merged at a time, which gives each a buffer of 64 KiB. Where there are more,
  /// as many are made one: a record is written once more for each 64 times the memory.
  static constexpr std::size_t kMaxRuns = 64;

  struct Record {
    std::string_view key;
    std::string_view value;
  };

  /// There is no scratch before `memory` is full. Without `scratch`, everything stays in memory.
  Sorter(std::size_t memory, ScratchMaker scratch);
  Sorter(Sorter&& other) noexcept;
  Sorter& operator=(Sorter&& other) noexcept;
  ~Sorter();

  /// Code::limit for a record past kMaxRecord, which is not taken; other errors are the scratch's,
  /// and end it.
  Result<void> add(std::string_view key, std::string_view value);
  /// How many were added.
  std::uint64_t size() const { return size_; }
  /// To be called once, when all are added. What writing there is, is done then.
  Result<void> finish();
  /// The next record in the order of the keys' bytes, and of add() where they are equal; nothing at
  /// the end. Valid until the next call.
  Result<std::optional<Record>> next();

 private:
  class Merge;

  /// A record in memory: what its key begins with, past what all keys begin with, and its place.
  struct Slot {
    std::uint64_t prefix;
    std::uint32_t place;
  };
  /// Sorted records in the scratch.
  struct Run {
    std::uint64_t begin;
    std::uint64_t end;
    unsigned level;  ///< how often they were merged
  };
  class Writer;

  void sort();
  Result<void> spill();
  Result<void> merge_last(std::size_t count);

  std::size_t memory_;
  ScratchMaker make_scratch_;
  std::unique_ptr<Scratch> scratch_;
  std::uint64_t size_ = 0;
  Bytes records_;  ///< one after the other: both sizes, key, value
  std::size_t count_ = 0;
  std::vector<Slot> slots_;  ///< in order, once they are sorted
  std::size_t next_ = 0;     ///< in slots_, where nothing was written
  std::vector<Run> runs_;    ///< in the order of add()
  std::unique_ptr<Merge> merge_;
};

}  // namespace p2p::content
