// Magnet links: BEP 9, and BEP 53's select-only list, which is passed over.
//
//     magnet:?xt=urn:btih:HEX&xt=urn:btmh:1220HEX&dn=NAME&xl=SIZE&tr=URL&ws=URL
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "content/torrent/metainfo.h"

namespace p2p::torrent {

struct Magnet {
  InfoHashes hashes;
  std::string name;                    ///< dn
  std::optional<std::uint64_t> size;   ///< xl, bytes of content
  std::vector<std::string> trackers;   ///< tr
  std::vector<std::string> web_seeds;  ///< ws

  friend bool operator==(const Magnet& a, const Magnet& b) {
    return a.hashes.v1 == b.hashes.v1 && a.hashes.v2 == b.hashes.v2 && a.name == b.name &&
           a.size == b.size && a.trackers == b.trackers && a.web_seeds == b.web_seeds;
  }
};

/// Longer links are Code::limit: a few hundred trackers fit.
inline constexpr std::size_t kMaxMagnetSize = 64 * 1024;

/// The link for a torrent: its infohashes, name, trackers of all tiers, and web seeds.
Magnet magnet_of(const Metainfo& meta, const InfoHashes& hashes);

/// In the order above, hashes in lower-case hex, the rest percent-encoded but for RFC 3986's
/// unreserved characters: libtorrent's make_magnet_uri gives an equivalent link.
std::string format_magnet(const Magnet& magnet);

/// Parameters in any order and case, numbered or not (tr.1); infohashes of the first version in
/// hex or base32. Unknown parameters and kinds of topic are passed over. Code::parse where there is
/// no infohash that is one, or an infohash twice that is not the same.
Result<Magnet> parse_magnet(std::string_view link);

}  // namespace p2p::torrent
