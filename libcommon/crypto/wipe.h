// Secrets leave no trace in memory that is given back.
#pragma once

#include "base/bytes.h"

namespace p2p::crypto {

/// Overwrites `secret` with zeros, in a way that no compiler leaves out.
void wipe(MutableBytes secret);

}  // namespace p2p::crypto
