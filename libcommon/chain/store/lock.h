// One writer a directory: an advisory lock (flock) on DIR/lock, held while a process may write. The
// kernel releases it with the process, so a killed node leaves no stale lock.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace p2p::chain {

class DirectoryLock {
 public:
  /// Empty where another process holds it. `purpose` ("node", "mine") is written into the file
  /// with our process id, for holder(). Code::not_found where the directory does not exist.
  static Result<std::optional<DirectoryLock>> try_acquire(const std::filesystem::path& dir,
                                                          const std::string& purpose);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

  /// What the lock file says, "node 4711", whether or not it is held now; empty if nothing.
  static std::string holder(const std::filesystem::path& dir);

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace p2p::chain
