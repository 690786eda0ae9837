// LAYERS: p2p_multiformats
// OPTIONS: -max_len=128
// A multihash has one encoding; read from the front, it takes its own bytes and no others.
#include "fuzz/require.h"
#include "multiformats/multihash.h"

using namespace p2p;
using namespace p2p::multiformats;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  ByteView rest = input;
  const auto hash = Multihash::read(rest);
  require(hash || rest.size() == size);
  if (!hash) return 0;
  const auto taken = input.first(size - rest.size());
  require(equal(hash->encode(), taken));
  require(hash->digest().size() <= kMaxDigestSize);
  const auto again = Multihash::decode(taken);
  require(again && *again == *hash);
  require(Multihash::decode(input).has_value() == rest.empty());
  if (const auto alg = hash->algorithm()) {
    require(alg->size() == hash->digest().size() && hash_code_of(*alg) == hash->code());
    const auto whole = Multihash::of(*alg, rest);
    require(whole.algorithm() == alg && whole.matches(rest) == true);
  }
  const auto matched = hash->matches(rest);
  require(matched.has_value() ==
          (hash->code() == HashCode::identity || hash_alg_of(hash->code()).has_value()));
  return 0;
}
