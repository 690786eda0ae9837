#include "content/directory.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/varint.h"
#include "content/dag_pb.h"
#include "content/murmur3.h"
#include "content/unixfs.h"

namespace p2p::content {

using multiformats::Codec;

namespace {

/// Slots of a shard: one byte of the name's hash chooses one.
constexpr std::size_t kFanout = 256;
/// The hash has eight bytes; names that agree in all of them cannot be told apart.
constexpr std::size_t kMaxDepth = 8;

struct Entry {
  const std::string* name;
  const Imported* target;
  std::uint64_t hash;

  std::uint8_t slot(std::size_t depth) const {
    return static_cast<std::uint8_t>(hash >> (56 - 8 * depth));
  }
};

class Writer {
 public:
  Writer(const Profile& profile, const BlockSink& sink) : profile_(profile), sink_(sink) {}

  /// Stores `node`; `below` sums up what its links lead to.
  Result<Imported> store(const PbNode& node, const Imported& below) const {
    const Bytes block = encode_dag_pb(node);
    Imported stored{name_block(profile_, Codec::dag_pb, {block}), 0, block.size() + below.dag_size,
                    1 + below.blocks};
    if (sink_) P2P_CHECK(sink_(stored.cid, block));
    return stored;
  }

  /// The shard at `depth` for `entries`, which share the hash's first `depth` bytes.
  Result<Imported> shard(const std::vector<Entry>& entries, std::size_t depth) const {
    if (depth == kMaxDepth) return fail(Code::limit, "two names have the same hash");
    std::array<std::vector<Entry>, kFanout> slots;
    for (const auto& entry : entries) slots[entry.slot(depth)].push_back(entry);
    PbNode node;
    Imported below;
    Bytes bitfield(kFanout / 8);
    for (std::size_t slot = 0; slot < kFanout; ++slot) {
      if (slots[slot].empty()) continue;
      bitfield[bitfield.size() - 1 - slot / 8] |= static_cast<std::uint8_t>(1 << (slot % 8));
      P2P_CHECK(link(node, below, slots[slot], prefix(slot), depth));
    }
    const auto first = std::ranges::find_if(bitfield, [](std::uint8_t byte) { return byte != 0; });
    node.data = unixfs_shard(ByteView(first, bitfield.end()), kFanout);
    return store(node, below);
  }

 private:
  /// One slot: the entry itself where it is alone, else a shard one level down.
  Result<void> link(PbNode& node, Imported& below, const std::vector<Entry>& entries,
                    const std::string& prefix, std::size_t depth) const {
    Imported target = *entries.front().target;
    std::string name = prefix;
    if (entries.size() == 1) {
      name += *entries.front().name;
    } else {
      P2P_TRY(target, shard(entries, depth + 1));
    }
    node.links.push_back({target.cid, std::move(name), target.dag_size});
    below.dag_size += target.dag_size;
    below.blocks += target.blocks;
    return {};
  }

  static std::string prefix(std::size_t slot) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    return {kHex[slot >> 4], kHex[slot & 15]};
  }

  const Profile& profile_;
  const BlockSink& sink_;
};

/// kubo's old estimate: it ignores Tsize and protobuf's own bytes.
std::size_t links_size(const std::map<std::string, Imported>& entries) {
  std::size_t sum = 0;
  for (const auto& [name, target] : entries) sum += name.size() + target.cid.bytes().size();
  return sum;
}

}  // namespace

DirectoryImporter::DirectoryImporter(const Profile& profile, BlockSink sink)
    : profile_(profile), sink_(std::move(sink)) {}

Result<void> DirectoryImporter::add(std::string name, const Imported& target) {
  if (name.empty() || name.find('/') != std::string::npos) {
    return fail(Code::invalid_argument, "'" + name + "' is no name for an entry");
  }
  const auto [at, added] = entries_.emplace(std::move(name), target);
  if (!added) return fail(Code::invalid_argument, "two entries are named '" + at->first + "'");
  return {};
}

Result<Imported> DirectoryImporter::finish() {
  PbNode node;
  Imported below;
  for (const auto& [name, target] : entries_) {
    node.links.push_back({target.cid, name, target.dag_size});
    below.dag_size += target.dag_size;
    below.blocks += target.blocks;
  }
  node.data = unixfs_directory();
  const bool exact = profile_.estimate == Profile::Estimate::block;
  const std::size_t size = exact ? encode_dag_pb(node).size() : links_size(entries_);
  const Writer writer(profile_, sink_);
  if (size <= kShardThreshold) return writer.store(node, below);

  std::vector<Entry> entries;
  for (const auto& [name, target] : entries_) {
    entries.push_back({&name, &target, murmur3_x64_64(as_bytes(name))});
  }
  return writer.shard(entries, 0);
}

Result<Imported> import_symlink(const Profile& profile, std::string_view target,
                                const BlockSink& sink) {
  PbNode node;
  node.data = unixfs_symlink(target);
  return Writer(profile, sink).store(node, Imported());
}

}  // namespace p2p::content
