#include "diff_changes.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"

namespace p2p::hash {

namespace {

using Change = Difference::Change;
using files::Sorter;

/// Several are at work at a time.
constexpr std::size_t kMemory = std::size_t{2} << 20;

/// Of a difference as bytes, before the path: change, kind, the kind before, the path's size.
constexpr std::size_t kHeadSize = 7;

template <class Enum>
std::uint8_t code(Enum value) {
  return static_cast<std::uint8_t>(value);
}

/// Between names where paths are sorted: before all that a name may hold.
constexpr char kSeparator = '\0';

/// A number as a key.
std::string key_of(std::uint64_t number) {
  std::string key(8, '\0');
  store_be(reinterpret_cast<std::uint8_t*>(key.data()), number);
  return key;
}
std::uint64_t number_of(std::string_view key) {
  return load_be<std::uint64_t>(as_bytes(key).data());
}

/// What says in renamed_ that a path follows.
constexpr char kFrom = 'f';

}  // namespace

files::Algorithms algorithms_of(const Item& item) {
  files::Algorithms algorithms;
  for (const auto& digest : item.digests) algorithms.push_back(digest.alg);
  return algorithms;
}

std::optional<Changes::Side> Changes::side_of(const Difference& difference) {
  if (difference.kind != Item::Kind::file) return std::nullopt;
  if (difference.change == Change::removed) return removed;
  if (difference.change == Change::added) return added;
  return std::nullopt;
}

Result<void> Changes::add(Change change, const std::string& path, const Item& item,
                          Item::Kind was) {
  if (path.size() > kMaxPath) {
    return fail(Code::limit, "a path of more than " + std::to_string(kMaxPath) + " bytes");
  }
  empty_ = false;
  record_ = {code(change), code(item.kind), code(was)};
  append_le(record_, static_cast<std::uint32_t>(path.size()));
  append(record_, path);
  if (const auto side = side_of({change, {}, item.kind, was, {}})) {
    append_item(record_, item);
    auto& first = candidates_[*side].first;
    if (!first) first = item;
  }
  P2P_CHECK(all_.append(record_));
  return {};
}

Result<std::optional<Changes::Entry>> Changes::read(std::uint64_t place, bool with_item) {
  P2P_TRY(const auto record, all_.read(place));
  if (!record) return std::nullopt;
  const ByteView bytes = record->bytes;
  Entry entry;
  entry.next = record->next;
  entry.difference.change = static_cast<Change>(bytes[0]);
  entry.difference.kind = static_cast<Item::Kind>(bytes[1]);
  entry.difference.was = static_cast<Item::Kind>(bytes[2]);
  const auto path = bytes.subspan(kHeadSize, load_le<std::uint32_t>(bytes.data() + 3));
  entry.difference.path = as_text(path);
  if (with_item && side_of(entry.difference)) {
    P2P_TRY(entry.item, read_item(bytes.subspan(kHeadSize + path.size())));
  }
  return entry;
}

/// The first function that all can be compared by.
crypto::HashAlg Changes::algorithm() const {
  for (const auto& some : candidates_) {
    if (!some.first->digests.empty()) return some.first->digests.front().alg;
  }
  return kDiffAlgorithm;
}

/// Calls `take` with the place and the entry of each candidate of a side, in order.
template <class Take>
Result<void> Changes::each_candidate(Side side, const Take& take) {
  auto& hopeful = candidates_[side].hopeful;
  for (std::uint64_t place = 0;;) {
    if (hopeful) {
      P2P_TRY(const auto record, hopeful->next());
      if (!record) return {};
      place = number_of(record->key);
    }
    P2P_TRY(auto entry, read(place, true));
    if (!entry) return {};
    const auto next = entry->next;
    if (side_of(entry->difference) == side) P2P_CHECK(take(place, std::move(*entry)));
    place = next;
  }
}

/// Leaves only those whose size the other side has, too. What has no size of its own stays.
Result<void> Changes::drop_hopeless(Tree& a, Tree& b) {
  // Lists say nothing of sizes.
  if (a.only_files() || b.only_files()) return {};
  std::array<Sorter, 2> sizes{Sorter(kMemory), Sorter(kMemory)};
  std::array<Sorter, 2> hopeful{Sorter(kMemory), Sorter(kMemory)};
  std::array<bool, 2> unsized{};
  for (const auto side : {removed, added}) {
    Tree& tree = side == removed ? a : b;
    P2P_CHECK(each_candidate(side, [&](std::uint64_t place, const Entry& entry) {
      if (const auto size = tree.size(entry.item))
        return sizes[side].add(key_of(*size), key_of(place));
      unsized[side] = true;
      return hopeful[side].add(key_of(place), {});
    }));
    P2P_CHECK(sizes[side].finish());
  }
  std::array<std::optional<Sorter::Record>, 2> front;
  P2P_TRY(front[removed], sizes[removed].next());
  P2P_TRY(front[added], sizes[added].next());
  while (front[removed] || front[added]) {
    const bool first =
        !front[added] || (front[removed] && front[removed]->key <= front[added]->key);
    const std::string size(front[first ? removed : added]->key);
    const auto has = [&](Side side) { return front[side] && front[side]->key == size; };
    const bool both = has(removed) && has(added);
    for (const auto side : {removed, added}) {
      const bool hope = both || unsized[side == removed ? added : removed];
      while (has(side)) {
        if (hope) P2P_CHECK(hopeful[side].add(front[side]->value, {}));
        P2P_TRY(front[side], sizes[side].next());
      }
    }
  }
  for (const auto side : {removed, added}) {
    P2P_CHECK(hopeful[side].finish());
    candidates_[side].hopeful = std::move(hopeful[side]);
  }
  return {};
}

/// The candidates of a side by digest, with the place of each; and what was removed with its path.
Result<Sorter> Changes::digests_of(Side side, Tree& tree, files::Digester& digester,
                                   const Trouble& trouble) {
  Sorter sorter(kMemory);
  const auto alg = algorithm();
  const Bytes nothing = crypto::hash(alg, {});
  Result<void> kept;
  const auto ask = [&](std::uint64_t place, Entry entry) {
    const auto known = algorithms_of(entry.item);
    if (!known.empty() && std::ranges::find(known, alg) == known.end()) return kept;
    auto done = [&, place,
                 path = std::move(entry.difference.path)](const Result<files::Digests>& digests) {
      if (!digests) return trouble(path, digests.error());
      const Bytes& digest = digests->values.front();
      if (digest == nothing || !kept) return;
      kept = sorter.add(as_text(digest), side == removed ? key_of(place) + path : key_of(place));
    };
    tree.digest(digester, entry.item, {alg}, std::move(done));
    return kept;
  };
  auto asked = each_candidate(side, ask);
  // What is under way refers to what stands here.
  digester.drain();
  candidates_[side].hopeful.reset();
  P2P_CHECK(asked);
  P2P_CHECK(kept);
  P2P_CHECK(sorter.finish());
  return sorter;
}

Result<void> Changes::find_renamed(Tree& a, Tree& b, files::Digester& digester,
                                   const Trouble& trouble) {
  if (!candidates_[removed].first || !candidates_[added].first) return {};
  P2P_CHECK(drop_hopeless(a, b));
  P2P_TRY(auto old, digests_of(removed, a, digester, trouble));
  P2P_TRY(auto young, digests_of(added, b, digester, trouble));
  renamed_.emplace(kMemory);
  P2P_TRY(auto before, old.next());
  P2P_TRY(auto after, young.next());
  while (before && after) {
    const bool behind = before->key < after->key;
    const bool ahead = after->key < before->key;
    if (!behind && !ahead) {
      const auto place = before->value.substr(0, 8);
      const std::string from = kFrom + std::string(before->value.substr(8));
      P2P_CHECK(renamed_->add(place, {}));
      P2P_CHECK(renamed_->add(after->value, from));
    }
    if (!ahead) {
      P2P_TRY(before, old.next());
    }
    if (!behind) {
      P2P_TRY(after, young.next());
    }
  }
  return renamed_->finish();
}

Result<void> Changes::finish() {
  by_path_.emplace(kMemory);
  std::optional<Sorter::Record> renamed;
  if (renamed_) {
    P2P_TRY(renamed, renamed_->next());
  }
  Bytes value;
  for (std::uint64_t place = 0;;) {
    P2P_TRY(auto entry, read(place, false));
    if (!entry) break;
    auto& one = entry->difference;
    const bool found = renamed && number_of(renamed->key) == place;
    const bool gone = found && renamed->value.empty();
    if (found && !gone) {
      one.change = Change::renamed;
      one.from = renamed->value.substr(1);
    }
    if (found) {
      P2P_TRY(renamed, renamed_->next());
    }
    place = entry->next;
    if (gone) continue;
    // The key tells the path, unless there is a separator in a name.
    const std::string odd = one.path.find(kSeparator) == std::string::npos ? "" : one.path;
    value = {code(one.change), code(one.kind), code(one.was)};
    append_le(value, static_cast<std::uint32_t>(odd.size()));
    append(value, odd);
    append(value, one.from);
    std::ranges::replace(one.path, '/', kSeparator);
    P2P_CHECK(by_path_->add(one.path, as_text(value)));
  }
  renamed_.reset();
  return by_path_->finish();
}

Result<std::optional<Difference>> Changes::next() {
  P2P_TRY(const auto record, by_path_->next());
  if (!record) return std::nullopt;
  Difference one;
  const ByteView value = as_bytes(record->value);
  one.change = static_cast<Change>(value[0]);
  one.kind = static_cast<Item::Kind>(value[1]);
  one.was = static_cast<Item::Kind>(value[2]);
  const auto odd = value.subspan(kHeadSize, load_le<std::uint32_t>(value.data() + 3));
  one.path = odd.empty() ? record->key : as_text(odd);
  if (odd.empty()) std::ranges::replace(one.path, kSeparator, '/');
  one.from = as_text(value.subspan(kHeadSize + odd.size()));
  return one;
}

}  // namespace p2p::hash
