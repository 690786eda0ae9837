// Short names of CIDs, for sets of them that are larger than memory.
#pragma once

#include <array>

#include "crypto/random.h"
#include "multiformats/cid.h"

namespace p2p::car {

/// Enough that no two of any number of CIDs that can be stored have the same by chance, and by
/// intent none can be made, since the key is secret.
using Fingerprint = std::array<std::uint8_t, 16>;

/// The two versions of one CID have one fingerprint: they name one block of one format.
class Fingerprinter {
 public:
  explicit Fingerprinter(crypto::Random& random);

  Fingerprint of(const multiformats::Cid& cid) const;
  /// Of a digest alone, as CARv2's index names blocks; distinct from those of CIDs.
  Fingerprint of_digest(ByteView digest) const;

 private:
  Fingerprint keyed(std::uint8_t domain, ByteView bytes) const;

  std::array<std::uint8_t, 16> key_;
};

}  // namespace p2p::car
