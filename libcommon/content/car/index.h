// CARv2's index: digests and where their sections stand in the data. The formats are those that
// go-car writes, which have counts that the specification leaves out, and lengths in bytes where it
// says entries.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "content/car/sorter.h"
#include "multiformats/multihash.h"

namespace p2p::car {

/// The multicodec codes that an index begins with.
inline constexpr std::uint64_t kIndexSorted = 0x0400;           ///< digests of any function
inline constexpr std::uint64_t kMultihashIndexSorted = 0x0401;  ///< by function, then length

struct IndexEntry {
  std::optional<multiformats::HashCode> code;  ///< none in an IndexSorted
  ByteView digest;                             ///< borrowed for the call
  std::uint64_t offset = 0;                    ///< of the section, from the data's first byte
};

/// Reads an index as its bytes arrive.
class IndexReader {
 public:
  using Take = std::function<Result<void>(const IndexEntry&)>;
  explicit IndexReader(Take take) : take_(std::move(take)) {}

  /// Code::parse where it is malformed, or its codes, lengths or digests are not in order;
  /// Code::unsupported for formats other than the two.
  Result<void> feed(ByteView data);
  /// Code::parse where it ended too early.
  Result<void> finish() const;

 private:
  enum class Stage { format, codes, code, widths, width, entry, done };

  Result<void> unit(ByteView bytes);
  Result<void> enter_bucket(ByteView bytes);
  Result<void> entry(ByteView bytes);
  void next_bucket();

  Take take_;
  Stage stage_ = Stage::format;
  std::size_t size_ = 2;  ///< of what is read next: both codes have two bytes
  Bytes pending_;
  std::uint64_t codes_left_ = 1;
  std::uint64_t widths_left_ = 0;
  std::uint64_t entries_left_ = 0;
  std::size_t width_ = 0;
  std::size_t last_width_ = 0;
  std::optional<std::uint64_t> code_;
  Bytes last_digest_;
};

/// Collects what stands where, and writes a MultihashIndexSorted of it.
class IndexBuilder {
 public:
  /// Functions and digest lengths at a time: each takes a sorter's memory.
  static constexpr std::size_t kMaxBuckets = 4;

  /// `scratch` must outlive the builder.
  explicit IndexBuilder(Scratch& scratch) : scratch_(scratch) {}

  /// Blocks of identity hashes are left out, as the format asks. Code::limit past kMaxBuckets.
  Result<void> add(const multiformats::Multihash& hash, std::uint64_t offset);
  Result<void> write(const std::function<Result<void>(ByteView)>& put);

 private:
  /// By function, then digest length.
  std::map<std::pair<multiformats::HashCode, std::size_t>, std::unique_ptr<Sorter>> buckets_;
  Scratch& scratch_;
};

}  // namespace p2p::car
