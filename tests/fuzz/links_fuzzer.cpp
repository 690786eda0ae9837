// LAYERS: p2p_content
// OPTIONS: -max_len=512
// The first byte chooses the format. Walking a block's links agrees with checking the block, and
// every link that is visited is a CID.
#include "content/links.h"

#include "content/block.h"
#include "fuzz/require.h"

using namespace p2p;
using multiformats::Cid;
using multiformats::Codec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr Codec kCodecs[] = {Codec::dag_pb, Codec::dag_cbor, Codec::dag_json, Codec::raw};
  const Codec codec = kCodecs[data[0] % 4];
  const ByteView block(data + 1, size - 1);
  std::size_t links = 0;
  const auto walked = content::links_of(Cid::v1(codec, multiformats::Multihash()), block,
                                        [&](const Cid& cid) -> Result<void> {
                                          require(!cid.empty());
                                          ++links;
                                          return {};
                                        });
  const auto named = content::cid_of_block(codec, crypto::HashAlg::sha2_256, block);
  require(walked.has_value() == named.has_value());
  if (!walked) require(walked.error().why == named.error().why);
  // What is in its strict form is also in one of the others, with the same links.
  std::size_t loose = 0;
  const auto loosely = content::loose_links_of(Cid::v1(codec, multiformats::Multihash()), block,
                                               [&](const Cid&) -> Result<void> {
                                                 ++loose;
                                                 return {};
                                               });
  if (walked && codec != Codec::dag_json) require(loosely.has_value() && loose == links);
  if (codec == Codec::raw) require(walked.has_value() && links == 0);
  return 0;
}
