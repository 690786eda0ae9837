// A file read by a thread of its own, a few pieces ahead of whoever takes them: for a function that
// must have its bytes in order, and should wait for none of them.
#pragma once

#include <array>
#include <atomic>
#include <semaphore>
#include <thread>

#include "files/file.h"

namespace p2p::files {

class ReadAhead {
 public:
  /// Begins to read `file`, a regular one, from its beginning; it must outlive this. Where the
  /// system gives no thread, next() does the reading.
  explicit ReadAhead(const File& file);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next bytes, at most kPieceSize, valid until the next call; none at the end. After an
  /// error, or the end, it is not called again.
  Result<ByteView> next();

 private:
  /// Together 1 MiB, half of a second-level cache. They are given back four at a time: to wake a
  /// thread for each would cost as much as a twentieth of hashing it.
  static constexpr std::size_t kPieces = 8;
  static constexpr std::size_t kGivenBack = kPieces / 2;

  struct Piece {
    Bytes room;
    Result<std::size_t> got;
  };

  void read(Piece& piece);
  void read_all();

  const File& file_;
  std::array<Piece, kPieces> pieces_;
  std::counting_semaphore<kPieces + 1> free_{kPieces};  // one more to stop it
  std::counting_semaphore<kPieces> full_{0};
  std::atomic<bool> stopping_ = false;
  std::size_t taken_ = 0;
  std::uint64_t offset_ = 0;  ///< of what is read next
  std::jthread thread_;
};

}  // namespace p2p::files
