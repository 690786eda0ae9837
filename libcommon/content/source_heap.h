// The sorted sources of a merge, by their numbers: the one whose next record comes first is in
// front.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace p2p::content {

class SourceHeap {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t front() const { return heap_.front(); }

  /// Any number of these, and then make(); `before(a, b)` says whether a's next comes before b's.
  void add(std::size_t source) { heap_.push_back(source); }
  template <class Before>
  void make(const Before& before) {
    for (std::size_t i = heap_.size(); i-- > 0;) sift_down(i, before);
  }
  /// The front source has another next record, or with `ended` none.
  template <class Before>
  void advanced(bool ended, const Before& before) {
    if (ended) {
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    sift_down(0, before);
  }

 private:
  template <class Before>
  void sift_down(std::size_t at, const Before& before) {
    for (;;) {
      std::size_t least = at;
      for (const auto child : {2 * at + 1, 2 * at + 2}) {
        if (child < heap_.size() && before(heap_[child], heap_[least])) least = child;
      }
      if (least == at) return;
      std::swap(heap_[at], heap_[least]);
      at = least;
    }
  }

  std::vector<std::size_t> heap_;
};

}  // namespace p2p::content
