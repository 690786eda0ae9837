// Where each block of a CAR stands: a sorted table of fingerprints, in memory while it is small,
// else in a scratch.
#pragma once

#include <optional>
#include <vector>

#include "content/car/fingerprint.h"
#include "content/car/sorter.h"

namespace p2p::car {

class Table {
 public:
  struct Entry {
    std::uint64_t place = 0;   ///< what was added with the fingerprint
    std::uint64_t number = 0;  ///< the entry's own number below size(), in no telling order
  };

  /// `scratch` must outlive the table.
  explicit Table(Scratch& scratch, std::size_t memory = Sorter::kMemory);

  Result<void> add(const Fingerprint& fingerprint, std::uint64_t place);
  /// To be called once, when all are added.
  Result<void> finish();
  std::uint64_t size() const { return size_; }

  /// The entry with the lowest place among those added with this fingerprint.
  Result<std::optional<Entry>> find(const Fingerprint& fingerprint);

 private:
  Result<const std::uint8_t*> record(std::uint64_t number);

  Scratch& scratch_;
  std::size_t memory_;
  Sorter sorter_;
  std::uint64_t size_ = 0;
  std::uint64_t page_ = 1;              ///< records in a page
  std::vector<std::uint64_t> pages_;    ///< what each page's first fingerprint begins with
  Bytes records_;                       ///< all, or of those in the scratch the page read last
  std::uint64_t first_ = 0;             ///< the number of the first in records_
  std::optional<std::uint64_t> start_;  ///< where they stand in the scratch, if they do
};

}  // namespace p2p::car
