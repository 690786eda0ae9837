#include "content/block.h"

#include "content/links.h"

namespace p2p::content {

using multiformats::Cid;
using multiformats::Codec;
using multiformats::HashCode;
using multiformats::Multihash;

namespace {

/// A Bitcoin block is named by its header.
constexpr std::size_t kBitcoinHeaderSize = 80;

}  // namespace

Cid name_block(const Profile& profile, Codec codec, std::span<const ByteView> parts) {
  if (profile.inline_limit) {
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    if (size <= *profile.inline_limit) {
      Bytes block;
      for (const auto part : parts) append(block, part);
      // Above multihash's bound it is hashed after all.
      if (auto inlined = Multihash::wrap(HashCode::identity, block))
        return Cid::v1(codec, *inlined);
    }
  }
  crypto::Hasher hasher(profile.hash);
  for (const auto part : parts) hasher.update(part);
  return name_digest(profile, codec, hasher.finish());
}

Cid name_digest(const Profile& profile, Codec codec, ByteView digest) {
  // A function's own whole digest always fits.
  const auto hash = *Multihash::wrap(*multiformats::hash_code_of(profile.hash), digest);
  if (profile.cid_version == 0 && codec == Codec::dag_pb) {
    if (auto cid = Cid::v0(hash)) return *cid;  // any hash but sha2-256 needs version 1
  }
  return Cid::v1(codec, hash);
}

bool is_inlined(const Cid& cid) { return cid.hash().code() == HashCode::identity; }

Result<Imported> finish_block(const Profile& profile, Codec codec, ByteView block,
                              const Imported& below, const BlockSink& sink) {
  Imported done{name_block(profile, codec, {block}), below.size, block.size() + below.dag_size,
                below.blocks};
  if (is_inlined(done.cid)) return done;
  ++done.blocks;
  if (sink) P2P_CHECK(sink(done.cid, block));
  return done;
}

Result<Cid> cid_of_block(Codec codec, crypto::HashAlg hash, ByteView block) {
  switch (codec) {
    case Codec::raw:
      break;
    case Codec::dag_pb:
    case Codec::dag_cbor:
    case Codec::dag_json:
      P2P_CHECK(links_of(Cid::v1(codec, Multihash()), block,
                         [](const Cid&) -> Result<void> { return {}; }));
      break;
    case Codec::bitcoin_block:
      if (block.size() != kBitcoinHeaderSize) {
        return fail(Code::parse, "a bitcoin-block is a header of 80 bytes, this has " +
                                     std::to_string(block.size()));
      }
      hash = crypto::HashAlg::dbl_sha2_256;
      break;
    default:
      return fail(Code::unsupported, "blocks of codec " + name_of(codec) + " are not known here");
  }
  return Cid::v1(codec, Multihash::of(hash, block));
}

}  // namespace p2p::content
