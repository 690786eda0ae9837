#include "content/directory.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <utility>

#include "base/varint.h"
#include "content/dag_pb.h"
#include "content/murmur3.h"

namespace p2p::content {

using multiformats::Cid;
using multiformats::Codec;

namespace {

/// The hash of names has 64 bits; names that agree in all of them cannot be told apart.
constexpr unsigned kHashBits = 64;

std::size_t field_size(std::size_t length) { return 1 + varint_size(length) + length; }

/// What a link adds to a directory's block.
std::size_t link_block_size(std::size_t name, std::size_t cid, std::uint64_t dag_size) {
  return field_size(field_size(cid) + field_size(name) + 1 + varint_size(dag_size));
}

}  // namespace

DirectoryImporter::DirectoryImporter(const Profile& profile, BlockSink sink,
                                     UnixFsMetadata metadata)
    : profile_(profile), sink_(std::move(sink)), metadata_(std::move(metadata)) {}

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
  ++count_;
  blocks_ += target.blocks;
  const std::size_t cid_size = target.cid.bytes().size();
  links_size_ += name.size() + cid_size;
  block_size_ += link_block_size(name.size(), cid_size, target.dag_size);
  return {};
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
  const Bytes& page = pages_[place / kPageSize];
  const ByteView whole = ByteView(page).subspan(place % kPageSize);
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

/// Builds the shards of a directory from the bottom up.
class Sharder {
 public:
  explicit Sharder(const DirectoryImporter& directory)
      : directory_(directory),
        bits_(static_cast<unsigned>(std::countr_zero(directory.profile_.fanout))),
        digits_((bits_ + 3) / 4) {}

  Result<Imported> run() {
    // The root's slots are sorted out by counting, in four bytes an entry; below, there are few
    // entries at a time.
    std::vector<std::size_t> ends(directory_.profile_.fanout + 1);
    directory_.each([&](Place place) { ++ends[slot(hashed(place), 0) + 1]; });
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<Place> places(directory_.count_);
    auto next = ends;
    directory_.each([&](Place place) { places[next[slot(hashed(place), 0)]++] = place; });

    Shard root(directory_.profile_.fanout);
    std::vector<Hashed> entries;
    for (std::size_t here = 0; here < directory_.profile_.fanout; ++here) {
      if (ends[here] == ends[here + 1]) continue;
      entries.clear();
      for (auto i = ends[here]; i < ends[here + 1]; ++i) entries.push_back(hashed(places[i]));
      std::ranges::sort(entries, {}, &Hashed::hash);
      P2P_CHECK(link(root, here, entries, 0));
    }
    root.below.blocks += directory_.blocks_;
    return finish(std::move(root), directory_.metadata_);
  }

 private:
  using Place = DirectoryImporter::Place;

  struct Hashed {
    std::uint64_t hash;
    Place place;
  };

  /// One that is being built.
  struct Shard {
    explicit Shard(std::size_t fanout) : bitfield(fanout / 8) {}

    PbNode node;
    Imported below;
    Bytes bitfield;
  };

  Hashed hashed(Place place) const {
    return {murmur3_x64_64(as_bytes(directory_.read(place).name)), place};
  }

  /// The slot of an entry in a shard at `depth`: the next bits of its hash, from the top.
  std::size_t slot(const Hashed& entry, unsigned depth) const {
    return entry.hash >> (kHashBits - bits_ * (depth + 1)) & (directory_.profile_.fanout - 1);
  }

  /// The shard of `entries`, which are sorted and share the hash's first `depth` slots.
  Result<Imported> shard(std::span<const Hashed> entries, unsigned depth) const {
    if (bits_ * (depth + 1) > kHashBits) {
      return fail(Code::invalid_argument, "names that are the same, or hash the same: '" +
                                              name(entries[0]) + "' and '" + name(entries[1]) +
                                              "'");
    }
    Shard shard(directory_.profile_.fanout);
    for (std::size_t at = 0; at < entries.size();) {
      const std::size_t here = slot(entries[at], depth);
      std::size_t end = at + 1;
      while (end < entries.size() && slot(entries[end], depth) == here) ++end;
      P2P_CHECK(link(shard, here, entries.subspan(at, end - at), depth));
      at = end;
    }
    return finish(std::move(shard), {});
  }

  /// One slot: the entry itself where it is alone, else a shard one level down.
  Result<void> link(Shard& shard, std::size_t slot, std::span<const Hashed> entries,
                    unsigned depth) const {
    Bytes& bits = shard.bitfield;
    bits[bits.size() - 1 - slot / 8] |= static_cast<std::uint8_t>(1 << (slot % 8));
    std::string name = prefix(slot);
    if (entries.size() == 1) {
      const auto record = directory_.read(entries[0].place);
      name += record.name;
      shard.node.links.push_back({directory_.cid_of(record), std::move(name), record.dag_size});
      shard.below.dag_size += record.dag_size;
      return {};
    }
    P2P_TRY(const auto target, this->shard(entries, depth + 1));
    shard.node.links.push_back({target.cid, std::move(name), target.dag_size});
    shard.below.dag_size += target.dag_size;
    shard.below.blocks += target.blocks;
    return {};
  }

  Result<Imported> finish(Shard shard, const UnixFsMetadata& metadata) const {
    const auto& bits = shard.bitfield;
    const auto first = std::ranges::find_if(bits, [](std::uint8_t byte) { return byte != 0; });
    shard.node.data =
        unixfs_shard(ByteView(first, bits.end()), directory_.profile_.fanout, metadata);
    return finish_block(directory_.profile_, Codec::dag_pb, encode_dag_pb(shard.node), shard.below,
                        directory_.sink_);
  }

  std::string name(const Hashed& entry) const {
    return std::string(directory_.read(entry.place).name);
  }

  /// A slot's number, in as many hexadecimal digits as the highest has.
  std::string prefix(std::size_t slot) const {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string text(digits_, '0');
    for (std::size_t i = digits_; i-- > 0; slot >>= 4) text[i] = kHex[slot & 15];
    return text;
  }

  const DirectoryImporter& directory_;
  const unsigned bits_;
  const std::size_t digits_;
};

Result<Imported> DirectoryImporter::finish() {
  if (sharded()) return Sharder(*this).run();
  return finish_basic();
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
