// Writes files and folders whose names somebody else chose, below one folder and nowhere else.
//
// No symbolic link is followed on the way, whoever made it and when; names are one component each.
// A file appears whole or not at all, and nothing that exists is replaced unless asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "content/unixfs.h"
#include "files/file.h"

namespace p2p::files {

/// Code::permission for names that are empty, ".", "..", or hold a slash or a NUL.
Result<void> check_name(std::string_view name);

class TreeWriter {
 public:
  /// Folders within one another that can be open.
  static constexpr std::size_t kMaxDepth = 512;

  /// Below `folder`, which is made if it is missing, but not what it is in. `replace`: existing
  /// files and links give way, but never folders.
  static Result<TreeWriter> open(const std::string& folder, bool replace);
  TreeWriter(TreeWriter&& other) noexcept;
  TreeWriter& operator=(TreeWriter&&) = delete;
  ~TreeWriter();

  /// Makes a folder unless it exists, and goes into it.
  Result<void> enter(const std::string& name);
  /// Gives the folder its mode and time, if any, and goes out of it.
  Result<void> leave(const content::UnixFsMetadata& metadata);

  /// What the file system has free for us; where it does not say how much that is, any number.
  struct Room {
    std::uint64_t block_size = 1;
    std::uint64_t blocks = UINT64_MAX;
    std::uint64_t files = UINT64_MAX;  ///< and folders

    std::uint64_t bytes() const { return blocks * block_size; }
    std::uint64_t blocks_of(std::uint64_t size) const {
      return size / block_size + (size % block_size == 0 ? 0 : 1);  // so that nothing overflows
    }
  };
  Room room() const;
  /// Code::limit where `size` more bytes do not fit into that.
  Result<void> check_room(std::uint64_t size) const;

  using Put = std::function<Result<void>(ByteView)>;
  /// A file with what `fill` puts; if that fails, there is none. Of its mode, the bits that would
  /// give somebody else's rights are dropped.
  Result<void> file(const std::string& name, const content::UnixFsMetadata& metadata,
                    const std::function<Result<void>(const Put&)>& fill);
  Result<void> symlink(const std::string& name, const std::string& target,
                       const content::UnixFsMetadata& metadata);

 private:
  TreeWriter(int fd, bool replace) : folders_{fd}, replace_(replace) {}

  int here() const { return folders_.back(); }
  std::string temporary() const;
  Result<void> put_in_place(const std::string& from, const std::string& name) const;

  std::vector<int> folders_;
  bool replace_;
};

}  // namespace p2p::files
