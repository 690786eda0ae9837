// Blocks: bytes, and the CID that names them.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>

#include "base/bytes.h"
#include "base/error.h"
#include "content/profile.h"
#include "multiformats/cid.h"

namespace p2p::content {

/// Takes every block as it is finished, leaves first; the bytes are borrowed for the call. Blocks
/// that stand in their CIDs (Profile::inline_limit) do not come.
using BlockSink = std::function<Result<void>(const multiformats::Cid&, ByteView)>;

/// The root of something imported, and what a link to it must say.
struct Imported {
  multiformats::Cid cid;
  std::uint64_t size = 0;      ///< content bytes below it, 0 for directories
  std::uint64_t dag_size = 0;  ///< its block and all below it: a link's Tsize
  std::uint64_t blocks = 0;    ///< how many blocks that is, counted once for each place
};

/// The CID of a dag-pb block, or with `codec` raw of a leaf, in the profile's version and hash.
/// The block comes in parts, which need not be joined. Safe on any thread.
multiformats::Cid name_block(const Profile& profile, multiformats::Codec codec,
                             std::span<const ByteView> parts);
inline multiformats::Cid name_block(const Profile& profile, multiformats::Codec codec,
                                    std::initializer_list<ByteView> parts) {
  return name_block(profile, codec, std::span(parts.begin(), parts.size()));
}

/// The CID of a block whose digest by the profile's function is known.
multiformats::Cid name_digest(const Profile& profile, multiformats::Codec codec, ByteView digest);

/// Names a block that links to what `below` sums up, and hands it to `sink`. Content size and
/// block count go on from `below`.
Result<Imported> finish_block(const Profile& profile, multiformats::Codec codec, ByteView block,
                              const Imported& below, const BlockSink& sink);

/// Whether the block's bytes stand in its CID.
bool is_inlined(const multiformats::Cid& cid);

/// The CID of one whole block of the given format, after checking that it is one: dag-pb,
/// dag-cbor and dag-json in strict form, bitcoin-block a header of 80 bytes (named by double
/// SHA-256), raw anything. `hash`, which must have a multihash code, is ignored for bitcoin-block.
/// Other codecs are Code::unsupported.
Result<multiformats::Cid> cid_of_block(multiformats::Codec codec, crypto::HashAlg hash,
                                       ByteView block);

/// Larger blocks are not exchanged: bitswap's limit is 2 MiB.
inline constexpr std::size_t kMaxBlockSize = 2 * 1024 * 1024;

}  // namespace p2p::content
