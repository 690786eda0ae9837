#include "files/walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "base/system_error.h"

namespace p2p::files {

namespace {

Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return Kind::regular;
  if (S_ISDIR(mode)) return Kind::directory;
  return S_ISLNK(mode) ? Kind::symlink : Kind::other;
}

Status status_from(const struct stat& found) {
  Status status;
  status.kind = kind_of(found.st_mode);
  status.size = status.kind == Kind::regular ? static_cast<std::uint64_t>(found.st_size) : 0;
  status.mode = found.st_mode & 07777U;
  status.modified = found.st_mtim;
  return status;
}

}  // namespace

Result<Status> status_of(int fd) {
  struct stat found{};
  if (::fstat(fd, &found) != 0) return system_failure(errno);
  return status_from(found);
}

Result<Status> status_at(int directory, const std::string& name, bool follow_links) {
  struct stat found{};
  if (::fstatat(directory, name.c_str(), &found, follow_links ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure(errno);
  }
  return status_from(found);
}

Result<Status> path_status(const std::string& path) { return status_at(AT_FDCWD, path, true); }

Result<Status> link_status(const std::string& path) { return status_at(AT_FDCWD, path, false); }

bool is_directory(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

Result<std::string> read_link_at(int directory, const std::string& name) {
  std::string target(PATH_MAX, '\0');
  const ssize_t n = ::readlinkat(directory, name.c_str(), target.data(), target.size());
  if (n < 0) return system_failure(errno);
  target.resize(static_cast<std::size_t>(n));
  return target;
}

Result<std::string> read_link(const std::string& path) { return read_link_at(AT_FDCWD, path); }

}  // namespace p2p::files
