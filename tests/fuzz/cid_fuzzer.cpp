// LAYERS: p2p_multiformats
// OPTIONS: -max_len=128
// A CID has one binary form and in each base one text; both read back the same.
#include "fuzz/require.h"
#include "multiformats/cid.h"

using namespace p2p;
using namespace p2p::multiformats;

namespace {

void check(const Cid& cid) {
  require(!cid.empty());
  const auto binary = Cid::decode(cid.bytes());
  require(binary && *binary == cid);
  for (const auto base : {Multibase::base16, Multibase::base32, Multibase::base36,
                          Multibase::base58btc, Multibase::base64_url}) {
    const auto again = Cid::parse(cid.text(base));
    require(again && *again == cid);
  }
  require(cid.to_v1().hash() == cid.hash());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  ByteView rest = input;
  const auto cid = Cid::read(rest);
  require(cid || rest.size() == size);
  if (cid) {
    require(equal(cid->bytes(), input.first(size - rest.size())));
    check(*cid);
  }
  if (const auto parsed = Cid::parse(as_text(input))) check(*parsed);
  return 0;
}
