// Blocks by their CIDs, from a CAR that can be read at any place.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "content/car/fingerprint.h"
#include "content/car/reader.h"
#include "content/car/table.h"

namespace p2p::car {

/// Reads all of `car`, from the start. Blocks are passed over with `skip_blocks`.
Result<void> read_all(Storage& car, Listener& listener, bool skip_blocks = false);

class Store {
 public:
  enum class Blocks {
    checked,  ///< compared with their CIDs whenever they are read
    trusted,  ///< we have put them there
  };

  /// All must outlive the store. `car` need only have sections where they are said to be.
  Store(Storage& car, const Fingerprinter& fingerprints, Scratch& scratch,
        Blocks blocks = Blocks::checked)
      : car_(car), fingerprints_(fingerprints), table_(scratch), blocks_(blocks) {}

  /// Notes where the blocks of a whole CAR are, without reading them: to be called once, first. A
  /// version 2's own index is not used, for it may be wrong.
  Result<void> index();
  /// Of the CAR that was indexed.
  const Header& header() const { return header_; }

  /// Or section by section: there is a block at `offset`, and at last, these were all.
  Result<void> add(const Fingerprint& cid, std::uint64_t offset) {
    bytes_ = std::max(bytes_, offset);
    return table_.add(cid, offset);
  }
  Result<void> finish() { return table_.finish(); }

  /// About how much there is: where the last section of the CAR that was indexed ends, or that was
  /// added begins.
  std::uint64_t bytes() const { return bytes_; }

  /// Sections; numbers of entries are below it.
  std::uint64_t size() const { return table_.size(); }

  /// Where the block stands, if it does.
  Result<std::optional<Table::Entry>> find(const multiformats::Cid& cid);
  /// The block: one that carries its content in itself need not stand anywhere. Code::not_found
  /// where it is missing.
  Result<Bytes> read(const multiformats::Cid& cid);

 private:
  Result<Bytes> read_section(const multiformats::Cid& cid, std::uint64_t offset);

  Storage& car_;
  const Fingerprinter& fingerprints_;
  Table table_;
  Blocks blocks_;
  Header header_;
  std::uint64_t bytes_ = 0;
};

/// Keeps blocks as they come, each behind its CID as in a CAR, so that they can be had in another
/// order.
class Collector {
 public:
  /// All must outlive the collector. `blocks` is for the blocks, and nothing else is put there.
  Collector(Scratch& blocks, const Fingerprinter& fingerprints, Scratch& scratch);

  /// A block that came shortly before is not kept again. Those that its links carry in themselves
  /// are kept, too: importers do not hand them over, and exporters write them like any other.
  Result<void> add(const multiformats::Cid& cid, ByteView block);
  /// To be called once, when all have come.
  Result<void> finish() { return store_.finish(); }
  Store& store() { return store_; }

 private:
  /// Which blocks came last, by parts of their fingerprints: files of zeros are common, and others
  /// that repeat themselves.
  static constexpr std::size_t kRecent = 65536;

  Scratch& blocks_;
  const Fingerprinter& fingerprints_;
  Store store_;
  std::vector<Fingerprint> recent_;
};

}  // namespace p2p::car
