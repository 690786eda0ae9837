#include "content/car/fingerprint.h"

#include <algorithm>

#include "base/varint.h"
#include "crypto/hash.h"

namespace p2p::car {

using multiformats::Cid;

Fingerprinter::Fingerprinter(crypto::Random& random) { random.fill(key_); }

Fingerprint Fingerprinter::of(const Cid& cid) const {
  if (cid.version() != 0) return keyed(1, cid.bytes());
  Bytes v1{1, static_cast<std::uint8_t>(cid.codec())};
  append(v1, cid.bytes());
  return keyed(1, v1);
}

Fingerprint Fingerprinter::of_digest(ByteView digest) const { return keyed(2, digest); }

/// SHA-256 of key, domain and name: for a usual CID one run of its compression function.
Fingerprint Fingerprinter::keyed(std::uint8_t domain, ByteView bytes) const {
  std::array<std::uint8_t, 17> head;
  std::ranges::copy(key_, head.begin());
  head.back() = domain;
  const auto digest = crypto::sha256(head, bytes);
  Fingerprint out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

}  // namespace p2p::car
