// A metainfo file in memory.
#pragma once

#include "content/torrent/metainfo.h"

namespace p2p::testing {

struct EncodedTorrent {
  Bytes file;
  torrent::InfoHashes hashes;
};

inline Result<EncodedTorrent> encode_torrent(const torrent::Metainfo& meta) {
  EncodedTorrent encoded;
  P2P_TRY(encoded.hashes, torrent::write_torrent(meta, [&](ByteView data) -> Result<void> {
            append(encoded.file, data);
            return {};
          }));
  return encoded;
}

}  // namespace p2p::testing
