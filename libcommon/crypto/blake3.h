// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), unkeyed. Whoever only wants
// a digest takes HashAlg::blake3 of hash.h; here is the tree underneath, for hashing the parts of
// one file on several cores and for proofs about its parts.
//
// The tree: the input is cut into chunks of 1024 bytes, numbered from 0; a parent's left child
// holds the largest power of two of chunks that is less than all of the parent's. A subtree is
// *aligned* if it has 2^k chunks and begins at a multiple of 2^k; the input's last subtree may be
// shorter. The topmost node is compressed in another manner than the others (the root flag), so
// subtrees are handed about as nodes not yet compressed.
//
// The kernel (16, 8 or 4 chunks at a time, or the portable one) is chosen at run time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace p2p::crypto {

inline constexpr std::size_t kBlake3ChunkSize = 1024;
inline constexpr std::size_t kBlake3BlockSize = 64;

/// The implementations, for tests and benchmarks; callers use `best`.
enum class Blake3Kernel { best, portable, sse41, avx2, avx512 };

/// Whether this processor and its operating system can run it.
bool blake3_kernel_available(Blake3Kernel kernel);
/// "avx512", "avx2", "sse4.1" or "portable": what `best` is here.
std::string_view blake3_kernel_name();

/// A node of the tree before its compression, so that it can still become either.
struct Blake3Node {
  std::array<std::uint32_t, 8> state;
  std::array<std::uint8_t, kBlake3BlockSize> block;
  std::uint64_t counter;
  std::uint8_t block_size;
  std::uint8_t flags;

  /// For a node that has a parent.
  Digest32 chaining_value() const;
  /// For the topmost node: the hash.
  Digest32 root() const;
  /// The same at any length: shorter outputs are the beginnings of longer ones.
  void root(MutableBytes out) const;
};

/// A chunk: at most 1024 bytes, less only for the input's last one.
Blake3Node blake3_chunk(ByteView bytes, std::uint64_t index,
                        Blake3Kernel kernel = Blake3Kernel::best);
Blake3Node blake3_parent(const Digest32& left, const Digest32& right);
/// An aligned subtree of any size, from its bytes and the index of its first chunk. Several threads
/// can each make one.
Blake3Node blake3_subtree(ByteView bytes, std::uint64_t first_chunk,
                          Blake3Kernel kernel = Blake3Kernel::best);

/// The chaining values of the chunks of `bytes`, one in `out` for each; all but the last are whole.
void blake3_chunks(ByteView bytes, std::uint64_t first_chunk, std::span<Digest32> out,
                   Blake3Kernel kernel = Blake3Kernel::best);
/// The chaining values of the parents of pairs: half as many in `out` as there are `children`.
/// `out` may be the front of `children`.
void blake3_parents(std::span<const Digest32> children, std::span<Digest32> out,
                    Blake3Kernel kernel = Blake3Kernel::best);

/// Puts the aligned subtrees of one input together, in the input's order: constant memory.
class Blake3Tree {
 public:
  /// The next subtree and its number of chunks. All but the last are whole, that is of 2^k chunks,
  /// and begin at a multiple of their own size.
  void push(const Blake3Node& subtree, std::uint64_t chunks);
  /// Chunks pushed so far.
  std::uint64_t chunks() const { return chunks_; }
  /// The topmost node of what was pushed, which must not be nothing: the empty input has one chunk
  /// of no bytes. The tree goes on unchanged.
  Blake3Node top() const;

 private:
  /// 2^64 bytes are 2^54 chunks, and one left subtree of each size can be waiting.
  static constexpr std::size_t kMaxDepth = 54;

  std::array<Digest32, kMaxDepth> waiting_;
  std::size_t depth_ = 0;
  std::uint64_t chunks_ = 0;
  Blake3Node last_{};  ///< not compressed before it is known whether anything follows
};

/// The running hash.
class Blake3 {
 public:
  explicit Blake3(Blake3Kernel kernel = Blake3Kernel::best);

  void update(ByteView bytes);
  /// The digest of everything so far; the hash goes on unchanged.
  Digest32 digest() const { return node().root(); }
  /// The topmost node of everything so far, for digests of other sizes.
  Blake3Node node() const;

 private:
  Blake3Node chunk_node() const;
  void fill_chunk(ByteView& bytes);
  std::uint64_t whole_chunks() const { return tree_.chunks(); }

  Blake3Kernel kernel_;
  Blake3Tree tree_;
  // The chunk under way: the blocks before the last are compressed, the last waits, for it is
  // compressed otherwise if it ends the chunk.
  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, kBlake3BlockSize> block_;
  std::size_t block_fill_ = 0;
  std::size_t blocks_done_ = 0;
};

/// The hash of `bytes`.
Digest32 blake3(ByteView bytes, Blake3Kernel kernel = Blake3Kernel::best);

}  // namespace p2p::crypto
