// Whether a CAR is whole: every block is what its CID says, all that is linked to is there, the
// roots first of all, and a version 2's index is right. In one pass, and in bounded memory.
//
//     Verifier verifier(fingerprints, scratch);
//     verifier.on_header(…)                     // as a Reader tells
//     verifier.add(Checked::of(batch, …))       // the sections, in order (check.h)
//     verifier.on_index(…)
//     verifier.finish()                         // what is missing
#pragma once

#include <optional>
#include <set>

#include "content/car/check.h"
#include "content/car/index.h"
#include "content/car/sorter.h"

namespace p2p::car {

struct Summary {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;               ///< in blocks
  std::set<multiformats::Codec> opaque;  ///< formats whose links could not be followed
  /// Targets of links that no section holds, the first section that links to one, and that one.
  /// Section 0 is the header, whose links are the roots.
  std::uint64_t missing = 0;
  std::uint64_t missing_from = 0;
  Fingerprint missing_target{};
};

class Verifier {
 public:
  /// Both must outlive the verifier.
  Verifier(const Fingerprinter& fingerprints, Scratch& scratch);

  /// Code::not_found where there is no root.
  Result<void> on_header(const Header& header);
  /// What was found in the next sections; a failure found in them is the error.
  Result<void> add(const Checked& checked);
  /// The index's next bytes. Code::unsupported where its format is not known.
  Result<void> on_index(ByteView data);
  /// Whether there is an index to compare, and `Checked` needs fingerprints of digests.
  bool has_index() const { return index_.has_value(); }

  /// To be called when all has been read. That blocks are missing is no error; an index that does
  /// not say where they are is Code::mismatch.
  Result<Summary> finish();

 private:
  Result<void> count_missing();
  Result<void> compare_index();

  const Fingerprinter& fingerprints_;
  Summary summary_;
  Sorter present_;
  Sorter wanted_;
  /// Of the sections and of the index: fingerprint of the digest, offset, hash function.
  Sorter sections_;
  Sorter indexed_;
  std::optional<IndexReader> index_;
  bool index_has_codes_ = false;
  bool fully_indexed_ = false;
  std::uint64_t data_offset_ = 0;
};

}  // namespace p2p::car
