// What stands in directories, by name. files/listing.h has their entries.
#pragma once

#include <string>

#include "base/error.h"
#include "files/file.h"

namespace p2p::files {

/// Whether `path` is a directory, symbolic links followed.
bool is_directory(const std::string& path);
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
