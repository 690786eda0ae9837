// Proofs that bytes belong to a BLAKE3 hash: the slice format of Bao,
// https://github.com/oconnor663/bao/blob/master/docs/spec.md. A slice is the content's length in
// eight bytes, little-endian, then of its BLAKE3 tree what lies between the root and a range of
// bytes, in pre-order: parents as the 64 bytes of their children's chaining values, chunks as they
// are. Whoever has the hash can check each part as it arrives. The slice of everything is Bao's
// combined encoding.
//
// Such a range always takes in a chunk: of no bytes it is that of its first byte, past the end of
// the content the last one. A range that reaches past the end ends there.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/blake3.h"
#include "crypto/hash.h"

namespace p2p::content {

struct BaoRange {
  std::uint64_t start = 0;
  std::uint64_t count = 0;  ///< bytes
};

/// What proofs about a content need to know of all of it: the chaining values of its windows, which
/// are aligned subtrees of its BLAKE3 tree. Some tens of bytes for each MiB, at most 16 MiB in all.
class BaoOutline {
 public:
  /// For a content of `size` bytes. Its windows follow each other; all but the last have
  /// window_size() bytes. That is at least `window_size`, which is a power of two from 1 MiB on.
  explicit BaoOutline(std::uint64_t size, std::uint64_t window_size = std::uint64_t{1} << 20);

  std::uint64_t size() const { return size_; }
  std::uint64_t window_size() const { return window_size_; }
  /// At least one: the empty content has one of no bytes.
  std::size_t windows() const { return levels_.front().size(); }

  /// Sets the window's subtree, of blake3_subtree or Blake3Tree. Threads may set different windows
  /// at the same time.
  void set(std::size_t window, const crypto::Blake3Node& subtree);
  /// To be called once when all are set, before what follows.
  void complete();

  /// The content's BLAKE3 hash.
  const crypto::Digest32& root() const { return root_; }
  /// The chaining value of 2^level windows, or of as many as there are, from a multiple of their
  /// number on.
  const crypto::Digest32& value(std::size_t level, std::size_t index) const {
    return levels_[level][index];
  }

 private:
  std::uint64_t size_;
  std::uint64_t window_size_;
  std::vector<std::vector<crypto::Digest32>> levels_;  ///< by height; the last is of the children
                                                       ///< of the root, or of the one window
  crypto::Digest32 root_{};
};

/// Fills all of `out` from an offset of the content; an error where it cannot.
using BaoReadAt = std::function<Result<void>(std::uint64_t offset, MutableBytes out)>;
using BaoSink = std::function<Result<void>(ByteView)>;

/// Sets all windows and completes the outline, reading the content once, in order.
Result<void> fill(BaoOutline& outline, const BaoReadAt& read_at);

/// Gives `sink` the slice of `range`, in parts of at most 64 KiB. Of the content only the windows
/// that the range touches are read; where they no longer hash to what the outline says, the error
/// is Code::mismatch, and what went to `sink` before is no proof.
Result<void> write_bao_slice(const BaoOutline& outline, BaoRange range, const BaoReadAt& read_at,
                             const BaoSink& sink);

/// Checks a slice as it arrives, in any parts, in constant memory.
class BaoVerifier {
 public:
  /// `range` must be the one the slice was made for.
  BaoVerifier(const crypto::Digest32& root, BaoRange range);

  /// Takes the slice's next bytes. Content of the range that they prove is appended to `out`, at
  /// most a chunk more than came in; it is good even if an error follows. Code::mismatch where a
  /// part does not hash to what it must, Code::parse for bytes after the slice's end. No more is to
  /// be pushed after an error, and finish() gives one too.
  Result<void> push(ByteView bytes, Bytes& out);
  /// Says that no more comes: Code::parse if the slice is cut short.
  Result<void> finish() const;

 private:
  struct Subtree {
    crypto::Digest32 expected;
    std::uint64_t offset;
    std::uint64_t size;
  };

  /// The size of the next part, having skipped what is not in the range; 0 after the last.
  std::size_t wanted();
  Result<void> take_header(ByteView bytes);
  Result<void> take_node(ByteView bytes, Bytes& out);
  ByteView asked_of(std::uint64_t offset, ByteView chunk) const;

  crypto::Digest32 root_;
  BaoRange range_;
  std::uint64_t first_ = 0;  ///< of what the slice holds of the content, after the header
  std::uint64_t last_ = 0;   ///< inclusive
  bool has_header_ = false;
  bool at_root_ = true;
  bool complete_ = false;
  std::vector<Subtree> pending_;  ///< next one last: one for each level of the tree, at most 55
  Bytes buffer_;                  ///< of a node that has not arrived whole, at most 1024 bytes
};

}  // namespace p2p::content
