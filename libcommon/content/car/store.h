// Blocks by their CIDs, from a CAR that can be read at any place.
#pragma once

#include <optional>

#include "content/car/fingerprint.h"
#include "content/car/reader.h"
#include "content/car/table.h"

namespace p2p::car {

/// Reads all of `car`, from the start. Blocks are passed over with `skip_blocks`.
Result<void> read_all(Storage& car, Listener& listener, bool skip_blocks = false);

class Store {
 public:
  /// All must outlive the store.
  Store(Storage& car, const Fingerprinter& fingerprints, Scratch& scratch)
      : car_(car), fingerprints_(fingerprints), table_(scratch) {}

  /// Notes where the CAR's blocks are, without reading them: to be called once, first. A version
  /// 2's own index is not used, for it may be wrong.
  Result<void> index();
  const Header& header() const { return header_; }
  /// Sections of the CAR; numbers of entries are below it.
  std::uint64_t size() const { return table_.size(); }

  /// Where the block stands, if the CAR has it.
  Result<std::optional<Table::Entry>> find(const multiformats::Cid& cid);
  /// The block, compared with its CID: one that carries its content in itself needs none in the
  /// CAR. Code::not_found where it is missing.
  Result<Bytes> read(const multiformats::Cid& cid);

 private:
  Result<Bytes> read_section(const multiformats::Cid& cid, std::uint64_t offset);

  Storage& car_;
  const Fingerprinter& fingerprints_;
  Table table_;
  Header header_;
};

}  // namespace p2p::car
