// All known headers of a chain as a tree, in memory, with cumulative work. It checks headers and
// answers locators; which branch is the active one its owner decides, for that takes bodies.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "chain/consensus/rules.h"

namespace p2p::chain {

/// Lives as long as its tree and never moves.
struct HeaderNode {
  BlockHeader header;
  BlockId id;
  std::uint32_t height = 0;
  U256 chainwork;                      ///< of this header and all before it, genesis included
  const HeaderNode* parent = nullptr;  ///< none for genesis
  const HeaderNode* skip = nullptr;    ///< a far ancestor, so that ancestor() takes O(log n) steps
  std::uint64_t sequence = 0;          ///< order of arrival: of equal work, the first seen wins

  /// The ancestor at that height (itself at its own); none above it.
  const HeaderNode* ancestor(std::uint32_t at) const;
};

/// The last header that both have in common.
const HeaderNode* fork_point(const HeaderNode* a, const HeaderNode* b);

/// Whether a chain that ends in `a` is preferred to one that ends in `b`: more work, or as much and
/// seen first.
bool better(const HeaderNode& a, const HeaderNode& b);

/// A node's chain as the rules see it.
class NodeContext final : public HeaderContext {
 public:
  explicit NodeContext(const HeaderNode& last) : last_(last), at_(&last) {}
  std::uint32_t height() const override { return last_.height; }
  const BlockHeader& back(std::uint32_t back) const override;

 private:
  const HeaderNode& last_;
  mutable const HeaderNode* at_;  ///< where the last look went: the rules ask in descending order
};

/// At most this many hashes in a locator, as in Bitcoin's getheaders.
inline constexpr std::size_t kMaxLocator = 101;

class HeaderTree {
 public:
  explicit HeaderTree(HeaderParams params);
  HeaderTree(HeaderTree&&) noexcept = default;
  HeaderTree& operator=(HeaderTree&&) noexcept = default;

  const HeaderParams& params() const { return params_; }
  const HeaderNode& genesis() const { return nodes_.front(); }
  std::size_t size() const { return nodes_.size(); }
  const HeaderNode* find(const BlockId& id) const;
  /// In order of arrival, so that a parent comes before its children.
  const std::deque<HeaderNode>& nodes() const { return nodes_; }

  /// All header rules against the parent that the header names. Known headers are ok. `orphan`
  /// where the parent is unknown; bad_prev is the owner's to find, who knows which are invalid.
  Outcome check(const BlockHeader& header, const BlockId& id, std::int64_t now_s) const;

  /// Adds a header that was checked (or comes from a store that only holds such); its parent must
  /// be in the tree. A known one is returned as it stands.
  const HeaderNode& insert(const BlockHeader& header, const BlockId& id);
  /// Ids from `from` back to genesis: ten in a row, then in doubling steps, genesis last.
  std::vector<BlockId> locator(const HeaderNode& from) const;
  /// The first of `locator` that is on the chain ending in `tip`; genesis where none is.
  const HeaderNode& locate(std::span<const BlockId> locator, const HeaderNode& tip) const;

 private:
  HeaderParams params_;
  std::deque<HeaderNode> nodes_;
  std::unordered_map<BlockId, const HeaderNode*, BlockIdHash> by_id_;
};

}  // namespace p2p::chain
