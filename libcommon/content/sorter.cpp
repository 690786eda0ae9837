#include "content/sorter.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "content/source_heap.h"

namespace p2p::content {

namespace {

/// Before a record: the sizes of its key and its value, four bytes each.
constexpr std::size_t kHeadSize = 8;

/// Runs are written in pieces of this.
constexpr std::size_t kWriteSize = 64 * 1024;

/// Runs are read in pieces of at least this.
constexpr std::size_t kLeastRead = 4096;

std::size_t size_of(const std::uint8_t* record) {
  return kHeadSize + load_le<std::uint32_t>(record) + load_le<std::uint32_t>(record + 4);
}

Sorter::Record record_at(const std::uint8_t* record) {
  const auto key = load_le<std::uint32_t>(record);
  const auto value = load_le<std::uint32_t>(record + 4);
  const auto* text = reinterpret_cast<const char*>(record + kHeadSize);
  return {{text, key}, {text + key, value}};
}

/// The first bytes of a key as a number: they decide nearly every comparison.
std::uint64_t prefix_of(std::string_view key) {
  std::uint8_t padded[8] = {};
  std::copy_n(key.begin(), std::min(key.size(), sizeof padded), padded);
  return load_be<std::uint64_t>(padded);
}

/// How many bytes both begin with.
std::size_t shared_by(std::string_view a, std::string_view b) {
  const auto [end, other] = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace

/// Several runs as one. Of equal keys, those of the earlier run come first.
class Sorter::Merge {
  auto order() const {
    return [this](std::size_t a, std::size_t b) {
      const int compared = sources_[a].key.compare(sources_[b].key);
      return compared < 0 || (compared == 0 && a < b);
    };
  }

 public:
  Merge(Scratch& scratch, std::size_t memory) : scratch_(scratch), memory_(memory) {}

  Result<void> start(const Run* runs, std::size_t count) {
    read_size_ = std::max(kLeastRead, memory_ / count);
    sources_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      sources_[i].next = runs[i].begin;
      sources_[i].end = runs[i].end;
      P2P_CHECK(load(sources_[i]));
      if (sources_[i].whole != 0) heap_.add(i);
    }
    heap_.make(order());
    return {};
  }

  /// The next record, its head included; none at the end. Valid until the next call.
  Result<ByteView> next() {
    if (given_) {
      auto& source = sources_[heap_.front()];
      source.at += source.whole;
      P2P_CHECK(load(source));
      const bool ended = source.whole == 0;
      if (ended) source.buffer = {};
      heap_.advanced(ended, order());
    }
    given_ = !heap_.empty();
    if (!given_) return ByteView();
    const auto& source = sources_[heap_.front()];
    return ByteView(source.buffer).subspan(source.at, source.whole);
  }

 private:
  /// A run: its records from the next on, as many as are in memory, and where the others stand.
  struct Source {
    Bytes buffer;
    std::size_t at = 0;
    std::size_t whole = 0;  ///< the next record's size; 0 at the end
    std::string_view key;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };

  /// Sees to it that all of the source's next record is in memory.
  Result<void> load(Source& source) {
    std::size_t wanted = kHeadSize;
    for (;;) {
      const std::size_t there = source.buffer.size() - source.at;
      if (there >= kHeadSize) wanted = size_of(source.buffer.data() + source.at);
      if (there >= wanted) break;
      if (there == 0 && source.next == source.end) {
        source.whole = 0;
        return {};
      }
      P2P_CHECK(read(source, wanted));
    }
    source.whole = wanted;
    source.key = record_at(source.buffer.data() + source.at).key;
    return {};
  }

  Result<void> read(Source& source, std::size_t wanted) const {
    source.buffer.erase(source.buffer.begin(),
                        source.buffer.begin() + static_cast<std::ptrdiff_t>(source.at));
    source.at = 0;
    const std::size_t there = source.buffer.size();
    const auto room = std::max(read_size_, wanted) - there;
    const auto more =
        static_cast<std::size_t>(std::min<std::uint64_t>(room, source.end - source.next));
    source.buffer.resize(there + more);
    P2P_TRY(const auto got,
            scratch_.read_at(source.next, MutableBytes(source.buffer).subspan(there)));
    if (got != more || there + more < wanted) {
      return fail(Code::corrupt, "a temporary file has shrunk");
    }
    source.next += more;
    return {};
  }

  Scratch& scratch_;
  std::size_t memory_;
  std::size_t read_size_ = 0;
  std::vector<Source> sources_;
  SourceHeap heap_;  ///< sources with records left
  bool given_ = false;
};

/// Puts the records of a run into the scratch.
class Sorter::Writer {
 public:
  explicit Writer(Scratch& scratch) : scratch_(scratch) {}

  Result<void> add(ByteView record) {
    append(pending_, record);
    if (pending_.size() < kWriteSize) return {};
    return flush();
  }
  Result<Run> finish(unsigned level) {
    P2P_CHECK(flush());
    return Run{begin_.value_or(end_), end_, level};
  }

 private:
  Result<void> flush() {
    P2P_TRY(const auto at, scratch_.append(pending_));
    if (!begin_) begin_ = at;
    end_ = at + pending_.size();
    pending_.clear();
    return {};
  }

  Scratch& scratch_;
  Bytes pending_;
  std::optional<std::uint64_t> begin_;
  std::uint64_t end_ = 0;
};

Sorter::Sorter(std::size_t memory, ScratchMaker scratch)
    : memory_(memory), make_scratch_(std::move(scratch)) {}
Sorter::Sorter(Sorter&& other) noexcept = default;
Sorter& Sorter::operator=(Sorter&& other) noexcept = default;
Sorter::~Sorter() = default;

Result<void> Sorter::add(std::string_view key, std::string_view value) {
  if (key.size() + value.size() > kMaxRecord) {
    return fail(Code::limit, "an entry of " + std::to_string(key.size() + value.size()) +
                                 " bytes, and at most " + std::to_string(kMaxRecord) +
                                 " can be sorted");
  }
  const std::size_t size = kHeadSize + key.size() + value.size();
  const auto taken = [&] { return records_.size() + size + (count_ + 1) * sizeof(Slot); };
  if (make_scratch_) {
    if (count_ != 0 && taken() > memory_) P2P_CHECK(spill());
    // Grown to what is allowed, and not past it.
    if (records_.capacity() < memory_ && taken() > memory_ / 2) records_.reserve(memory_);
  } else if (records_.size() + size > UINT32_MAX) {
    return fail(Code::limit, "too many entries");
  }
  append_le(records_, static_cast<std::uint32_t>(key.size()));
  append_le(records_, static_cast<std::uint32_t>(value.size()));
  append(records_, key);
  append(records_, value);
  ++count_;
  ++size_;
  return {};
}

void Sorter::sort() {
  slots_.clear();
  slots_.reserve(count_);
  const auto key_at = [this](std::uint32_t place) {
    return record_at(records_.data() + place).key;
  };
  bool sorted = true;
  std::size_t shared = kMaxRecord;
  for (std::size_t at = 0; at < records_.size(); at += size_of(records_.data() + at)) {
    const auto place = static_cast<std::uint32_t>(at);
    if (!slots_.empty()) {
      const auto key = key_at(place);
      const auto before = key_at(slots_.back().place);
      // What all have in common, neighbours have.
      shared = std::min(shared, shared_by(before, key));
      sorted = sorted && before <= key;
    }
    slots_.push_back({0, place});
  }
  if (sorted) return;
  for (auto& slot : slots_) slot.prefix = prefix_of(key_at(slot.place).substr(shared));
  std::ranges::sort(slots_, [&](const Slot& a, const Slot& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = key_at(a.place).substr(shared).compare(key_at(b.place).substr(shared));
    return order < 0 || (order == 0 && a.place < b.place);
  });
}

/// Writes what is in memory as a run.
Result<void> Sorter::spill() {
  if (!scratch_) scratch_ = make_scratch_();
  sort();
  Writer writer(*scratch_);
  for (const auto& slot : slots_) {
    const auto* record = records_.data() + slot.place;
    P2P_CHECK(writer.add({record, size_of(record)}));
  }
  P2P_TRY(const auto run, writer.finish(0));
  runs_.push_back(run);
  records_.clear();
  slots_ = {};
  count_ = 0;
  const auto level_of_last = [&](std::size_t n) { return runs_[runs_.size() - n].level; };
  while (runs_.size() >= kMaxRuns && level_of_last(kMaxRuns) == level_of_last(1)) {
    P2P_CHECK(merge_last(kMaxRuns));
  }
  return {};
}

/// Makes the last runs one.
Result<void> Sorter::merge_last(std::size_t count) {
  const std::size_t first = runs_.size() - count;
  Merge merge(*scratch_, memory_);
  P2P_CHECK(merge.start(runs_.data() + first, count));
  Writer writer(*scratch_);
  for (;;) {
    P2P_TRY(const auto record, merge.next());
    if (record.empty()) break;
    P2P_CHECK(writer.add(record));
  }
  P2P_TRY(const auto run, writer.finish(runs_[first].level + 1));
  runs_.resize(first);
  runs_.push_back(run);
  return {};
}

Result<void> Sorter::finish() {
  if (runs_.empty()) {
    sort();
    return {};
  }
  if (count_ != 0) P2P_CHECK(spill());
  records_ = {};
  // The last are the shortest.
  while (runs_.size() > kMaxRuns) {
    P2P_CHECK(merge_last(std::min(kMaxRuns, runs_.size() - kMaxRuns + 1)));
  }
  merge_ = std::make_unique<Merge>(*scratch_, memory_);
  return merge_->start(runs_.data(), runs_.size());
}

Result<std::optional<Sorter::Record>> Sorter::next() {
  if (!merge_) {
    if (next_ == slots_.size()) return std::nullopt;
    return record_at(records_.data() + slots_[next_++].place);
  }
  P2P_TRY(const auto record, merge_->next());
  if (record.empty()) return std::nullopt;
  return record_at(record.data());
}

}  // namespace p2p::content
