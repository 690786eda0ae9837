#include "files/folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/system_error.h"
#include "files/walk.h"

namespace p2p::files {

namespace {

// O_NONBLOCK: a FIFO in the place of a file is not waited for. It means nothing to a regular file.
constexpr int kForReading = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
/// Not what a link points to, but the link.
constexpr int kForItself = O_PATH | O_CLOEXEC | O_NOFOLLOW;

/// Kernels before 5.6, and sandboxes that do not know the call.
bool lacks_openat2(int error) { return error == ENOSYS || error == EPERM; }

/// Component by component, no symbolic link followed.
int open_stepwise(int folder, std::string_view path, int flags) {
  int at = folder;
  for (;;) {
    const auto slash = path.find('/');
    const std::string name(path.substr(0, slash));
    const bool last = slash == std::string_view::npos;
    int next = -1;
    if (name.empty() || name == "." || name == "..") {
      errno = EXDEV;
    } else {
      next = ::openat(at, name.c_str(), (last ? flags : kForReading | O_DIRECTORY) | O_NOFOLLOW);
    }
    const int error = errno;
    if (at != folder) ::close(at);
    errno = error;
    if (next < 0 || last) return next;
    at = next;
    path.remove_prefix(slash + 1);
  }
}

int open_beneath(int folder, const std::string& path, Folder::Links links, int flags) {
  if (links == Folder::Links::none) return open_stepwise(folder, path, flags);
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const auto fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  if (fd >= 0 || !lacks_openat2(errno)) return static_cast<int>(fd);
  return open_stepwise(folder, path, flags);
}

std::unexpected<Error> not_opened(int error) {
  if (error == EXDEV || error == ELOOP) {
    return fail(Code::permission, "its path leads out of the folder");
  }
  return system_failure(error);
}

}  // namespace

Result<Folder> Folder::open(const std::string& path, Links links) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_failure(errno);
  return Folder(fd, links);
}

Folder::Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)), links_(other.links_) {}

Folder& Folder::operator=(Folder&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(links_, other.links_);
  return *this;
}

Folder::~Folder() {
  if (fd_ >= 0) ::close(fd_);
}

Result<File> Folder::open_file(const std::string& path) const {
  if (path.find('\0') != std::string::npos) return fail(Code::permission, "a NUL in the path");
  File file(open_beneath(fd_, path, links_, kForReading), true);
  if (file.fd_ < 0) return not_opened(errno);
  P2P_TRY(file.status_, status_of(file.fd_));
  if (file.status_.kind == Kind::directory) return fail(Code::unsupported, "Is a directory");
  if (!file.regular()) return fail(Code::unsupported, "Not a regular file");
  return file;
}

Result<std::string> Folder::read_link(const std::string& path) const {
  if (path.find('\0') != std::string::npos) return fail(Code::permission, "a NUL in the path");
  const File link(open_beneath(fd_, path, links_, kForItself), true);
  if (link.fd_ < 0) return not_opened(errno);
  P2P_TRY(const auto status, status_of(link.fd_));
  if (status.kind != Kind::symlink) return fail(Code::unsupported, "Not a symbolic link");
  return read_link_at(link.fd_, "");
}

}  // namespace p2p::files
