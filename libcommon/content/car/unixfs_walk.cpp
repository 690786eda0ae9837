#include "content/car/unixfs_walk.h"

#include <algorithm>

#include "content/hamt.h"

namespace p2p::car {

using content::PbField;
using content::PbReader;
using content::UnixFs;
using multiformats::Cid;
using multiformats::Codec;

namespace {

std::unexpected<Error> malformed(const Cid& cid, std::string why) {
  return fail(Code::parse, "block " + cid.text() + ": " + std::move(why));
}

/// The UnixFS message of a dag-pb block. What it borrows is the block's.
Result<UnixFs> message_of(const Cid& cid, ByteView block) {
  PbReader reader(block);
  for (;;) {
    auto field = reader.next();
    if (!field) return malformed(cid, field.error().why);
    if (!*field) return fail(Code::unsupported, "block " + cid.text() + " is no UnixFS");
    if ((*field)->is_link) continue;
    auto message = content::decode_unixfs((*field)->data);
    if (!message) return malformed(cid, message.error().why);
    return message;
  }
}

Result<Node> node_of(const Cid& cid, ByteView block) {
  Node node;
  node.cid = cid;
  if (cid.codec() == Codec::raw) {
    node.size = block.size();
    return node;
  }
  if (cid.codec() != Codec::dag_pb) {
    return fail(Code::unsupported, "block " + cid.text() + " is " + name_of(cid.codec()) +
                                       ", which is neither a file nor a folder");
  }
  P2P_TRY(const auto message, message_of(cid, block));
  node.metadata = message.metadata;
  if (message.is_directory()) {
    node.kind = Node::Kind::directory;
  } else if (message.type == UnixFs::Type::symlink) {
    node.kind = Node::Kind::symlink;
    node.target = to_text(message.data.value_or(ByteView()));
  } else if (message.is_file()) {
    node.size = message.file_size.value_or(message.data.value_or(ByteView()).size());
  } else {
    return fail(Code::unsupported, "block " + cid.text() + " is UnixFS metadata alone");
  }
  return node;
}

/// How many hexadecimal digits stand before the names in a shard; 0 in a folder of one block.
Result<std::size_t> prefix_of(const Cid& cid, ByteView block) {
  P2P_TRY(const auto message, message_of(cid, block));
  if (message.type != UnixFs::Type::shard) return std::size_t{0};
  return content::hamt_prefix_size(message.fanout.value_or(content::kMinFanout));
}

/// The block's link of this name.
Result<std::optional<Cid>> find_link(const Cid& cid, ByteView block, std::string_view name) {
  PbReader reader(block);
  for (;;) {
    auto field = reader.next();
    if (!field) return malformed(cid, field.error().why);
    if (!*field) return std::nullopt;
    if ((*field)->is_link && (*field)->name == name) return (*field)->cid;
  }
}

/// An entry of a folder: in one block, or at the end of the way that its name's hash tells.
Result<std::optional<Cid>> find_entry(Store& store, const Cid& folder, std::string_view name) {
  const auto hash = content::hamt_hash(name);
  Cid at = folder;
  for (unsigned used = 0;;) {
    P2P_TRY(const auto block, store.read(at));
    P2P_TRY(const auto message, message_of(at, block));
    if (message.type == UnixFs::Type::directory) return find_link(at, block, name);
    if (message.type != UnixFs::Type::shard) return malformed(at, "a shard is expected here");
    const auto fanout = message.fanout.value_or(content::kMinFanout);
    const auto bits = content::hamt_bits(fanout);
    if (used + bits > content::kHamtHashBits) return malformed(at, "shards nest too deep");
    const auto prefix = content::hamt_prefix(content::hamt_slot(hash, used, fanout), fanout);
    used += bits;
    P2P_TRY(auto entry, find_link(at, block, prefix + std::string(name)));
    if (entry) return entry;
    P2P_TRY(const auto shard, find_link(at, block, prefix));
    if (!shard) return std::nullopt;
    at = *shard;
  }
}

/// Lets go of blocks from the outermost on, until those held fit; the innermost stays.
template <class Frame>
void let_go(std::vector<Frame>& stack, std::size_t memory) {
  std::size_t held = 0;
  for (std::size_t i = stack.size(); i-- > 0;) {
    held += stack[i].block.size();
    if (held > memory && i + 1 < stack.size()) stack[i].block = Bytes();
  }
}

}  // namespace

Result<Node> read_node(Store& store, const Cid& cid) {
  P2P_TRY(const auto block, store.read(cid));
  return node_of(cid, block);
}

Result<Node> resolve(Store& store, const Cid& root, std::string_view path) {
  P2P_TRY(auto node, read_node(store, root));
  std::size_t at = 0;
  while (at < path.size()) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto name = path.substr(at, end - at);
    at = end + 1;
    if (name.empty()) continue;
    const auto so_far = std::string(path.substr(0, end));
    if (node.kind != Node::Kind::directory) {
      return fail(Code::not_found, "'" + so_far + "' is not there: what holds it is no folder");
    }
    P2P_TRY(const auto entry, find_entry(store, node.cid, name));
    if (!entry) return fail(Code::not_found, "'" + so_far + "' is not there");
    P2P_TRY(node, read_node(store, *entry));
  }
  return node;
}

Result<std::uint64_t> FileWalk::run(const Cid& root) {
  stack_.clear();
  P2P_TRY(const auto size, enter(root, 0));
  while (!stack_.empty()) P2P_CHECK(step());
  return size;
}

/// Reads a block that stands at `offset` of the file, and returns how many bytes are below it.
Result<std::uint64_t> FileWalk::enter(const Cid& cid, std::uint64_t offset) {
  P2P_TRY(auto block, store_.read(cid));
  if (on_block_) P2P_CHECK(on_block_(cid, block));
  if (cid.codec() == Codec::raw) {
    P2P_CHECK(take_data(block, offset));
    return block.size();
  }
  P2P_TRY(const auto node, node_of(cid, block));
  if (node.kind != Node::Kind::file) return malformed(cid, "part of a file is expected here");
  if (stack_.size() == kMaxDepth) {
    return fail(Code::limit, "a file's tree is deeper than " + std::to_string(kMaxDepth));
  }
  P2P_TRY(auto message, message_of(cid, block));
  const auto data = message.data.value_or(ByteView());
  P2P_CHECK(take_data(data, offset));
  Frame frame{cid, {}, std::move(message.block_sizes), PbReader({}), 0, offset + data.size()};
  const bool leaf = frame.sizes.empty();
  frame.block = std::move(block);
  frame.reader = PbReader(frame.block);
  stack_.push_back(std::move(frame));
  if (leaf) {
    P2P_CHECK(step());  // sees to it that it has no links
  } else {
    let_go(stack_, kMemory);
    for (auto& held : stack_) {
      if (held.block.empty()) held.sizes = {};
    }
  }
  return node.size;
}

/// The innermost block's next part.
Result<void> FileWalk::step() {
  auto& frame = stack_.back();
  P2P_CHECK(load(frame));
  std::optional<PbField> field;
  do {
    P2P_TRY(field, frame.reader.next());
  } while (field && !field->is_link);
  if (!field) {
    if (frame.part != frame.sizes.size()) return malformed(frame.cid, "sizes without links");
    stack_.pop_back();
    return {};
  }
  if (frame.part == frame.sizes.size()) return malformed(frame.cid, "links without sizes");
  const auto size = frame.sizes[frame.part++];
  const auto offset = frame.offset;
  frame.offset += size;  // below 2^64, for decode_unixfs has summed them up
  // What the range does not touch is passed over; of an empty part there is nothing to read, and a
  // tree of those may have more branches than there is time for.
  if (offset >= range_.to) {
    stack_.pop_back();
    return {};
  }
  if (size == 0 || frame.offset <= range_.from) return {};
  const Cid link = field->cid;
  const Cid parent = frame.cid;
  P2P_TRY(const auto below, enter(link, offset));
  if (below != size) {
    return malformed(parent, "says that part " + link.text() + " has " + std::to_string(size) +
                                 " bytes, but it has " + std::to_string(below));
  }
  return {};
}

Result<void> FileWalk::take_data(ByteView data, std::uint64_t offset) const {
  if (!on_data_ || data.empty()) return {};
  const auto end = std::min(offset + data.size(), range_.to);
  const auto start = std::max(offset, range_.from);
  if (start >= end) return {};
  return on_data_(data.subspan(static_cast<std::size_t>(start - offset),
                               static_cast<std::size_t>(end - start)));
}

/// Reads the block again where it was let go.
Result<void> FileWalk::load(Frame& frame) {
  if (frame.block.empty()) {
    P2P_TRY(frame.block, store_.read(frame.cid));
    P2P_TRY(auto message, message_of(frame.cid, frame.block));
    frame.sizes = std::move(message.block_sizes);
  }
  frame.reader.rebind(frame.block);
  return {};
}

Result<void> TreeWalk::start(const Node& folder) {
  stack_.clear();
  folders_ = 0;
  return push(folder, false, 0);
}

/// `shard_depth` shards are above it in the same folder.
Result<void> TreeWalk::push(const Node& node, bool inner, std::size_t shard_depth) {
  if (!inner && folders_ == kMaxDepth) {
    return fail(Code::limit, "folders nest deeper than " + std::to_string(kMaxDepth));
  }
  // A shard takes three bits of a name's hash at least.
  if (shard_depth > content::kHamtHashBits / 3) return malformed(node.cid, "shards nest too deep");
  Frame frame{node, {}, PbReader({}), 0, inner, shard_depth};
  P2P_TRY(frame.block, store_.read(node.cid));
  P2P_TRY(frame.prefix, prefix_of(node.cid, frame.block));
  if (inner && frame.prefix == 0) return malformed(node.cid, "a shard is expected here");
  frame.reader = PbReader(frame.block);
  stack_.push_back(std::move(frame));
  if (!inner) ++folders_;
  let_go(stack_, kMemory);
  return {};
}

Result<std::optional<TreeWalk::Entry>> TreeWalk::next() {
  while (!stack_.empty()) {
    auto& frame = stack_.back();
    if (frame.block.empty()) {
      P2P_TRY(frame.block, store_.read(frame.node.cid));
    }
    frame.reader.rebind(frame.block);
    auto field = frame.reader.next();
    if (!field) return malformed(frame.node.cid, field.error().why);
    if (*field) {
      if (!(*field)->is_link) continue;
      P2P_TRY(auto entry, on_link(**field));
      if (entry) return entry;
      continue;
    }
    const bool inner = frame.inner;
    Entry left{Entry::Kind::leave, "", std::move(frame.node), std::nullopt};
    stack_.pop_back();
    if (inner) continue;
    --folders_;
    if (!stack_.empty()) return left;
  }
  return std::nullopt;
}

/// What a link leads to; nothing for a shard, whose entries come next.
Result<std::optional<TreeWalk::Entry>> TreeWalk::on_link(const PbField& link) {
  if (links_ >= kFreeLinks && links_ - kFreeLinks >= store_.bytes()) {
    return fail(Code::limit, "its folders repeat themselves without end: more entries (" +
                                 std::to_string(links_) + ") than the CAR has bytes");
  }
  ++links_;
  const auto& frame = stack_.back();
  const auto name = link.name.value_or(std::string_view());
  if (name.size() < frame.prefix) return malformed(frame.node.cid, "an entry without its slot");
  Entry entry;
  entry.name = name.substr(frame.prefix);
  const bool shard = frame.prefix > 0 && entry.name.empty();
  const auto depth = frame.shard_depth + 1;
  auto node = read_node(store_, link.cid);
  Result<void> pushed;
  if (node && (shard || node->kind == Node::Kind::directory)) {
    pushed = push(*node, shard, shard ? depth : 0);
  }
  if (!node || !pushed) {
    entry.kind = Entry::Kind::unreadable;
    entry.error = node ? pushed.error() : node.error();
    return entry;
  }
  if (shard) return std::nullopt;
  entry.node = std::move(*node);
  switch (entry.node.kind) {
    case Node::Kind::file:
      break;
    case Node::Kind::symlink:
      entry.kind = Entry::Kind::symlink;
      break;
    case Node::Kind::directory:
      entry.kind = Entry::Kind::enter;
  }
  return entry;
}

void TreeWalk::skip() {
  while (stack_.back().inner) stack_.pop_back();
  stack_.pop_back();
  --folders_;
}

}  // namespace p2p::car
