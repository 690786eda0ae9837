// UDP with multicast. Internal to runtime/uv.
#pragma once

#include "runtime/net.h"
#include "runtime/uv/loop.h"

namespace p2p::runtime::uv {

Result<std::unique_ptr<UdpSocket>> open_udp(Loop& loop, const Endpoint& at,
                                            const UdpOptions& options);

}  // namespace p2p::runtime::uv
