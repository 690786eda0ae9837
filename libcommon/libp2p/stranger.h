// Whom we reached instead of a libp2p peer: other servers, told by the first bytes they send.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace p2p::libp2p {

/// "an HTTP server", "an SSH server", …; empty where the greeting is not known. A few bytes suffice
/// (24 for all that are known).
std::string_view recognise_stranger(ByteView greeting);

}  // namespace p2p::libp2p
