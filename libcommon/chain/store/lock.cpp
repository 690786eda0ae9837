#include "chain/store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace p2p::chain {

namespace {

std::filesystem::path lock_file(const std::filesystem::path& dir) { return dir / "lock"; }

}  // namespace

Result<std::optional<DirectoryLock>> DirectoryLock::try_acquire(const std::filesystem::path& dir,
                                                                const std::string& purpose) {
  const std::filesystem::path path = lock_file(dir);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    const Code code = errno == ENOENT   ? Code::not_found
                      : errno == EACCES ? Code::permission
                                        : Code::io;
    return fail(code, "lock", dir.string(), std::strerror(errno));
  }
  DirectoryLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    return fail(Code::io, "lock", dir.string(), std::strerror(errno));
  }
  // Only for people and messages; the lock itself is the kernel's.
  const std::string line = purpose + " " + std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    return fail(Code::io, "write", path.string(), std::strerror(errno));
  }
  return std::optional<DirectoryLock>(std::move(lock));
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

std::string DirectoryLock::holder(const std::filesystem::path& dir) {
  std::ifstream in(lock_file(dir));
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace p2p::chain
