// Writing to descriptors until all is written: the system may take less, or be interrupted.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace p2p {

/// Writes all of `data`; 0 or errno. A descriptor that somebody else made non-blocking (it is
/// shared with every process that inherited it) is waited for.
int write_all(int fd, ByteView data);

/// The same at `offset`, for a descriptor that can seek.
int write_all_at(int fd, std::uint64_t offset, ByteView data);

}  // namespace p2p
