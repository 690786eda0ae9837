// Verifies a CAR file (content/car/verifier.h), hashing on all cores.
#pragma once

#include "content/car/verifier.h"
#include "crypto/random.h"
#include "files/digest.h"
#include "files/file.h"

namespace p2p::files {

struct CarSummary {
  int version = 1;
  std::vector<multiformats::Cid> roots;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  ///< in blocks
  /// Formats that occur in it whose links could not be followed.
  std::set<multiformats::Codec> opaque;
};

/// Reads all of `file` once, whatever it is, and where a block is missing in a regular file once
/// more, to see whether that can be reached from the roots; of a pipe, all links must lead
/// somewhere. The error says why it is not whole. What went wrong with a temporary file has its
/// folder as the subject; there is then no answer.
Result<CarSummary> check_car(File& file, unsigned threads, crypto::Random& random,
                             const Advance& advance = {});

}  // namespace p2p::files
