#include "content/car/depth_first.h"

#include <algorithm>

#include "content/links.h"

namespace p2p::car {

using multiformats::Cid;
using multiformats::Codec;

Result<void> DepthFirst::run(const Cid& root, const Visit& visit) {
  if (visited_.empty()) {
    if (store_.size() > kMaxBlocks) {
      return fail(Code::limit, "more than " + std::to_string(kMaxBlocks) + " blocks");
    }
    visited_.resize(static_cast<std::size_t>(store_.size()));
  }
  parent_ = Cid();
  P2P_CHECK(visit_block(root, visit));
  while (!stack_.empty()) {
    P2P_TRY(const auto link, next_link());
    P2P_CHECK(visit_block(link, visit));
  }
  return {};
}

/// Blocks that stand nowhere but in their CIDs count as new each time.
Result<bool> DepthFirst::first_visit(const Cid& cid) {
  P2P_TRY(const auto entry, store_.find(cid));
  if (entry) {
    if (visited_[static_cast<std::size_t>(entry->number)]) return false;
    visited_[static_cast<std::size_t>(entry->number)] = true;
    return true;
  }
  if (cid.hash().code() == multiformats::HashCode::identity) return true;
  std::string why = "block " + cid.text() + " is missing";
  if (!parent_.empty()) why += ", to which block " + parent_.text() + " links";
  return fail(Code::not_found, std::move(why));
}

Result<void> DepthFirst::visit_block(const Cid& cid, const Visit& visit) {
  P2P_TRY(const bool first, first_visit(cid));
  if (!first) return {};
  if (leaves_ == Leaves::passed_over && cid.codec() == Codec::raw) return visit(cid, {});
  P2P_TRY(const auto block, store_.read(cid));
  P2P_CHECK(visit(cid, block));
  P2P_TRY(auto links, pack_links(cid, block));
  if (links.empty()) return {};
  if (stack_.size() == kMaxDepth) {
    return fail(Code::limit, "deeper than " + std::to_string(kMaxDepth) + " levels of links");
  }
  push(cid, std::move(links));
  return {};
}

Result<Bytes> DepthFirst::pack_links(const Cid& cid, ByteView block) const {
  Bytes links;
  P2P_CHECK(content::loose_links_of(cid, block, [&](const Cid& link) -> Result<void> {
    links.push_back(static_cast<std::uint8_t>(link.bytes().size()));  // at most kMaxCidSize
    append(links, link.bytes());
    return {};
  }));
  return links;
}

/// Makes room by letting go of the links that will be needed last.
void DepthFirst::push(const Cid& cid, Bytes links) {
  held_ += links.size();
  stack_.push_back({cid, std::move(links), 0});
  while (held_ > kMemory && let_go_ + 1 < stack_.size()) {
    auto& outermost = stack_[let_go_++].links;
    held_ -= outermost.size();
    outermost = Bytes();
  }
}

/// The innermost block's next link, and that block is dropped with its last one.
Result<Cid> DepthFirst::next_link() {
  auto& frame = stack_.back();
  if (frame.links.empty()) {
    P2P_TRY(const auto block, store_.read(frame.cid));
    P2P_TRY(frame.links, pack_links(frame.cid, block));
    held_ += frame.links.size();
    let_go_ = stack_.size() - 1;
  }
  const std::size_t size = frame.links[frame.next];
  P2P_TRY(auto link, Cid::decode(ByteView(frame.links).subspan(frame.next + 1, size)));
  frame.next += 1 + size;
  if (frame.next == frame.links.size()) {
    held_ -= frame.links.size();
    parent_ = std::move(frame.cid);
    stack_.pop_back();
    let_go_ = std::min(let_go_, stack_.size());
  } else if (parent_ != frame.cid) {
    parent_ = frame.cid;
  }
  return link;
}

}  // namespace p2p::car
