// The files that a torrent is to be made of, as they stand on disk.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codec/bencode.h"
#include "content/torrent/metainfo.h"
#include "files/file.h"

namespace p2p::files {

/// More files than this are in no torrent that can be read (codec/bencode.h), and links can make
/// any number of paths out of a few folders: the walk ends there.
inline constexpr std::size_t kMaxTorrentFiles = codec::kMaxBencodeTokens / 8;
/// Paths that are looked at, folders and links to folders above among them: links between folders
/// without any file make more paths than there is time for. A folder for each file, of
/// as many as there can be, is more than trees have that are worth a torrent.
inline constexpr std::size_t kMaxTorrentPaths = 2 * kMaxTorrentFiles;
/// Paths that are told as obstacles, more than anybody reads; the walk, which is for nothing then,
/// ends with one more.
inline constexpr std::size_t kMaxTorrentObstacles = 1000;

struct TorrentWalk {
  /// Links stand in the torrent as links (BEP 47), instead of what they point to.
  bool keep_symlinks = false;
  /// Files that their owner may execute say so (BEP 47), as libtorrent has it.
  bool attributes = true;
  /// Not to be taken, although it is there: the torrent file of last time. Empty for none.
  std::string leave_out;
  /// The walk ends after as many.
  std::size_t most_paths = kMaxTorrentPaths;
};

struct TorrentSource {
  torrent::File file;
  std::string disk_path;
  Status status;  ///< as it was found
};

struct TorrentSources {
  std::vector<TorrentSource> files;  ///< in the torrent's order (torrent::path_less)
  bool single = false;               ///< one file without a folder around it
  std::string name;                  ///< the file's or the folder's; empty where several were given
};

/// The name of a torrent of `path`: its last component, what "." and ".." stand for included; empty
/// for the root.
std::string torrent_name(const std::string& path);

/// Where a link in a torrent points, from the torrent's root on (BEP 47), where the system has it
/// from the link on: `root` is the torrent's folder, `link` a path below it, and `text` what the
/// link says. By the names alone, as if no folder were a link. Code::unsupported where it leads
/// out.
Result<std::string> torrent_target(const std::string& root, const std::string& link,
                                   const std::string& text);

/// Told of each path that cannot be part of a torrent, and why; the walk goes on.
using TorrentObstacle = std::function<void(const std::string& path, const Error& error)>;

/// Walks `paths`, at least one: one file is a lone file, one folder is the torrent's folder, and of
/// several each stands in the torrent's folder under its own last component. Links that are given
/// are followed.
TorrentSources walk_torrent(const std::vector<std::string>& paths, const TorrentWalk& options,
                            const TorrentObstacle& obstacle);

}  // namespace p2p::files
