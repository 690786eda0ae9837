// A folder below which files are opened by paths that somebody else wrote. Whatever the path, and
// whatever symbolic links stand in it, nothing outside the folder is reached.
#pragma once

#include <string>

#include "base/error.h"
#include "files/file.h"

namespace p2p::files {

class Folder {
 public:
  /// Symbolic links on the way to the folder itself are followed.
  static Result<Folder> open(const std::string& path);
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  ~Folder();

  /// Opens a regular file for reading. Symbolic links are followed as long as they stay below the
  /// folder (where the system cannot promise that, none are); one that leads out is
  /// Code::permission. What is no regular file is Code::unsupported, and is not waited for.
  Result<File> open_file(const std::string& path) const;

 private:
  explicit Folder(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace p2p::files
