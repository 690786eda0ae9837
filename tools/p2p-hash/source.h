// Reading what is named on the command line: files, directories, and "-" for standard input.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/console.h"
#include "cli/progress.h"

namespace p2p::hash {

/// Larger pieces overflow the second-level cache and cost a third of the hash rate.
inline constexpr std::size_t kPieceSize = 128 * 1024;

/// Streams files, one at a time, with one buffer and one progress line.
class Source {
 public:
  explicit Source(cli::Console& console);

  using Take = std::function<Result<void>(ByteView)>;
  /// Hands all bytes of `name` to `take`, in pieces of at most kPieceSize. An error's `why` is the
  /// system's own words.
  Result<void> read(const std::string& name, const Take& take);

 private:
  cli::Console& console_;
  cli::Progress progress_;
  Bytes buffer_;
};

enum class FileKind { regular, directory, symlink, other };

struct Entry {
  std::string name;
  FileKind kind;
};

/// Whether `path` is a directory, symbolic links followed.
bool is_directory(const std::string& path);
/// The entries of a directory but "." and "..", sorted by the bytes of their names.
Result<std::vector<Entry>> list_directory(const std::string& path);
/// Where a symbolic link points.
Result<std::string> read_link(const std::string& path);
std::string join_path(const std::string& folder, const std::string& name);

}  // namespace p2p::hash
