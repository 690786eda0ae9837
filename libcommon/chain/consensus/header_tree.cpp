#include "chain/consensus/header_tree.h"

#include <algorithm>

#include "chain/consensus/compact.h"

namespace p2p::chain {

namespace {

/// Where a node's skip pointer leads: Bitcoin Core's GetSkipHeight (src/chain.cpp), any choice that
/// is cheap to follow and spreads well will do.
std::uint32_t skip_height(std::uint32_t height) {
  if (height < 2) return 0;
  const auto clear_lowest = [](std::uint32_t n) { return n & (n - 1); };
  return (height & 1) != 0 ? clear_lowest(clear_lowest(height - 1)) + 1 : clear_lowest(height);
}

}  // namespace

const HeaderNode* HeaderNode::ancestor(std::uint32_t at) const {
  if (at > height) return nullptr;
  const HeaderNode* node = this;
  while (node->height > at) {
    const std::uint32_t skip_to = skip_height(node->height);
    const std::uint32_t skip_before = skip_height(node->height - 1);
    // Skip, unless one step back a better jump starts.
    const bool worth =
        node->skip != nullptr &&
        (skip_to == at || (skip_to > at && !(skip_before + 2 < skip_to && skip_before >= at)));
    node = worth ? node->skip : node->parent;
  }
  return node;
}

const HeaderNode* fork_point(const HeaderNode* a, const HeaderNode* b) {
  if (a->height > b->height) a = a->ancestor(b->height);
  if (b->height > a->height) b = b->ancestor(a->height);
  while (a != b) {
    // Equal heights have equal skip heights, so both may jump while they still differ there.
    if (a->skip != nullptr && a->skip != b->skip) {
      a = a->skip;
      b = b->skip;
    } else {
      a = a->parent;
      b = b->parent;
    }
  }
  return a;
}

bool better(const HeaderNode& a, const HeaderNode& b) {
  if (a.chainwork != b.chainwork) return a.chainwork > b.chainwork;
  return a.sequence < b.sequence;
}

const BlockHeader& NodeContext::back(std::uint32_t back) const {
  const std::uint32_t at = last_.height - back;
  if (at_->height < at) at_ = &last_;
  // The median's eleven are neighbours; a period's first block is far.
  if (at_->height - at > 2 * kMedianTimeSpan) return last_.ancestor(at)->header;
  while (at_->height > at) at_ = at_->parent;
  return at_->header;
}

HeaderTree::HeaderTree(HeaderParams params) : params_(std::move(params)) {
  HeaderNode root;
  root.header = params_.genesis;
  root.id = params_.genesis_id;
  root.chainwork = work_of_bits(root.header.bits);
  nodes_.push_back(root);
  by_id_.emplace(root.id, &nodes_.back());
}

const HeaderNode* HeaderTree::find(const BlockId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Outcome HeaderTree::check(const BlockHeader& header, const BlockId& id, std::int64_t now_s) const {
  if (find(id) != nullptr) return Outcome::valid();
  if (header.prev.is_zero()) {
    return Outcome::invalid(Rule::bad_genesis, "another chain's first block " + id.text());
  }
  if (Outcome work = check_work(params_, header, id); !work.ok()) return work;
  const HeaderNode* parent = find(header.prev);
  if (parent == nullptr) {
    return Outcome::of(Verdict::orphan, Rule::none,
                       "its parent " + header.prev.text() + " is unknown");
  }
  return check_context(params_, header, NodeContext(*parent), now_s);
}

const HeaderNode& HeaderTree::insert(const BlockHeader& header, const BlockId& id) {
  if (const HeaderNode* known = find(id)) return *known;
  const HeaderNode* parent = find(header.prev);
  HeaderNode node;
  node.header = header;
  node.id = id;
  node.height = parent->height + 1;
  // Within a period all blocks have the same work, so the parent's tells it without a division.
  const bool same = parent->parent != nullptr && parent->header.bits == header.bits;
  node.chainwork = parent->chainwork + (same ? parent->chainwork - parent->parent->chainwork
                                             : work_of_bits(header.bits));
  node.parent = parent;
  node.skip = parent->ancestor(skip_height(node.height));
  node.sequence = nodes_.size();
  nodes_.push_back(node);
  by_id_.emplace(id, &nodes_.back());
  return nodes_.back();
}

std::vector<BlockId> HeaderTree::locator(const HeaderNode& from) const {
  std::vector<BlockId> out;
  std::uint32_t step = 1;
  const HeaderNode* node = &from;
  while (true) {
    out.push_back(node->id);
    if (node->height == 0) return out;
    if (out.size() >= 10) step *= 2;
    node = node->ancestor(node->height > step ? node->height - step : 0);
  }
}

const HeaderNode& HeaderTree::locate(std::span<const BlockId> locator,
                                     const HeaderNode& tip) const {
  for (const BlockId& id : locator) {
    const HeaderNode* node = find(id);
    if (node != nullptr && tip.ancestor(node->height) == node) return *node;
  }
  return genesis();
}

}  // namespace p2p::chain
