#include "chain/store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "base/system_error.h"

namespace p2p::chain {

namespace {

std::filesystem::path lock_file(const std::filesystem::path& dir) { return dir / "lock"; }

}  // namespace

Result<void> make_directory(const std::filesystem::path& dir) {
  std::error_code failed;
  if (std::filesystem::is_directory(dir, failed)) return {};
  if (dir.has_parent_path()) std::filesystem::create_directories(dir.parent_path(), failed);
  if (::mkdir(dir.c_str(), 0700) != 0) return system_failure(errno, "make directory", dir.string());
  return {};
}

Result<std::optional<DirectoryLock>> DirectoryLock::take(const std::filesystem::path& dir,
                                                         int flags, int operation) {
  const int fd = ::open(lock_file(dir).c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return system_failure(errno, "lock", dir.string());
  DirectoryLock lock(fd);
  if (::flock(fd, operation | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    return system_failure(errno, "lock", dir.string());
  }
  return std::optional<DirectoryLock>(std::move(lock));
}

Result<std::optional<DirectoryLock>> DirectoryLock::try_share(const std::filesystem::path& dir) {
  return take(dir, O_RDONLY, LOCK_SH);
}

Result<std::optional<DirectoryLock>> DirectoryLock::try_acquire(const std::filesystem::path& dir,
                                                                const std::string& purpose) {
  P2P_TRY(auto lock, take(dir, O_RDWR | O_CREAT, LOCK_EX));
  if (!lock) return std::nullopt;
  // Only for people and messages; the lock itself is the kernel's.
  const std::string line = purpose + " " + std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock->fd_, 0) != 0 ||
      ::pwrite(lock->fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    return system_failure(errno, "write", lock_file(dir).string());
  }
  return lock;
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
