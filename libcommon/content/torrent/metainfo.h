// Torrents: metainfo files of BitTorrent's first version (BEP 3), its second (BEP 52) and hybrids
// of both, with announce-list (BEP 12), url-list (BEP 19), private (BEP 27), and pad files,
// attributes and symbolic links (BEP 47). Start here; then layout.h (which bytes make which piece),
// merkle.h (the second version's hashes), magnet.h.
//
// A torrent is a list of files, laid end to end as one stream that is cut into pieces. The first
// version hashes each piece; the second a Merkle tree of each file's 16 KiB blocks, and lets every
// file begin on a piece's edge, which a hybrid's first version reaches with pad files of zeros. So
// one list serves all three: that of a torrent of the second version has pad files here, too,
// although its metainfo need not name them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/sha1_lanes.h"

namespace p2p::torrent {

using crypto::Digest20;
using crypto::Digest32;

/// BEP 52's block: the leaves of its trees, and the smallest piece.
inline constexpr std::uint64_t kBlockSize = 16 * 1024;
/// libtorrent's bound on a piece, which leaves room in 32 bits.
inline constexpr std::uint64_t kMaxPieceSize = (std::uint64_t{1} << 30) - 1;
/// libtorrent's bound on one file, and ours on all of them: offsets fit its 48 bits.
inline constexpr std::uint64_t kMaxTotalSize = (std::uint64_t{1} << 48) - 1;
/// libtorrent's bound on the pieces of a torrent that it reads.
inline constexpr std::uint64_t kMaxPieces = 0x200000;

struct File {
  /// Below the torrent's root, components joined by '/'; a lone file's is its name.
  std::string path;
  std::uint64_t size = 0;
  bool pad = false;  ///< zeros that are on no disk
  bool executable = false;
  bool hidden = false;
  bool symlink = false;
  /// Where a symbolic link points: from the torrent's root on, joined by '/' (BEP 47).
  std::string target;
  /// The path cannot be used: a component is empty, ".", "..", or has a slash or a NUL in it.
  /// Nothing may be opened by it.
  bool unsafe = false;
  /// Second version, where size is not 0: the root of the file's tree.
  Digest32 root{};
  /// Second version, files larger than a piece: a hash for each piece. Empty where the metainfo
  /// leaves it out, which it may. They stand with whoever made this.
  std::span<const Digest32> layer;
};

struct Metainfo {
  bool v1 = false;
  bool v2 = false;
  bool single = false;  ///< one file without a folder around it
  std::string name;     ///< of the lone file or the folder
  std::uint64_t piece_size = 0;
  std::vector<File> files;
  /// First version. They stand with whoever made this.
  std::span<const Digest20> pieces;
  bool is_private = false;

  std::vector<std::vector<std::string>> trackers;  ///< in tiers
  std::vector<std::string> web_seeds;
  std::string comment;
  std::string created_by;
  std::optional<std::int64_t> created;  ///< seconds since 1970
};

struct InfoHashes {
  std::optional<Digest20> v1;
  std::optional<Digest32> v2;
};

/// What was read from a metainfo file; hashes stand in the file's bytes.
struct Torrent {
  Metainfo meta;
  InfoHashes hashes;  ///< of the info dictionary's exact bytes
  /// What is not canonical in the file ("unsorted key at byte 17"): other programs may read it
  /// otherwise or refuse it. The infohash holds all the same.
  std::optional<std::string> flaw;
};

/// Whether `path`, components joined by '/', can be used below a folder without leaving it.
bool is_safe_path(std::string_view path);

/// Reads a metainfo file. What libtorrent reads is read, but for what makes two programs see two
/// torrents: of a hybrid both versions must have the same files, and the info dictionary of the
/// second version must be canonical. Code::parse says what is wrong, Code::unsupported is a later
/// version, Code::limit a bound above or in codec/bencode.h.
Result<Torrent> read_torrent(ByteView file);

/// Puts the metainfo file of `meta`, canonical, and returns its infohashes. `meta.files` are in the
/// order of arrange() (layout.h), hashes included. Code::limit where it would be more than
/// read_torrent reads; nothing has been put then.
using Put = std::function<Result<void>(ByteView)>;
Result<InfoHashes> write_torrent(const Metainfo& meta, const Put& put);

}  // namespace p2p::torrent
