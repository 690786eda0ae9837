#include "chain/consensus/header_tree.h"

#include <doctest/doctest.h>

#include "chain/consensus/compact.h"
#include "crypto/random.h"

using namespace p2p::chain;

namespace {

/// Headers of any content: insert() does not check.
const HeaderNode& grow(HeaderTree& tree, const HeaderNode& parent, std::uint32_t nonce) {
  BlockHeader header;
  header.version = 4;
  header.prev = parent.id;
  header.time = parent.header.time + 600;
  header.bits = parent.header.bits;
  header.nonce = nonce;
  return tree.insert(header, header.id());
}

const HeaderNode* slow_ancestor(const HeaderNode* node, std::uint32_t height) {
  while (node->height > height) node = node->parent;
  return node;
}

}  // namespace

TEST_CASE("ancestors and fork points in a random tree agree with walking") {
  HeaderTree tree(bitcoin_main());
  p2p::crypto::SeededRandom random(7);
  std::vector<const HeaderNode*> nodes{&tree.genesis()};
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::size_t recent = std::min<std::size_t>(nodes.size(), 40);
    const std::size_t pick = nodes.size() - 1 - static_cast<std::size_t>(random.below(recent));
    nodes.push_back(&grow(tree, *nodes[pick], i));
  }
  for (int i = 0; i < 3000; ++i) {
    const HeaderNode* a = nodes[static_cast<std::size_t>(random.below(nodes.size()))];
    const HeaderNode* b = nodes[static_cast<std::size_t>(random.below(nodes.size()))];
    const auto height = static_cast<std::uint32_t>(random.below(a->height + 1));
    CHECK(a->ancestor(height) == slow_ancestor(a, height));
    CHECK(a->ancestor(a->height + 1) == nullptr);
    const HeaderNode* fork = fork_point(a, b);
    CHECK(slow_ancestor(a, fork->height) == fork);
    CHECK(slow_ancestor(b, fork->height) == fork);
    if (fork != a && fork != b) {
      CHECK(slow_ancestor(a, fork->height + 1) != slow_ancestor(b, fork->height + 1));
    }
  }
}

TEST_CASE("work adds up and equal work keeps the first seen") {
  HeaderTree tree(bitcoin_main());
  const HeaderNode& a = grow(tree, tree.genesis(), 1);
  const HeaderNode& b = grow(tree, tree.genesis(), 2);
  CHECK(a.chainwork == U256(0x100010001) + U256(0x100010001));
  CHECK(better(a, b));
  CHECK_FALSE(better(b, a));
  const HeaderNode& c = grow(tree, b, 3);
  CHECK(better(c, a));
  CHECK(&tree.insert(a.header, a.id) == &a);
}

TEST_CASE("a locator is dense at first, doubles, ends in genesis, and finds the fork") {
  HeaderTree tree(bitcoin_main());
  const HeaderNode* tip = &tree.genesis();
  for (std::uint32_t i = 0; i < 500; ++i) tip = &grow(tree, *tip, i);
  const auto locator = tree.locator(*tip);
  CHECK(locator.front() == tip->id);
  CHECK(locator.back() == tree.genesis().id);
  CHECK(locator.size() < 20);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(locator[i] == tip->ancestor(static_cast<std::uint32_t>(500 - i))->id);
  }
  const HeaderNode* other = tip->ancestor(450);
  for (std::uint32_t i = 0; i < 60; ++i) other = &grow(tree, *other, 1000 + i);
  const HeaderNode& found = tree.locate(tree.locator(*other), *tip);
  CHECK(found.height <= 450);
  CHECK(found.height >= 380);
  CHECK(tree.locate({}, *tip).height == 0);
}

TEST_CASE("a header without a known parent is an orphan, after its work was checked") {
  HeaderTree tree(bitcoin_main());
  BlockHeader lost = bitcoin_testnet3().genesis;
  CHECK(tree.check(lost, lost.id(), 0).rule == Rule::bad_genesis);
  lost.prev = lost.id();
  CHECK(tree.check(lost, lost.id(), 0).rule == Rule::high_hash);
  lost.prev.bytes[31] = 1;  // with an easy target the work is enough, and the parent is missing
  HeaderTree easy(bitcoin_regtest());
  lost.bits = 0x207fffff;
  while (!meets_target(lost.id(), lost.bits, easy.params().pow_limit)) ++lost.nonce;
  CHECK(easy.check(lost, lost.id(), 0).verdict == Verdict::orphan);
}
