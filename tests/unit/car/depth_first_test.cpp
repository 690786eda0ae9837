#include "content/car/depth_first.h"

#include "unit/car/fixtures.h"

using namespace p2p;
using namespace p2p::car;
using multiformats::Cid;

namespace {

/// A store of `blocks`, as one CAR.
struct Archive {
  explicit Archive(const std::vector<TestBlock>& blocks) {
    REQUIRE(car.append(car_of({}, blocks)));
    REQUIRE(store.index());
  }

  Result<std::vector<std::string>> walk(const std::vector<Cid>& roots,
                                        DepthFirst::Leaves leaves = DepthFirst::Leaves::read) {
    std::vector<std::string> order;
    DepthFirst walk(store, leaves);
    for (const auto& root : roots) {
      P2P_CHECK(walk.run(root, [&](const Cid& cid, ByteView) -> Result<void> {
        order.push_back(cid.text());
        return {};
      }));
    }
    return order;
  }

  crypto::SeededRandom random{1};
  Fingerprinter fingerprints{random};
  MemoryScratch car;
  MemoryScratch scratch;
  Store store{car, fingerprints, scratch};
};

std::vector<std::string> texts(const std::vector<TestBlock>& blocks) {
  std::vector<std::string> all;
  for (const auto& block : blocks) all.push_back(block.cid.text());
  return all;
}

}  // namespace

TEST_CASE("parents come before what they link to, and every block once") {
  const auto a = raw_block("a");
  const auto b = raw_block("b");
  const auto left = list_block({a.cid, b.cid, a.cid});
  const auto right = list_block({b.cid, left.cid});
  const auto root = list_block({left.cid, right.cid, a.cid});
  Archive archive({a, b, right, left, root});
  CHECK(archive.walk({root.cid}).value() == texts({root, left, a, b, right}));
  CHECK(archive.walk({right.cid, root.cid, a.cid}).value() == texts({right, b, left, a, root}));
  CHECK(archive.walk({root.cid}, DepthFirst::Leaves::passed_over).value() ==
        texts({root, left, a, b, right}));
}

TEST_CASE("what is missing is named, with the block that links to it") {
  const auto leaf = raw_block("leaf");
  const auto middle = list_block({leaf.cid});
  const auto root = list_block({middle.cid});
  Archive archive({root, middle});
  const auto walked = archive.walk({root.cid});
  REQUIRE_FALSE(walked);
  CHECK(walked.error().code == Code::not_found);
  CHECK(walked.error().why ==
        "block " + leaf.cid.text() + " is missing, to which block " + middle.cid.text() + " links");
  const auto rootless = archive.walk({leaf.cid});
  REQUIRE_FALSE(rootless);
  CHECK(rootless.error().why == "block " + leaf.cid.text() + " is missing");
}

TEST_CASE("chains of any length, and links read again when many are under way") {
  // Each link of a chain but the last is followed by the chain: the stack grows with its length.
  std::vector<TestBlock> blocks{raw_block("end")};
  for (std::size_t i = 0; i < 2000; ++i) {
    blocks.push_back(list_block({blocks.back().cid, blocks.front().cid}));
  }
  Archive archive(blocks);
  CHECK(archive.walk({blocks.back().cid})->size() == blocks.size());

  std::vector<TestBlock> last{raw_block("end")};
  for (std::size_t i = 0; i < DepthFirst::kMaxDepth + 10; ++i) {
    last.push_back(list_block({last.back().cid}));
  }
  Archive chain(last);
  CHECK(chain.walk({last.back().cid})->size() == last.size());
}

TEST_CASE("the depth is bounded where links are left at every level") {
  std::vector<TestBlock> blocks{raw_block("end")};
  for (std::size_t i = 0; i < DepthFirst::kMaxDepth + 10; ++i) {
    blocks.push_back(list_block({blocks.back().cid, blocks.front().cid}));
  }
  Archive archive(blocks);
  const auto walked = archive.walk({blocks.back().cid});
  REQUIRE_FALSE(walked);
  CHECK(walked.error().code == Code::limit);
}

TEST_CASE("a cycle, which only wrong CIDs can make, ends at the first of them") {
  auto a = list_block({raw_block("x").cid});
  const auto b = list_block({a.cid});
  // What stands behind a's CID links back to b.
  a.bytes = list_block({b.cid}).bytes;
  Archive archive({a, b});
  const auto walked = archive.walk({b.cid});
  REQUIRE_FALSE(walked);
  CHECK(walked.error().code == Code::mismatch);
}

TEST_CASE("collected blocks come out in another order, those that links carry among them") {
  crypto::SeededRandom random(1);
  const Fingerprinter fingerprints(random);
  MemoryScratch blocks;
  MemoryScratch scratch;
  Collector collector(blocks, fingerprints, scratch);
  const auto leaf = raw_block("leaf");
  const auto carried = Cid::v1(
      multiformats::Codec::raw,
      multiformats::Multihash::wrap(multiformats::HashCode::identity, as_bytes("carried")).value());
  const auto root = list_block({leaf.cid, carried, leaf.cid, carried});
  REQUIRE(collector.add(leaf.cid, leaf.bytes));
  REQUIRE(collector.add(leaf.cid, leaf.bytes));
  REQUIRE(collector.add(root.cid, root.bytes));
  REQUIRE(collector.finish());
  CHECK(collector.store().size() == 3);
  std::vector<std::string> order;
  DepthFirst walk(collector.store());
  REQUIRE(walk.run(root.cid, [&](const Cid& cid, ByteView) -> Result<void> {
    order.push_back(cid.text());
    return {};
  }));
  CHECK(order == std::vector{root.cid.text(), leaf.cid.text(), carried.text()});
}
