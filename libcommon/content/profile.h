// Import profiles: the choices that decide which CID a file or directory gets. Two programs agree
// on a CID only if they agree on all of them; the names are those of IPIP-499 and of kubo, and what
// one choice implies for another is as in `ipfs add`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "content/chunker.h"
#include "crypto/hash.h"

namespace p2p::content {

/// 256 KiB: kubo's bound, well under the 1 MiB that a bitswap block should have.
inline constexpr std::size_t kShardThreshold = 256 * 1024;

/// 8 KiB at about 47 bytes a link, go-ipfs's choice of 2015.
inline constexpr std::size_t kDefaultWidth = 174;

/// A node of more links would be larger than a block may be: a link is 50 bytes and more.
inline constexpr std::size_t kMaxWidth = 32 * 1024;

/// In bytes, of a hash in a CID: other blocks are easily found that have the same first few bytes
/// of a hash, or none. kubo's bound.
inline constexpr std::size_t kMinDigestSize = 20;

/// Code::unsupported, with what to take instead, for functions that kubo does not name blocks by:
/// because boxo's verifcid does not allow them, go-multihash does not compute them, or their
/// digests are shorter than kMinDigestSize.
Result<void> check_block_hash(crypto::HashAlg alg);

struct Profile {
  std::string_view name;
  int cid_version = 1;
  bool raw_leaves = true;  ///< leaves are bare bytes, not UnixFS in dag-pb
  ChunkerSpec chunker = ChunkerSpec::fixed(256 * 1024);
  enum class Layout {
    balanced,  ///< every leaf equally deep
    trickle,   ///< the first leaves near the root: for reading as a stream
  } layout = Layout::balanced;
  /// Links a file's inner node has at most; of trickle trees, leaves. At least 2 where balanced.
  std::size_t width = kDefaultWidth;
  /// A directory is sharded when its estimated size passes shard_threshold.
  enum class Estimate {
    links,     ///< of each link the bytes of its name and CID, kubo's old way
    block,     ///< the encoded block, to the byte
    disabled,  ///< size does not count
  } estimate = Estimate::links;
  std::size_t shard_threshold = kShardThreshold;
  /// A directory of more entries is sharded, too; 0 is no bound.
  std::size_t directory_links = 0;
  std::size_t fanout = 256;  ///< of a shard: a power of two from kMinFanout to kMaxFanout
  crypto::HashAlg hash = crypto::HashAlg::sha2_256;
  /// Blocks up to this size are not hashed but put into the CID itself.
  std::optional<std::size_t> inline_limit;

  /// Whether cid_version and raw_leaves are only what is usual, which other choices may change.
  bool usual_version = false;
  bool usual_leaves = false;
};

/// kubo's: unixfs-v0-2015 (also legacy-cid-v0), unixfs-v1-2025. Its older releases' test-cid-v1 and
/// test-cid-v1-wide. And v0, what `ipfs add` does where nothing is configured, v1, the same with
/// --cid-version=1. The first three of version 0 differ only in what may follow from other choices.
const Profile* profile_by_name(std::string_view name);
std::vector<std::string_view> profile_names();

/// What `ipfs add`'s flags change.
struct ProfileChanges {
  std::optional<int> cid_version;
  std::optional<bool> raw_leaves;
  std::optional<crypto::HashAlg> hash;
  std::optional<ChunkerSpec> chunker;
  std::optional<Profile::Layout> layout;
  std::optional<std::size_t> width;  ///< 0 is kDefaultWidth
  std::optional<std::size_t> directory_links;
  std::optional<std::size_t> fanout;
  std::optional<std::size_t> inline_limit;
  /// Modes or times are to be stored, which raw leaves have no room for.
  bool metadata = false;
};

/// `base` with the changes, and with what they imply: a hash other than sha2-256 version 1, version
/// 1 raw leaves, metadata none. Code::invalid_argument where they contradict one another or pass a
/// bound, or what check_block_hash says.
Result<Profile> change_profile(const Profile& base, const ProfileChanges& changes);

}  // namespace p2p::content
