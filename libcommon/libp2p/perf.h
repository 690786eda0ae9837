// The perf protocol (specs/perf): the client says how many bytes it wants (eight bytes,
// big-endian), sends its upload and ends its direction; then the server sends that many.
#pragma once

#include "libp2p/host.h"

namespace p2p::libp2p {

inline constexpr std::string_view kPerf = "/perf/1.0.0";

/// Serves it. Not part of every host: it lets any peer use up our bandwidth.
void serve_perf(Host& host);

struct PerfResult {
  Duration upload{0};    ///< from opening the stream to the first byte of the answer, or its end
  Duration download{0};  ///< from then to the last byte
};

/// One exchange; Code::protocol where the server sends another number of bytes. The caller sets the
/// deadline.
Task<Result<PerfResult>> perf(Host& host, PeerId peer, std::uint64_t upload,
                              std::uint64_t download);

}  // namespace p2p::libp2p
