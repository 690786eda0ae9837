// A file as a tree of blocks, in one go: chunker, leaves and tree, on one thread, built as the
// bytes stream by. Memory is one chunk and one row of links for each level.
#pragma once

#include "content/file_tree.h"

namespace p2p::content {

class FileImporter {
 public:
  /// `metadata` as FileTree takes it.
  explicit FileImporter(const Profile& profile, BlockSink sink = {}, UnixFsMetadata metadata = {});

  /// The next bytes. Large spans are best: whole chunks in them are not copied.
  Result<void> update(ByteView data);
  /// The root. The importer may not be used after that.
  Result<Imported> finish();

 private:
  Result<void> add_chunk(ByteView last_part);
  Result<void> add_leaf(ByteView last_part, const UnixFsMetadata& metadata);

  Profile profile_;
  UnixFsMetadata metadata_;
  Chunker chunker_;
  FileTree tree_;
  Bytes chunk_;        // the current chunk, as far as it came before
  bool held_ = false;  // it is whole, and the first: if nothing follows, it is the root
  bool any_ = false;   // leaf has been made
};

}  // namespace p2p::content
