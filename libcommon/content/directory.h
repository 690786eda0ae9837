// Directories: one block of sorted links, or past the profile's bounds a HAMT of shards
// (https://specs.ipfs.tech/unixfs, "HAMT Sharded Directory"), hashed by murmur3-x64-64.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/block.h"
#include "content/sorter.h"
#include "content/unixfs.h"

namespace p2p::content {

/// As the specification and IPIP-499 have it, a directory is sharded if all of its entries together
/// pass a bound. kubo 0.42 decides again each time it writes a subdirectory back, and counts that
/// one's name out: past the bound by less than a subdirectory's name, it may end up with one block,
/// or not, as its map of them happens to be ordered.
///
/// Takes entries in any order, and keeps of each its name, its CID and a few bytes more. Where a
/// directory will be sharded, that is in bounded memory, given a scratch: up to nine times
/// `memory`, for a moment. Without one, and where a profile never shards, a million of short names
/// take some 50 MB.
class DirectoryImporter {
 public:
  /// What a sorter has more of than what it is given at a time.
  static constexpr std::size_t kSorterShare = 4;
  /// Most directories are smaller; what is larger goes to the scratch, by and by.
  static constexpr std::size_t kMemory = Sorter::kMemory / kSorterShare;

  explicit DirectoryImporter(const Profile& profile, BlockSink sink = {},
                             UnixFsMetadata metadata = {}, ScratchMaker scratch = {},
                             std::size_t memory = kMemory);

  /// Adds an entry; a name that is empty or has a slash is Code::invalid_argument. Errors of the
  /// scratch, here and in finish(), have a subject.
  Result<void> add(std::string_view name, const Imported& target);
  /// Two entries of one name are Code::invalid_argument. The importer may not be used after that.
  Result<Imported> finish();

 private:
  friend class Sharder;

  /// Where a record begins: the page's number times kPageSize, and the place in it.
  using Place = std::uint32_t;
  static constexpr std::size_t kPageSize = 256 * 1024;

  /// An entry's record, read back. The views are into it.
  struct Record {
    std::string_view name;
    std::size_t prefix = 0;  ///< what of the CID is before the digest: its place in prefixes_
    ByteView digest;
    std::uint64_t dag_size = 0;
    std::size_t size = 0;  ///< of the record itself
  };
  static Record read(ByteView whole);
  Record read(Place place) const;
  multiformats::Cid cid_of(const Record& record) const;
  std::size_t prefix_of(const multiformats::Cid& cid);
  /// Calls `take` with the place of each record, as they came.
  template <class Take>
  void each(Take take) const;

  bool sharded() const;
  /// Moves what is in memory to by_hash_.
  Result<void> sort_by_hash();
  Result<Imported> finish_basic();

  Profile profile_;
  BlockSink sink_;
  UnixFsMetadata metadata_;
  ScratchMaker scratch_;
  std::size_t memory_;

  std::vector<Bytes> pages_;
  std::optional<Sorter> by_hash_;  // the records, once they are too many for memory
  std::vector<Bytes> prefixes_;    // each CID's but its digest: a few, unless blocks are inlined
  std::size_t held_ = 0;           // bytes in pages_
  std::size_t count_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t links_size_ = 0;  // by each of the rules
  std::uint64_t block_size_ = 0;
};

/// A symbolic link's own block; of the metadata, only a time.
Result<Imported> import_symlink(const Profile& profile, std::string_view target,
                                const BlockSink& sink = {}, const UnixFsMetadata& metadata = {});

}  // namespace p2p::content
