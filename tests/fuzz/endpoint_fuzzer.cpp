// LAYERS: p2p_runtime
// OPTIONS: -max_len=64
// IP addresses with scopes, and endpoints: canonical text reads back as itself.
#include "fuzz/require.h"
#include "runtime/net.h"

using namespace p2p;
using runtime::Endpoint;
using runtime::IpAddress;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(ByteView(data, size));
  if (const auto ip = IpAddress::parse(text)) {
    const auto again = IpAddress::parse(ip->text());
    require(again && *again == *ip && again->text() == ip->text());
    require(!ip->is_any() || (!ip->is_loopback() && !ip->is_multicast()));
  }
  if (const auto endpoint = Endpoint::parse(text)) {
    const auto again = Endpoint::parse(endpoint->text());
    require(again && *again == *endpoint && again->text() == endpoint->text());
  }
  return 0;
}
