// A folder below which files are opened by paths that somebody else wrote. Whatever the path, and
// whatever symbolic links stand in it, nothing outside the folder is reached.
#pragma once

#include <string>

#include "base/error.h"
#include "files/file.h"

namespace p2p::files {

class Folder {
 public:
  /// What is done about symbolic links below the folder.
  enum class Links {
    inside,  ///< followed as long as they stay below it, where the system can promise that
    none     ///< none are followed
  };
  /// Symbolic links on the way to the folder itself are followed.
  static Result<Folder> open(const std::string& path, Links links = Links::inside);
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  ~Folder();

  /// Opens a regular file for reading. A path that leads out, or a link that is not followed, is
  /// Code::permission. What is no regular file is Code::unsupported, and is not waited for.
  Result<File> open_file(const std::string& path) const;
  /// What a symbolic link says. Those on the way to it are followed as for open_file, or not; what
  /// is no link is Code::unsupported.
  Result<std::string> read_link(const std::string& path) const;

 private:
  Folder(int fd, Links links) : fd_(fd), links_(links) {}

  int fd_;
  Links links_;
};

}  // namespace p2p::files
