// A DAG in depth-first order, parents before what they link to and every block once: the order in
// which `ipfs dag export` writes blocks, and in which a reader can check them as they come.
#pragma once

#include <functional>
#include <vector>

#include "content/car/store.h"

namespace p2p::car {

class DepthFirst {
 public:
  /// Takes a block; with Leaves::passed_over that of a raw leaf is empty.
  using Visit = std::function<Result<void>(const multiformats::Cid&, ByteView)>;
  /// Whether raw leaves are read: nothing hangs on them for those who want only the DAG's shape.
  enum class Leaves { read, passed_over };

  /// Blocks whose links are under way, one within another. The last link of each is followed
  /// without it, so that chains of any length are fine.
  static constexpr std::size_t kMaxDepth = 65536;
  /// What may be held of links under way; more are read again.
  static constexpr std::size_t kMemory = std::size_t{8} << 20;
  /// Blocks of which can be noted which were visited: 16 MiB of bits.
  static constexpr std::uint64_t kMaxBlocks = std::uint64_t{1} << 27;

  /// `store` must outlive the walk.
  explicit DepthFirst(Store& store, Leaves leaves = Leaves::read)
      : store_(store), leaves_(leaves) {}

  /// All that can be reached from `root` and was not visited yet. Code::not_found where a block is
  /// missing, which names it; Code::limit past the bounds. The visitor's error ends the walk.
  Result<void> run(const multiformats::Cid& root, const Visit& visit);

 private:
  /// A block some of whose links are still to be followed.
  struct Frame {
    multiformats::Cid cid;
    Bytes links;  ///< of all its links one length byte and the CID; empty where they were let go
    std::size_t next = 0;
  };

  Result<bool> first_visit(const multiformats::Cid& cid);
  Result<void> visit_block(const multiformats::Cid& cid, const Visit& visit);
  Result<Bytes> pack_links(const multiformats::Cid& cid, ByteView block) const;
  Result<multiformats::Cid> next_link();
  void push(const multiformats::Cid& cid, Bytes links);

  Store& store_;
  Leaves leaves_;
  std::vector<bool> visited_;
  std::vector<Frame> stack_;
  multiformats::Cid parent_;  ///< of the link that was followed last; none of a root
  std::size_t held_ = 0;      ///< bytes of links in the stack
  std::size_t let_go_ = 0;    ///< frames from the bottom that hold none
};

}  // namespace p2p::car
