// A file as a tree of blocks, in two halves. make_leaf names one chunk: pure, so that any thread
// may do it for any chunk. FileTree builds what stands above the leaves, which come in order; its
// memory is one row of links for each level, whatever the file's size.
#pragma once

#include <span>
#include <vector>

#include "content/block.h"
#include "content/unixfs.h"

namespace p2p::content {

struct Leaf {
  Imported imported;
  LeafFrame frame;  ///< its block is head, content, tail; both are empty where leaves are raw
};

/// The leaf of one chunk, whose bytes are in `parts`, in order. Thread-safe. `metadata` is the
/// file's where FileTree::whole_file says that this leaf is all of it, else empty.
Leaf make_leaf(const Profile& profile, std::span<const ByteView> parts,
               const UnixFsMetadata& metadata = {});

/// One chunk of many; `metadata` as of make_leaf, or null.
struct Chunk {
  ByteView content;
  const UnixFsMetadata* metadata = nullptr;
};
/// The leaves of many chunks, of one file or of many, about twice as fast where the hash is
/// sha2-256. Thread-safe. It is best if chunks of about one size stand together.
std::vector<Leaf> make_leaves(const Profile& profile, std::span<const Chunk> chunks);

class FileTree {
 public:
  /// `metadata` is stored in the root. Modes and times need dag-pb: the profile must not have raw
  /// leaves where it is not empty.
  FileTree(const Profile& profile, UnixFsMetadata metadata = {}, BlockSink sink = {});

  /// Whether the leaf of a file of one chunk is its root, and so needs the file's metadata.
  static bool whole_file(const Profile& profile) {
    return profile.layout == Profile::Layout::balanced;
  }

  /// The next leaf; `block` is what the sink gets, in parts, and not looked at without one.
  Result<void> add(Imported leaf, std::span<const ByteView> block = {});
  /// The root; of no leaves at all, an empty file's. The tree may not be used after that.
  Result<Imported> finish();

 private:
  /// A node whose children still come. Balanced: one for each level above the leaves, lowest
  /// first. Trickle: the path from the root to the newest.
  struct Open {
    std::vector<Imported> children;
    std::size_t leaves = 0;  // trickle: children that are leaves
    std::size_t depth = 0;   // trickle: how deep this tree may get; the root's 0 is no bound
    std::size_t below = 0;   // trickle: how deep its newest subtree may get
    std::size_t repeat = 0;  // trickle: how many subtrees of that depth it has
  };

  /// Balanced: a node at `level`, 0 the leaves' parents, gets its next child.
  Result<void> push(std::size_t level, Imported child);
  /// Balanced: joins a full node, which happens only when its next sibling comes: until then it may
  /// be the root, whose metadata it would lack.
  Result<void> make_room(std::size_t level);
  /// Trickle: closes and opens subtrees until the newest has room for a leaf.
  Result<void> make_room_in_trickle();
  Result<void> close_newest();
  Result<Imported> finish_balanced();
  Result<Imported> join(const Open& node, const UnixFsMetadata& metadata) const;

  Profile profile_;
  UnixFsMetadata metadata_;
  BlockSink sink_;
  std::vector<Open> open_;
};

}  // namespace p2p::content
