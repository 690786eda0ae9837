// A file as a balanced tree of blocks, built as the bytes stream by: memory is one chunk and one
// row of links for each level, whatever the file's size.
#pragma once

#include <vector>

#include "content/block.h"

namespace p2p::content {

class FileImporter {
 public:
  explicit FileImporter(const Profile& profile, BlockSink sink = {});

  /// The next bytes. Large spans are best: whole chunks in them are not copied.
  Result<void> update(ByteView data);
  /// The root. The importer may not be used after that.
  Result<Imported> finish();

 private:
  Result<void> add_leaf(ByteView chunk);
  Result<void> add(std::size_t level, Imported child);
  Result<Imported> join(const std::vector<Imported>& children);
  Result<Imported> store(multiformats::Codec codec, std::initializer_list<ByteView> parts,
                         std::uint64_t size);

  Profile profile_;
  BlockSink sink_;
  Bytes chunk_;
  /// At each level, leaves first, the finished nodes that have no parent yet.
  std::vector<std::vector<Imported>> levels_;
};

}  // namespace p2p::content
