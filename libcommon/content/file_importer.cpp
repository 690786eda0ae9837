#include "content/file_importer.h"

#include <array>
#include <utility>

namespace p2p::content {

FileImporter::FileImporter(const Profile& profile, BlockSink sink, UnixFsMetadata metadata)
    : profile_(profile),
      metadata_(std::move(metadata)),
      chunker_(profile.chunker),
      tree_(profile, metadata_, std::move(sink)) {}

Result<void> FileImporter::update(ByteView data) {
  while (!data.empty()) {
    if (std::exchange(held_, false)) P2P_CHECK(add_leaf({}, {}));
    const auto step = chunker_.next(data);
    const auto part = data.first(step.taken);
    data = data.subspan(step.taken);
    if (step.cut) {
      P2P_CHECK(add_chunk(part));
    } else {
      append(chunk_, part);
    }
  }
  return {};
}

Result<Imported> FileImporter::finish() {
  if (!chunk_.empty()) {
    const bool whole = !any_ && FileTree::whole_file(profile_);
    P2P_CHECK(add_leaf({}, whole ? metadata_ : UnixFsMetadata()));
  }
  return tree_.finish();
}

Result<void> FileImporter::add_chunk(ByteView last_part) {
  if (!any_ && !metadata_.empty() && FileTree::whole_file(profile_)) {
    append(chunk_, last_part);
    held_ = true;
    return {};
  }
  return add_leaf(last_part, {});
}

Result<void> FileImporter::add_leaf(ByteView last_part, const UnixFsMetadata& metadata) {
  any_ = true;
  const std::array<ByteView, 2> content = {chunk_, last_part};
  const Leaf leaf = make_leaf(profile_, content, metadata);
  const std::array<ByteView, 4> block = {leaf.frame.head, chunk_, last_part, leaf.frame.tail};
  // Most leaves are raw and whole: those go to the sink as they stand.
  const bool bare = chunk_.empty() && profile_.raw_leaves;
  auto added = tree_.add(leaf.imported, bare ? std::span(block).subspan(2, 1) : std::span(block));
  chunk_.clear();
  return added;
}

}  // namespace p2p::content
