// The steps a connection goes through before it can be used, in order.
#pragma once

#include <string_view>

namespace p2p::libp2p {

/// A failure names the step it happened in.
enum class Phase { resolve, dial, negotiate, secure, multiplex, identify, ping, done };
std::string_view name_of(Phase phase);

}  // namespace p2p::libp2p
