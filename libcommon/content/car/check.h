// The part of verifying a CAR that can be done on any core: blocks against their CIDs, and what
// they link to.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "content/car/fingerprint.h"
#include "content/car/reader.h"
#include "content/profile.h"

namespace p2p::car {

using content::kMinDigestSize;

/// Code::unsupported where the CID's hash has less than kMinDigestSize.
Result<void> check_size(const multiformats::Cid& cid);

/// Code::mismatch where `block` has not the hash that `cid` says, Code::unsupported where that
/// cannot be computed, or has less than kMinDigestSize.
Result<void> check_hash(const multiformats::Cid& cid, ByteView block);

/// What loose_links_of gives (content/links.h), but links that carry their target in themselves are
/// followed at once: what is visited must stand somewhere.
Result<void> outside_links(const multiformats::Cid& cid, ByteView block,
                           const std::function<Result<void>(const multiformats::Cid&)>& visit);

/// Sections that follow each other, with their bytes: work for one core.
class Batch {
 public:
  /// Enough to hide what handing over costs, and little enough for several at a time.
  static constexpr std::size_t kSize = std::size_t{1} << 20;
  static constexpr std::size_t kMaxSections = 4096;

  void add(const Section& section);
  bool full() const { return bytes_.size() >= kSize || sections_.size() >= kMaxSections; }
  bool empty() const { return sections_.empty(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  friend struct Checked;
  std::vector<Section> sections_;  ///< without their blocks
  Bytes bytes_;                    ///< which stand here
};

/// What a batch's check found.
struct Checked {
  struct Block {
    Fingerprint cid;
    Fingerprint digest{};  ///< all zeros unless asked for
    multiformats::HashCode hash = multiformats::HashCode::identity;
    std::uint64_t offset = 0;
  };
  struct Link {
    Fingerprint target;
    std::uint64_t from = 0;  ///< offset of the section that it stands in
  };

  std::vector<Block> blocks;
  std::vector<Link> links;
  std::uint64_t bytes = 0;  ///< of the blocks
  /// Formats whose links we cannot see.
  std::set<multiformats::Codec> opaque;
  /// The first block that is not what its CID says, or not of its format; those after it were not
  /// looked at.
  std::optional<Error> failure;

  /// `digests`: whether an index will have to be compared.
  static Checked of(const Batch& batch, const Fingerprinter& fingerprints, bool digests);
};

}  // namespace p2p::car
