// LAYERS: p2p_chain_sync
// The chain protocol's requests and headers: what decodes encodes to the same bytes.
#include "chain/sync/messages.h"
#include "require.h"

using namespace p2p;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView raw(data, size);
  if (const auto request = chain::decode_request(raw)) {
    require(equal(chain::encode(*request), raw));
  }
  if (const auto headers = chain::decode_headers(raw)) {
    require(headers->size() <= chain::kMaxHeaders);
    require(equal(chain::encode_headers(*headers), raw));
  }
  if (const auto status = chain::decode_status(raw)) {
    require(equal(chain::encode(*status), raw));
  }
  return 0;
}
