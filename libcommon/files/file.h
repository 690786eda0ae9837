// Open files, read from any thread: as a stream, at an offset, or as windows in memory.
//
// A file may shrink or grow while it is read. Reading notices: a window of which a part is gone
// says so when it is closed, instead of killing the process, and unchanged() compares what the
// system says of the file with what it said at open.
#pragma once

#include <sys/types.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace p2p::files {

enum class Kind { regular, directory, symlink, other };

/// What fstat says of a file, and what tells that it has changed.
struct Status {
  Kind kind = Kind::other;
  std::uint64_t size = 0;
  std::uint32_t mode = 0;  ///< permission bits, 07777
  std::timespec modified{};

  bool operator==(const Status& other) const {
    return kind == other.kind && size == other.size && modified.tv_sec == other.modified.tv_sec &&
           modified.tv_nsec == other.modified.tv_nsec;
  }
};

/// fstat of an open descriptor.
Result<Status> status_of(int fd);

/// Why what was read of a file means nothing.
inline constexpr const char* kChanged = "changed while it was read";

/// Bytes of a file in memory: mapped, or where that does not pay, read.
class Window {
 public:
  Window() = default;
  Window(Window&& other) noexcept;
  Window& operator=(Window&& other) noexcept;
  ~Window();

  /// Valid until close(). Where the file shrank underneath, what is gone reads as zeros.
  ByteView bytes() const { return bytes_; }
  /// Gives the bytes back. Code::io where a part of them could not be read: what was computed from
  /// them is void.
  Result<void> close();

 private:
  friend class File;

  ByteView bytes_;
  Bytes read_;              // where not mapped
  void* mapped_ = nullptr;  // page-aligned, at or before bytes_
  std::size_t mapped_size_ = 0;
  std::size_t slot_ = 0;  // of the guard, while mapped
};

class File {
 public:
  /// Follows symbolic links. An error's `why` is the system's own words. Does not wait for a
  /// writer where `path` is a FIFO's other end: it waits as open(2) does.
  static Result<File> open(const std::string& path);
  /// `name` in an open directory.
  static Result<File> open_at(int directory, const std::string& name);
  /// Descriptor 0, which is not closed.
  static File standard_input();
  /// What an operand names: "-" is standard input.
  static Result<File> open_operand(const std::string& operand);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  int fd() const { return fd_; }
  /// As it was at open.
  const Status& status() const { return status_; }
  bool regular() const { return status_.kind == Kind::regular; }
  std::uint64_t size() const { return status_.size; }

  /// The next bytes, at most `room`; 0 at the end. Directories are Code::io, "Is a directory".
  Result<std::size_t> read(MutableBytes room);
  /// The next bytes, fewer than `room` only at the end; read() gives them again.
  Result<ByteView> peek(std::size_t room);
  /// Bytes at `offset`, as many as there are up to room.size(); regular files only.
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes room) const;
  /// Exactly [offset, offset + size) of a regular file; Code::io where it has become shorter. May
  /// be called from several threads at once.
  Result<Window> window(std::uint64_t offset, std::size_t size) const;

  using Take = std::function<Result<void>(ByteView)>;
  /// All bytes from where the stream stands, in pieces of at most kPieceSize.
  Result<void> read_all(const Take& take);
  /// The same, kept in memory; Code::limit where it is more than `most`.
  Result<Bytes> read_whole(std::size_t most);

  /// Code::io, kChanged, if the status differs now. For anything but a regular
  /// file there is nothing to compare.
  Result<void> unchanged() const;

 private:
  friend class Folder;
  File(int fd, bool owned) : fd_(fd), owned_(owned) {}

  Result<std::size_t> read_on(MutableBytes room) const;

  int fd_ = -1;
  bool owned_ = false;
  Status status_;
  Bytes peeked_;  ///< was read, and is to be read again
};

/// Larger pieces overflow the second-level cache and cost a third of the hash rate.
inline constexpr std::size_t kPieceSize = 128 * 1024;

/// What a job on one part of a large file takes: long enough that handing it over costs nothing,
/// short enough that two cores end together, and a few of them stay small beside 64 MiB. A multiple
/// of every power of two up to itself.
inline constexpr std::size_t kWindowSize = 4 * 1024 * 1024;

/// What each of `threads` may have mapped, a power of two: all together half of the 64 MiB that we
/// promise to stay under.
constexpr std::size_t mapped_by_each(unsigned threads) {
  return std::bit_floor(std::size_t{32} * 1024 * 1024 / threads);
}

}  // namespace p2p::files
