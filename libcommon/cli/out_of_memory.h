// What happens where memory runs out, in any thread of a tool: one line on stderr, and the end,
// with the status of an error. Unfinished files go as they go with a signal
// (base/temporary_name.h).
//
// There is nothing better to do: what cannot be allocated is hardly ever one large thing that
// could be done without, and to unwind takes memory itself. It holds from before the first
// constructor of a library on, and for libuv's own memory, too (runtime/uv/loop.h).
#pragma once

#include <string>

namespace p2p::cli {

/// The line is `tool: error: out of memory`. Until this is called, it names the program as its
/// caller did.
void name_in_out_of_memory(const std::string& tool);

}  // namespace p2p::cli
