// Directories, entry by entry, and what stands in them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "files/file.h"

namespace p2p::files {

struct Entry {
  std::string name;
  Kind kind;
};

/// Whether `path` is a directory, symbolic links followed.
bool is_directory(const std::string& path);
/// The entries of a directory but "." and "..", sorted by the bytes of their names.
Result<std::vector<Entry>> list_directory(const std::string& path);
/// Where a symbolic link points; `name` in an open directory, or a path with AT_FDCWD.
Result<std::string> read_link_at(int directory, const std::string& name);
Result<std::string> read_link(const std::string& path);
/// stat of what `name` is in an open directory, or a path with AT_FDCWD.
Result<Status> status_at(int directory, const std::string& name, bool follow_links);
/// stat of what `path` names, symbolic links followed.
Result<Status> path_status(const std::string& path);
/// The same, symbolic links not followed.
Result<Status> link_status(const std::string& path);

}  // namespace p2p::files
