#include "content/directory.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/varint.h"
#include "content/dag_pb.h"
#include "content/hamt.h"

namespace p2p::content {

using multiformats::Cid;
using multiformats::Codec;

namespace {

std::size_t field_size(std::size_t length) { return 1 + varint_size(length) + length; }

/// What a link adds to a directory's block.
std::size_t link_block_size(std::size_t name, std::size_t cid, std::uint64_t dag_size) {
  return field_size(field_size(cid) + field_size(name) + 1 + varint_size(dag_size));
}

}  // namespace

DirectoryImporter::DirectoryImporter(const Profile& profile, BlockSink sink,
                                     UnixFsMetadata metadata, ScratchMaker scratch,
                                     std::size_t memory)
    : profile_(profile),
      sink_(std::move(sink)),
      metadata_(std::move(metadata)),
      scratch_(std::move(scratch)),
      memory_(memory) {}

Result<void> DirectoryImporter::add(std::string_view name, const Imported& target) {
  if (name.empty() || name.find('/') != std::string_view::npos) {
    return fail(Code::invalid_argument, "'" + std::string(name) + "' is no name for an entry");
  }
  const Bytes& digest = target.cid.hash().digest();
  const std::size_t prefix = prefix_of(target.cid);
  const std::size_t size = varint_size(name.size()) + name.size() + varint_size(prefix) +
                           varint_size(digest.size()) + digest.size() +
                           varint_size(target.dag_size);
  if (size > kPageSize) {
    return fail(Code::limit, "a name of " + std::to_string(name.size()) + " bytes");
  }
  if (pages_.empty() || pages_.back().size() + size > kPageSize) {
    if (pages_.size() == UINT32_MAX / kPageSize) return fail(Code::limit, "too many entries");
    pages_.emplace_back();
    // The first page grows as it must: most directories are small.
    if (pages_.size() > 1) pages_.back().reserve(kPageSize);
  }
  Bytes& page = pages_.back();
  append_varint(page, name.size());
  append(page, name);
  append_varint(page, prefix);
  append_varint(page, digest.size());
  append(page, digest);
  append_varint(page, target.dag_size);
  held_ += size;
  ++count_;
  blocks_ += target.blocks;
  const std::size_t cid_size = target.cid.bytes().size();
  links_size_ += name.size() + cid_size;
  block_size_ += link_block_size(name.size(), cid_size, target.dag_size);
  // What has been passed once, stays passed.
  if (scratch_ && held_ > memory_ && sharded()) return sort_by_hash();
  return {};
}

Result<void> DirectoryImporter::sort_by_hash() {
  if (!by_hash_) by_hash_.emplace(kSorterShare * memory_, scratch_);
  Result<void> added;
  each([&](Place place) {
    if (!added) return;
    const Record record = read(place);
    std::string hash(sizeof(std::uint64_t), '\0');
    store_be(reinterpret_cast<std::uint8_t*>(hash.data()), hamt_hash(record.name));
    const auto whole = ByteView(pages_[place / kPageSize]).subspan(place % kPageSize, record.size);
    added = by_hash_->add(hash, as_text(whole));
  });
  pages_.clear();
  held_ = 0;
  return added;
}

std::size_t DirectoryImporter::prefix_of(const Cid& cid) {
  const auto prefix = ByteView(cid.bytes()).first(cid.bytes().size() - cid.hash().digest().size());
  const auto known =
      std::ranges::find_if(prefixes_, [&](const Bytes& one) { return equal(one, prefix); });
  const auto place = static_cast<std::size_t>(known - prefixes_.begin());
  if (known == prefixes_.end()) prefixes_.push_back(to_bytes(prefix));
  return place;
}

DirectoryImporter::Record DirectoryImporter::read(Place place) const {
  return read(ByteView(pages_[place / kPageSize]).subspan(place % kPageSize));
}

DirectoryImporter::Record DirectoryImporter::read(ByteView whole) {
  ByteView in = whole;
  const auto number = [&] { return *read_varint(in); };  // written by add()
  const auto bytes = [&] {
    const auto size = static_cast<std::size_t>(number());
    const auto taken = in.first(size);
    in = in.subspan(size);
    return taken;
  };
  Record record;
  record.name = as_text(bytes());
  record.prefix = static_cast<std::size_t>(number());
  record.digest = bytes();
  record.dag_size = number();
  record.size = whole.size() - in.size();
  return record;
}

Cid DirectoryImporter::cid_of(const Record& record) const {
  Bytes bytes = prefixes_[record.prefix];
  append(bytes, record.digest);
  return *Cid::decode(bytes);
}

template <class Take>
void DirectoryImporter::each(Take take) const {
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    for (std::size_t at = 0; at < pages_[page].size();) {
      const auto place = static_cast<Place>(page * kPageSize + at);
      take(place);
      at += read(place).size;
    }
  }
}

bool DirectoryImporter::sharded() const {
  if (profile_.directory_links > 0 && count_ > profile_.directory_links) return true;
  switch (profile_.estimate) {
    case Profile::Estimate::links:
      return links_size_ > profile_.shard_threshold;
    case Profile::Estimate::block:
      return block_size_ + field_size(unixfs_directory(metadata_).size()) >
             profile_.shard_threshold;
    case Profile::Estimate::disabled:
      break;
  }
  return false;
}

/// Builds the shards of a directory from the bottom up, of its entries sorted by hash: what is in a
/// shard stands together, and whether one is needed, the next entry tells.
class Sharder {
 public:
  Sharder(DirectoryImporter& directory, Sorter& by_hash)
      : directory_(directory), by_hash_(by_hash), fanout_(directory.profile_.fanout) {}

  Result<Imported> run() {
    P2P_CHECK(by_hash_.finish());
    P2P_CHECK(advance());
    P2P_CHECK(advance());
    Shard root(fanout_);
    P2P_CHECK(fill(root, 0));
    root.below.blocks += directory_.blocks_;
    return finish(std::move(root), directory_.metadata_);
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    Bytes record;
    bool there = false;  ///< or past the end
  };

  /// One that is being built.
  struct Shard {
    explicit Shard(std::size_t fanout) : bitfield(fanout / 8) {}

    PbNode node;
    Imported below;
    Bytes bitfield;
  };

  Result<void> advance() {
    std::swap(front_, next_);
    P2P_TRY(const auto record, by_hash_.next());
    next_.there = record.has_value();
    if (!record) return {};
    next_.hash = load_be<std::uint64_t>(as_bytes(record->key).data());
    const auto bytes = as_bytes(record->value);
    next_.record.assign(bytes.begin(), bytes.end());
    return {};
  }

  /// How many bits of the hash the shards above one at `depth` take.
  unsigned used(unsigned depth) const { return hamt_bits(fanout_) * depth; }
  /// Whether two hashes lead to one shard at `depth`.
  bool together(std::uint64_t a, std::uint64_t b, unsigned depth) const {
    return depth == 0 || (a ^ b) >> (kHamtHashBits - used(depth)) == 0;
  }

  /// All entries from the front on that share the hash's first `depth` slots.
  Result<void> fill(Shard& shard, unsigned depth) {
    const auto hash = front_.hash;
    while (front_.there && together(hash, front_.hash, depth)) {
      const std::size_t here = hamt_slot(front_.hash, used(depth), fanout_);
      Bytes& bits = shard.bitfield;
      bits[bits.size() - 1 - here / 8] |= static_cast<std::uint8_t>(1 << (here % 8));
      if (next_.there && together(front_.hash, next_.hash, depth + 1)) {
        P2P_TRY(const auto target, inner(depth + 1));
        shard.node.links.push_back({target.cid, hamt_prefix(here, fanout_), target.dag_size});
        shard.below.dag_size += target.dag_size;
        shard.below.blocks += target.blocks;
        continue;
      }
      const auto record = DirectoryImporter::read(front_.record);
      shard.node.links.push_back(
          {directory_.cid_of(record), hamt_prefix(here, fanout_) += record.name, record.dag_size});
      shard.below.dag_size += record.dag_size;
      P2P_CHECK(advance());
    }
    return {};
  }

  Result<Imported> inner(unsigned depth) {
    if (used(depth + 1) > kHamtHashBits) {
      return fail(Code::invalid_argument, "names that are the same, or hash the same: '" +
                                              name(front_) + "' and '" + name(next_) + "'");
    }
    Shard shard(fanout_);
    P2P_CHECK(fill(shard, depth));
    return finish(std::move(shard), {});
  }

  Result<Imported> finish(Shard shard, const UnixFsMetadata& metadata) const {
    const auto& bits = shard.bitfield;
    const auto first = std::ranges::find_if(bits, [](std::uint8_t byte) { return byte != 0; });
    shard.node.data = unixfs_shard(ByteView(first, bits.end()), fanout_, metadata);
    return finish_block(directory_.profile_, Codec::dag_pb, encode_dag_pb(shard.node), shard.below,
                        directory_.sink_);
  }

  static std::string name(const Entry& entry) {
    return std::string(DirectoryImporter::read(entry.record).name);
  }

  DirectoryImporter& directory_;
  Sorter& by_hash_;
  const std::size_t fanout_;
  Entry front_;
  Entry next_;
};

Result<Imported> DirectoryImporter::finish() {
  if (!sharded()) return finish_basic();
  P2P_CHECK(sort_by_hash());
  return Sharder(*this, *by_hash_).run();
}

Result<Imported> DirectoryImporter::finish_basic() {
  std::vector<Place> sorted;
  sorted.reserve(count_);
  each([&](Place place) { sorted.push_back(place); });
  // std::string_view compares bytes, as dag-pb sorts.
  std::ranges::sort(sorted, {}, [this](Place place) { return read(place).name; });
  PbNode node;
  Imported below;
  for (const auto place : sorted) {
    const auto record = read(place);
    if (!node.links.empty() && *node.links.back().name == record.name) {
      return fail(Code::invalid_argument,
                  "two entries are named '" + std::string(record.name) + "'");
    }
    node.links.push_back({cid_of(record), std::string(record.name), record.dag_size});
    below.dag_size += record.dag_size;
  }
  below.blocks = blocks_;
  node.data = unixfs_directory(metadata_);
  return finish_block(profile_, Codec::dag_pb, encode_dag_pb(node), below, sink_);
}

Result<Imported> import_symlink(const Profile& profile, std::string_view target,
                                const BlockSink& sink, const UnixFsMetadata& metadata) {
  PbNode node;
  node.data = unixfs_symlink(target, {std::nullopt, metadata.mtime});
  return finish_block(profile, Codec::dag_pb, encode_dag_pb(node), {}, sink);
}

}  // namespace p2p::content
