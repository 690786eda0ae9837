// CIDs: content named by its hash and format, https://github.com/multiformats/cid.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.h"
#include "multiformats/multibase.h"
#include "multiformats/multicodec.h"
#include "multiformats/multihash.h"

namespace p2p::multiformats {

/// Version 0 is a bare sha2-256 multihash, of a dag-pb block; version 1 names its codec. Ordered
/// and compared by binary form, so that the two versions of one block differ.
class Cid {
 public:
  Cid() = default;  ///< no CID, which decode and parse never return
  static Cid v1(Codec codec, const Multihash& hash);
  /// Code::invalid_argument unless `hash` is sha2-256 of 32 bytes.
  static Result<Cid> v0(const Multihash& hash);

  /// The whole of `bytes`.
  static Result<Cid> decode(ByteView bytes);
  /// Reads one from the front of `in` and removes it, as CAR sections hold it; on error `in` is
  /// unchanged.
  static Result<Cid> read(ByteView& in);
  /// "Qm…" or multibase text; no path, no /ipfs/ prefix.
  static Result<Cid> parse(std::string_view text);

  bool empty() const { return bytes_.empty(); }
  int version() const { return version_; }
  Codec codec() const { return codec_; }
  const Multihash& hash() const { return hash_; }
  const Bytes& bytes() const { return bytes_; }

  /// base58btc for version 0, base32 for version 1: what `ipfs add` prints.
  std::string text() const;
  /// In `base`; version 0 has one text only, which is text().
  std::string text(Multibase base) const;
  /// The same block's version 1 name.
  Cid to_v1() const { return v1(codec_, hash_); }

  friend bool operator==(const Cid& a, const Cid& b) { return a.bytes_ == b.bytes_; }
  friend auto operator<=>(const Cid& a, const Cid& b) { return a.bytes_ <=> b.bytes_; }

 private:
  Cid(int version, Codec codec, const Multihash& hash);

  int version_ = 1;
  Codec codec_ = Codec::raw;
  Multihash hash_;
  Bytes bytes_;
};

}  // namespace p2p::multiformats
