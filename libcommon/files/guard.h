// Mappings that survive a file that shrinks: touching a page that is gone raises SIGBUS, and the
// handler here puts zeros in its place and notes it. Only windows that are entered are looked
// after; any other SIGBUS ends the process as ever. The handler, and its table of windows, is the
// process's, as signals are.
#pragma once

#include <cstddef>
#include <optional>

namespace p2p::files::guard {

/// Looks after [start, start + size), start on a page's edge. Nothing where all slots are taken:
/// read instead. Safe from any thread.
std::optional<std::size_t> enter(void* start, std::size_t size);

/// Before the mapping is taken down; whether all of it could be read.
bool leave(std::size_t slot);

}  // namespace p2p::files::guard
