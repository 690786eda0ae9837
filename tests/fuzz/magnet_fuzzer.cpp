// LAYERS: p2p_torrent
// OPTIONS: -max_len=1024
// A link that is read is written to one that reads as the same.
#include "fuzz/require.h"

#include "content/torrent/magnet.h"

using namespace p2p;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto magnet = torrent::parse_magnet(as_text(ByteView(data, size)));
  if (!magnet) return 0;
  const auto again = torrent::parse_magnet(torrent::format_magnet(*magnet));
  require(again.has_value() && *again == *magnet);
  return 0;
}
