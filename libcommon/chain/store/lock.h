// One writer a directory: an advisory lock (flock) on DIR/lock, held while a process may write. The
// kernel releases it with the process, so a killed node leaves no stale lock.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"

namespace p2p::chain {

/// Makes a chain's directory where it is missing, with mode 0700, since keys and the node's socket
/// stand in it; what it lies in gets the mode that the umask gives.
Result<void> make_directory(const std::filesystem::path& dir);

class DirectoryLock {
 public:
  /// Empty where another process holds it. `purpose` ("node", "mine") is written into the file
  /// with our process id, for holder(). Code::not_found where the directory does not exist.
  static Result<std::optional<DirectoryLock>> try_acquire(const std::filesystem::path& dir,
                                                          const std::string& purpose);
  /// Keeps writers out without writing: any number of readers may hold it. Empty where a writer
  /// holds the lock; Code::not_found where the directory has no lock file, so that no writer has
  /// ever been there.
  static Result<std::optional<DirectoryLock>> try_share(const std::filesystem::path& dir);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

  /// What the lock file says, "node 4711", whether or not it is held now; empty if nothing.
  static std::string holder(const std::filesystem::path& dir);

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  static Result<std::optional<DirectoryLock>> take(const std::filesystem::path& dir, int flags,
                                                   int operation);
  int fd_ = -1;
};

}  // namespace p2p::chain
