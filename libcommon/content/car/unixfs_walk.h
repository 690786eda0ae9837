// Files and folders out of a DAG of UnixFS (https://specs.ipfs.tech/unixfs), read block by block
// from a store: memory is bounded whatever their size, and no block counts that is not what its CID
// says.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "content/car/store.h"
#include "content/dag_pb.h"
#include "content/unixfs.h"

namespace p2p::car {

/// One block, decoded as far as its kind.
struct Node {
  enum class Kind { file, directory, symlink };

  multiformats::Cid cid;
  Kind kind = Kind::file;
  content::UnixFsMetadata metadata;
  std::uint64_t size = 0;  ///< content bytes of a file
  std::string target;      ///< of a symlink
};
/// Code::unsupported for blocks that are neither raw nor UnixFS, Code::parse where they are
/// malformed.
Result<Node> read_node(Store& store, const multiformats::Cid& cid);

/// What stands at `path` below `root`: names between slashes, and empty ones do not count.
/// Code::not_found names the part that is not there. Symbolic links are not followed.
Result<Node> resolve(Store& store, const multiformats::Cid& root, std::string_view path);

/// Bytes of a file: from `from` up to, but not including, `to`.
struct ByteRange {
  std::uint64_t from = 0;
  std::uint64_t to = UINT64_MAX;
};

/// The blocks that hold a range of a file's bytes, in the order of a depth-first walk.
class FileWalk {
 public:
  /// Trees of files are no deeper: 174 links a node make nine levels of 2^63 bytes, two links 63.
  static constexpr std::size_t kMaxDepth = 128;
  /// What may be held of blocks whose links are under way; more are read again.
  static constexpr std::size_t kMemory = std::size_t{8} << 20;

  /// Takes each block on the way, the root first. May be empty.
  using OnBlock = std::function<Result<void>(const multiformats::Cid&, ByteView)>;
  /// Takes the bytes of the range, in order. May be empty.
  using OnData = std::function<Result<void>(ByteView)>;

  FileWalk(Store& store, ByteRange range, OnBlock on_block, OnData on_data)
      : store_(store),
        range_(range),
        on_block_(std::move(on_block)),
        on_data_(std::move(on_data)) {}

  /// Returns the whole file's size. Code::parse where the sizes in the tree contradict each other,
  /// or `root` is no file.
  Result<std::uint64_t> run(const multiformats::Cid& root);

 private:
  struct Frame {
    multiformats::Cid cid;
    Bytes block;                       ///< empty where it was let go
    std::vector<std::uint64_t> sizes;  ///< of its parts; let go likewise
    content::PbReader reader;
    std::size_t part = 0;
    std::uint64_t offset = 0;  ///< of the next part in the file
  };

  Result<std::uint64_t> enter(const multiformats::Cid& cid, std::uint64_t offset);
  Result<void> step();
  Result<void> take_data(ByteView data, std::uint64_t offset) const;
  Result<void> load(Frame& frame);

  Store& store_;
  ByteRange range_;
  OnBlock on_block_;
  OnData on_data_;
  std::vector<Frame> stack_;
};

/// What is below a folder, in the order of its blocks, a folder before what is in it.
class TreeWalk {
 public:
  /// Folders within folders: more than paths of 4,096 bytes have in earnest.
  static constexpr std::size_t kMaxDepth = 512;
  static constexpr std::size_t kMemory = std::size_t{8} << 20;
  /// Links that are followed, beyond one for each byte of the CAR. A link takes several bytes, so
  /// that only folders that are linked to over and over come there: sixty blocks, each linking
  /// twice to the next, hold more entries than any disk.
  static constexpr std::uint64_t kFreeLinks = 100'000;

  struct Entry {
    enum class Kind {
      file,
      symlink,
      enter,      ///< a folder; what is in it follows
      leave,      ///< all of that has come
      unreadable  ///< a link whose block is missing or wrong
    };

    Kind kind = Kind::file;
    std::string name;  ///< in its folder, as it stands there: bytes of any kind. None in leave
    Node node;
    std::optional<Error> error;  ///< of what is unreadable
  };

  explicit TreeWalk(Store& store) : store_(store) {}

  /// Starts at a folder, whose own enter and leave do not come.
  Result<void> start(const Node& folder);
  /// The next entry; nothing at the end. After an error there is no next one. Code::limit past
  /// the links that may be followed, in all trees that this walks.
  Result<std::optional<Entry>> next();
  /// Passes over what is in the folder that was just entered; its leave does not come either.
  void skip();

 private:
  struct Frame {
    Node node;    ///< of the folder, or the shard
    Bytes block;  ///< empty where it was let go
    content::PbReader reader;
    std::size_t prefix = 0;  ///< digits before names in a shard
    bool inner = false;      ///< a shard below a folder's first
    std::size_t shard_depth = 0;
  };

  Result<void> push(const Node& node, bool inner, std::size_t shard_depth);
  Result<std::optional<Entry>> on_link(const content::PbField& link);

  Store& store_;
  std::vector<Frame> stack_;
  std::size_t folders_ = 0;
  std::uint64_t links_ = 0;
};

}  // namespace p2p::car
