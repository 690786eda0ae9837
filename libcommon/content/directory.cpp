#include "content/directory.h"

#include <algorithm>
#include <bit>
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
std::size_t link_block_size(std::string_view name, ByteView cid, std::uint64_t dag_size) {
  return field_size(field_size(cid.size()) + field_size(name.size()) + 1 + varint_size(dag_size));
}

/// A CID that add() has encoded.
Cid cid_of(ByteView bytes) { return *Cid::decode(bytes); }

}  // namespace

DirectoryImporter::DirectoryImporter(const Profile& profile, BlockSink sink,
                                     UnixFsMetadata metadata)
    : profile_(profile), sink_(std::move(sink)), metadata_(std::move(metadata)) {}

Result<void> DirectoryImporter::add(std::string_view name, const Imported& target) {
  if (name.empty() || name.find('/') != std::string_view::npos) {
    return fail(Code::invalid_argument, "'" + std::string(name) + "' is no name for an entry");
  }
  const Bytes& cid = target.cid.bytes();
  const std::size_t size = varint_size(name.size()) + name.size() + varint_size(cid.size()) +
                           cid.size() + varint_size(target.dag_size);
  if (size > kPageSize)
    return fail(Code::limit, "a name of " + std::to_string(name.size()) + " bytes");
  if (pages_.empty() || pages_.back().size() + size > kPageSize) {
    if (pages_.size() == UINT32_MAX / kPageSize) return fail(Code::limit, "too many entries");
    if (!pages_.empty()) pages_.back().shrink_to_fit();
    pages_.emplace_back();
    // The first page grows as it must: most directories are small.
    if (pages_.size() > 1) pages_.back().reserve(kPageSize);
  }
  Bytes& page = pages_.back();
  append_varint(page, name.size());
  append(page, name);
  append_varint(page, cid.size());
  append(page, cid);
  append_varint(page, target.dag_size);
  ++count_;
  blocks_ += target.blocks;
  links_size_ += name.size() + cid.size();
  block_size_ += link_block_size(name, cid, target.dag_size);
  return {};
}

DirectoryImporter::Record DirectoryImporter::read(Place place) const {
  const Bytes& page = pages_[place / kPageSize];
  const ByteView whole = ByteView(page).subspan(place % kPageSize);
  ByteView in = whole;
  // These were written by add().
  Record record;
  const auto name_size = static_cast<std::size_t>(*read_varint(in));
  record.name = as_text(in.first(name_size));
  in = in.subspan(name_size);
  const auto cid_size = static_cast<std::size_t>(*read_varint(in));
  record.cid = in.first(cid_size);
  in = in.subspan(cid_size);
  record.dag_size = *read_varint(in);
  record.size = whole.size() - in.size();
  return record;
}

std::vector<DirectoryImporter::Place> DirectoryImporter::places() const {
  std::vector<Place> places;
  places.reserve(count_);
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    for (std::size_t at = 0; at < pages_[page].size();) {
      const auto place = static_cast<Place>(page * kPageSize + at);
      places.push_back(place);
      at += read(place).size;
    }
  }
  return places;
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
    std::vector<Hashed> entries;
    entries.reserve(directory_.count_);
    for (const auto place : directory_.places()) {
      const auto hash = murmur3_x64_64(as_bytes(directory_.read(place).name));
      entries.push_back(
          {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash), place});
    }
    std::ranges::sort(entries, {}, &Hashed::hash);
    return shard(entries, 0, directory_.metadata_);
  }

 private:
  /// In 12 bytes, where a std::uint64_t would make 16.
  struct Hashed {
    std::uint32_t high;
    std::uint32_t low;
    DirectoryImporter::Place place;

    std::uint64_t hash() const { return std::uint64_t{high} << 32 | low; }
  };

  /// The slot of an entry in a shard at `depth`: the next bits of its hash, from the top.
  std::size_t slot(const Hashed& entry, unsigned depth) const {
    return entry.hash() >> (kHashBits - bits_ * (depth + 1)) & (directory_.profile_.fanout - 1);
  }

  /// The shard of `entries`, which are sorted and share the hash's first `depth` slots.
  Result<Imported> shard(std::span<const Hashed> entries, unsigned depth,
                         const UnixFsMetadata& metadata) const {
    if (bits_ * (depth + 1) > kHashBits) {
      return fail(Code::invalid_argument, "names that are the same, or hash the same: '" +
                                              name(entries[0]) + "' and '" + name(entries[1]) +
                                              "'");
    }
    PbNode node;
    Imported below;
    Bytes bitfield(directory_.profile_.fanout / 8);
    for (std::size_t at = 0; at < entries.size();) {
      const std::size_t here = slot(entries[at], depth);
      std::size_t end = at + 1;
      while (end < entries.size() && slot(entries[end], depth) == here) ++end;
      bitfield[bitfield.size() - 1 - here / 8] |= static_cast<std::uint8_t>(1 << (here % 8));
      P2P_CHECK(link(node, below, entries.subspan(at, end - at), prefix(here), depth));
      at = end;
    }
    const auto first = std::ranges::find_if(bitfield, [](std::uint8_t byte) { return byte != 0; });
    node.data = unixfs_shard(ByteView(first, bitfield.end()), directory_.profile_.fanout, metadata);
    if (depth == 0) below.blocks += directory_.blocks_;
    return finish_block(directory_.profile_, Codec::dag_pb, encode_dag_pb(node), below,
                        directory_.sink_);
  }

  /// One slot: the entry itself where it is alone, else a shard one level down.
  Result<void> link(PbNode& node, Imported& below, std::span<const Hashed> entries,
                    std::string name, unsigned depth) const {
    if (entries.size() == 1) {
      const auto record = directory_.read(entries[0].place);
      name += record.name;
      node.links.push_back({cid_of(record.cid), std::move(name), record.dag_size});
      below.dag_size += record.dag_size;
      return {};
    }
    P2P_TRY(const auto target, shard(entries, depth + 1, {}));
    node.links.push_back({target.cid, std::move(name), target.dag_size});
    below.dag_size += target.dag_size;
    below.blocks += target.blocks;
    return {};
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
  auto sorted = places();
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
    node.links.push_back({cid_of(record.cid), std::string(record.name), record.dag_size});
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
