#include "files/torrent_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "base/path.h"
#include "base/system_error.h"
#include "content/torrent/layout.h"
#include "files/listing.h"
#include "files/walk.h"

namespace p2p::files {

namespace {

/// What tells a file from any other, however it is named.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const Identity&) const = default;
};

Identity identity_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

Status status_of(const struct stat& status) {
  Status out;
  out.kind = S_ISREG(status.st_mode)   ? Kind::regular
             : S_ISDIR(status.st_mode) ? Kind::directory
             : S_ISLNK(status.st_mode) ? Kind::symlink
                                       : Kind::other;
  out.size = static_cast<std::uint64_t>(status.st_size);
  out.mode = status.st_mode & 07777;
  out.modified = status.st_mtim;
  return out;
}

class Walker {
 public:
  Walker(const TorrentWalk& options, const TorrentObstacle& obstacle)
      : options_(options), obstacle_(obstacle) {
    struct stat status{};
    if (!options.leave_out.empty() && ::stat(options.leave_out.c_str(), &status) == 0) {
      left_out_ = identity_of(status);
    }
  }

  TorrentSources run(const std::vector<std::string>& paths) {
    const bool several = paths.size() > 1;
    for (const auto& path : paths) {
      const auto name = torrent_name(path);
      struct stat status{};
      if (::stat(path.c_str(), &status) != 0) {
        stumble(path, system_failure(errno).error());
        continue;
      }
      if (several && name.empty()) {
        stumble(path, Error(Code::invalid_argument, "has no name of its own"));
        continue;
      }
      root_ = several ? join_path(path, "..") : path;
      if (!several) sources_.name = name;
      sources_.single = !several && S_ISREG(status.st_mode);
      const bool named = several || sources_.single;
      take(path, named ? name : std::string(), status);
    }
    std::ranges::sort(
        sources_.files, torrent::path_less,
        [](const TorrentSource& source) -> const std::string& { return source.file.path; });
    return std::move(sources_);
  }

 private:
  void stumble(const std::string& path, const Error& error) {
    if (full_) return;
    obstacle_(path, error);
    if (++obstacles_ == kMaxTorrentObstacles) end_at(path, "too many faults: the rest is left out");
  }

  void end_at(const std::string& path, std::string why) {
    full_ = true;
    obstacle_(path, Error(Code::limit, std::move(why)));
  }

  /// `path` on disk, `below` in the torrent.
  void take(const std::string& path, std::string below, const struct stat& status) {
    if (left_out_ == identity_of(status) || full_) return;
    if (sources_.files.size() == kMaxTorrentFiles) {
      return end_at(path, "more files than a torrent can have");
    }
    if (++paths_ > options_.most_paths) {
      return end_at(path, "its folders repeat themselves without end: more than " +
                              std::to_string(options_.most_paths) + " paths");
    }
    if (S_ISDIR(status.st_mode)) return descend(path, below, identity_of(status));
    TorrentSource source;
    source.status = status_of(status);
    source.file.path = std::move(below);
    source.file.executable = options_.attributes && (source.status.mode & S_IXUSR) != 0;
    if (S_ISLNK(status.st_mode)) {
      const auto target = target_of(path);
      if (!target) return stumble(path, target.error());
      source.file.symlink = true;
      source.file.target = *target;
    } else if (S_ISREG(status.st_mode)) {
      source.file.size = source.status.size;
    } else {
      return stumble(path, Error(Code::unsupported, "Not a regular file"));
    }
    source.disk_path = path;
    sources_.files.push_back(std::move(source));
  }

  void descend(const std::string& path, const std::string& below, Identity identity) {
    if (std::ranges::find(above_, identity) != above_.end()) {
      return stumble(path, Error(Code::unsupported, "a link to a folder that it stands in"));
    }
    auto listing = Listing::of(path, above_.size() + 1);
    if (!listing) return stumble(path, listing.error());
    above_.push_back(identity);
    while (!full_) {
      const auto entry = listing->next();
      if (!entry) stumble(path, entry.error());
      if (!entry || !*entry) break;
      const std::string name((*entry)->name);
      const std::string inner = join_path(path, name);
      struct stat status{};
      const int got =
          options_.keep_symlinks ? ::lstat(inner.c_str(), &status) : ::stat(inner.c_str(), &status);
      if (got != 0) {
        stumble(inner, system_failure(errno).error());
        continue;
      }
      take(inner, below.empty() ? name : below + "/" + name, status);
    }
    above_.pop_back();
  }

  Result<std::string> target_of(const std::string& link) const {
    P2P_TRY(const std::string text, read_link(link));
    return torrent_target(root_, link, text);
  }

  const TorrentWalk& options_;
  const TorrentObstacle& obstacle_;
  std::optional<Identity> left_out_;
  std::string root_;
  std::vector<Identity> above_;
  TorrentSources sources_;
  std::size_t paths_ = 0;
  std::size_t obstacles_ = 0;
  bool full_ = false;
};

}  // namespace

std::string torrent_name(const std::string& path) {
  std::error_code error;
  auto whole = std::filesystem::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  return whole.filename().string();
}

Result<std::string> torrent_target(const std::string& root, const std::string& link,
                                   const std::string& text) {
  const auto absolute = [](const std::string& path) {
    std::error_code error;
    return std::filesystem::absolute(path, error);
  };
  const auto whole = (absolute(link).parent_path() / text).lexically_normal();
  const auto below = whole.lexically_relative(absolute(root).lexically_normal() / "");
  std::string target = below.string();
  while (target.ends_with('/')) target.pop_back();
  if (!torrent::is_safe_path(target)) {
    return fail(Code::unsupported, "a link that leads out of the torrent");
  }
  return target;
}

TorrentSources walk_torrent(const std::vector<std::string>& paths, const TorrentWalk& options,
                            const TorrentObstacle& obstacle) {
  return Walker(options, obstacle).run(paths);
}

}  // namespace p2p::files
