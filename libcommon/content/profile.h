// Import profiles: the choices that decide which CID a file or directory gets. Two programs agree
// on a CID only if they agree on all of them; the names are those of IPIP-499 and of kubo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/hash.h"

namespace p2p::content {

struct Profile {
  std::string_view name;
  int cid_version = 1;
  bool raw_leaves = true;      ///< leaves are bare bytes, not UnixFS in dag-pb
  std::size_t chunk_size = 0;  ///< bytes a leaf
  std::size_t width = 0;       ///< links a file's inner node has at most
  /// A directory is sharded when its estimated size passes kShardThreshold.
  enum class Estimate {
    links,  ///< of each link the bytes of its name and CID, kubo's old way
    block,  ///< the encoded block, to the byte
  } estimate = Estimate::links;
  crypto::HashAlg hash = crypto::HashAlg::sha2_256;
};

/// 256 KiB: kubo's bound, well under the 1 MiB that a bitswap block should have.
inline constexpr std::size_t kShardThreshold = 256 * 1024;

/// unixfs-v0-2015 (also v0), unixfs-v1-2025, v1 (kubo's --cid-version=1 of old), test-cid-v1.
const Profile* profile_by_name(std::string_view name);
std::vector<std::string_view> profile_names();

}  // namespace p2p::content
