// CAR, content-addressable archives: a header that names roots, then blocks, each behind its CID.
// Version 1 (https://ipld.io/specs/transport/car/carv1) is that and no more; version 2
// (https://ipld.io/specs/transport/car/carv2) wraps a version 1 and puts an index of it behind.
//
// Start here; then reader.h (bytes to blocks), store.h (blocks by their CIDs), verifier.h.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "multiformats/cid.h"

namespace p2p::car {

/// A version 1 header in bytes, its length prefix aside: room for some 27,000 roots.
inline constexpr std::size_t kMaxHeaderSize = std::size_t{1} << 20;
/// A section, CID and block: twice the largest block that can be exchanged (content/block.h), since
/// archives may have been made by whoever did not mean to.
inline constexpr std::size_t kMaxSectionSize = std::size_t{4} << 20;
/// A CID in binary form: version, codec and hash code of at most nine bytes each, a length, and
/// multihash.h's longest digest.
inline constexpr std::size_t kMaxCidSize = 160;

/// The first bytes of every version 2 file: a version 1 reader sees a header of version 2 in them.
inline constexpr std::array<std::uint8_t, 11> kPragma = {0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72,
                                                         0x73, 0x69, 0x6f, 0x6e, 0x02};
inline constexpr std::size_t kV2HeaderSize = 40;

/// What follows the pragma. Offsets count from the file's first byte.
struct V2Header {
  bool fully_indexed = false;  ///< the index has every section, those of identity CIDs too
  std::uint64_t data_offset = 0;
  std::uint64_t data_size = 0;
  std::uint64_t index_offset = 0;  ///< 0 where there is no index
};

Bytes encode_v2_header(const V2Header& header);
/// Exactly kV2HeaderSize bytes. Code::parse where the parts overlap or pass 2^63.
Result<V2Header> decode_v2_header(ByteView bytes);

/// A version 1 header with its length prefix. Its size depends only on the sizes of the CIDs.
Bytes encode_header(std::span<const multiformats::Cid> roots);

/// A header without its length prefix.
struct DecodedHeader {
  std::uint64_t version = 0;             ///< 1, or 2 where this is the pragma
  std::vector<multiformats::Cid> roots;  ///< none in the pragma, and in some version 1 files
};
/// Code::unsupported for other versions, else Code::parse for what is no header.
Result<DecodedHeader> decode_header(ByteView cbor);

/// What stands before a block: the section's length, and the CID.
Bytes section_head(const multiformats::Cid& cid, std::size_t block_size);

}  // namespace p2p::car
