#include "files/car_build.h"

#include "content/car/depth_first.h"
#include "content/car/index.h"

namespace p2p::files {

using multiformats::Cid;

namespace {

/// Hands the roots' blocks, and with Reach::dag all below them, to `take`, each once.
Result<void> each_block(car::Store& store, std::span<const Cid> roots, CarBuilder::Reach reach,
                        const car::DepthFirst::Visit& take) {
  car::DepthFirst walk(store);
  for (const auto& root : roots) {
    if (reach == CarBuilder::Reach::dag) {
      P2P_CHECK(walk.run(root, take));
    } else {
      P2P_TRY(const auto block, store.read(root));
      P2P_CHECK(take(root, block));
    }
  }
  return {};
}

}  // namespace

CarBuilder::CarBuilder(crypto::Random& random, const std::string& folder)
    : blocks_(folder),
      scratch_(folder),
      fingerprints_(random),
      collector_(blocks_, fingerprints_, scratch_) {}

content::BlockSink CarBuilder::sink() {
  return [this](const Cid& cid, ByteView block) { return collector_.add(cid, block); };
}

Result<void> CarBuilder::write_v1(std::span<const Cid> roots, Reach reach, const Put& put) {
  P2P_CHECK(put(car::encode_header(roots)));
  return each_block(store(), roots, reach, [&](const Cid& cid, ByteView block) -> Result<void> {
    P2P_CHECK(put(car::section_head(cid, block.size())));
    return put(block);
  });
}

Result<void> CarBuilder::write_v2(std::span<const Cid> roots, Reach reach, OutputFile& file) {
  car::V2Header header;
  header.data_offset = car::kPragma.size() + car::kV2HeaderSize;
  P2P_CHECK(file.write(car::kPragma));
  P2P_CHECK(file.write(car::encode_v2_header(header)));
  P2P_CHECK(file.write(car::encode_header(roots)));
  car::IndexBuilder index(scratch_);
  P2P_CHECK(each_block(store(), roots, reach, [&](const Cid& cid, ByteView block) -> Result<void> {
    P2P_CHECK(index.add(cid.hash(), file.size() - header.data_offset));
    P2P_CHECK(file.write(car::section_head(cid, block.size())));
    return file.write(block);
  }));
  header.data_size = file.size() - header.data_offset;
  header.index_offset = file.size();
  P2P_CHECK(index.write([&](ByteView bytes) { return file.write(bytes); }));
  return file.write_at(car::kPragma.size(), car::encode_v2_header(header));
}

}  // namespace p2p::files
