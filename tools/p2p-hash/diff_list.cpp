// A check file's lines as a tree: sorted by path, they stand in a spool, and a folder is those of
// them that begin with its path.
#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "content/checksum_list.h"
#include "diff_tree.h"
#include "files/sorter.h"
#include "files/spool.h"

namespace p2p::hash {

namespace {

/// Between the names of a path where paths are sorted: before all that a name may hold, so that
/// what is in a folder follows it.
constexpr char kSeparator = '\0';

/// A path with that between its names, and without names that lead nowhere.
std::string sortable(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (!part.empty() && part != ".") {
      if (!out.empty()) out += kSeparator;
      out += part;
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == kSeparator);
}

/// What the lines say, in order.
class Entries {
 public:
  struct Entry {
    std::string_view path;  ///< sortable; valid until the next is read
    ByteView item;          ///< what a line says of it
    std::uint64_t next;     ///< where the next entry stands
  };

  Result<void> append(std::string_view path, std::string_view item) {
    record_.clear();
    append_le(record_, static_cast<std::uint32_t>(path.size()));
    p2p::append(record_, path);
    p2p::append(record_, item);
    P2P_CHECK(spool_.append(record_));
    return {};
  }
  /// Nothing at the end.
  Result<std::optional<Entry>> at(std::uint64_t place) {
    P2P_TRY(const auto record, spool_.read(place));
    if (!record) return std::nullopt;
    const auto size = load_le<std::uint32_t>(record->bytes.data());
    const auto path = record->bytes.subspan(4, size);
    return Entry{as_text(path), record->bytes.subspan(4 + size), record->next};
  }

  /// Makes `item` what the lines from `place` on say of one path, and returns where they end.
  Result<std::uint64_t> fill(Item& item, std::uint64_t place) {
    item.kind = Item::Kind::named;
    std::string path;
    for (bool first = true;; first = false) {
      P2P_TRY(const auto entry, at(place));
      if (!entry || (!first && entry->path != path)) return place;
      if (first) path = entry->path;
      P2P_TRY(auto said, read_item(entry->item));
      std::ranges::move(said.digests, std::back_inserter(item.digests));
      if (said.cid) item.cid = std::move(said.cid);
      if (!item.digests.empty()) item.kind = Item::Kind::file;
      place = entry->next;
    }
  }

  /// Which folder was gone through last, and where it ends: who stands before it need not look.
  struct Passed {
    std::uint64_t first = 0;
    std::size_t depth = 0;
    std::uint64_t end = 0;
  };
  Passed passed;

 private:
  files::Spool spool_;
  Bytes record_;
};

class ListCursor final : public Cursor {
 public:
  /// `front` is what the folder's paths begin with, its separator included.
  ListCursor(Entries& entries, std::uint64_t first, std::string front)
      : entries_(entries), first_(first), at_(first), front_(std::move(front)) {}

  Result<std::optional<Item>> next() override {
    P2P_CHECK(pass_inner());
    P2P_TRY(const auto entry, entries_.at(at_));
    if (!entry || !entry->path.starts_with(front_)) {
      entries_.passed = {first_, front_.size(), at_};
      return std::nullopt;
    }
    const auto path = entry->path;
    const auto end = std::min(path.find(kSeparator, front_.size()), path.size());
    Item item;
    item.name = path.substr(front_.size(), end - front_.size());
    if (end < path.size()) {
      item.kind = Item::Kind::folder;
      item.first = at_;
      item.depth = end + 1;
      inner_ = path.substr(0, end + 1);
    } else {
      P2P_TRY(at_, entries_.fill(item, at_));
    }
    return item;
  }

 private:
  /// Goes behind the folder that was given last.
  Result<void> pass_inner() {
    if (inner_.empty()) return {};
    const auto& passed = entries_.passed;
    if (passed.first == at_ && passed.depth == inner_.size()) at_ = passed.end;
    for (;;) {
      P2P_TRY(const auto entry, entries_.at(at_));
      if (!entry || !entry->path.starts_with(inner_)) break;
      at_ = entry->next;
    }
    inner_.clear();
    return {};
  }

  Entries& entries_;
  const std::uint64_t first_;
  std::uint64_t at_;
  const std::string front_;
  std::string inner_;  ///< what the paths in the folder given last begin with
};

class ListTree final : public Tree {
 public:
  Result<void> read(const std::string& list, const files::Algorithms& algorithms,
                    const std::string& beside) {
    name_ = list;
    files::Sorter sorter;
    const std::string front = sortable(beside);
    bool below = !front.empty();
    P2P_CHECK(sort_lines(sorter, algorithms,
                         [&](std::string_view path) { below = below && is_below(path, front); }));
    return keep(sorter, below ? front.size() + 1 : 0);
  }

  Item root() override { return root_; }

  Result<std::unique_ptr<Cursor>> list(const Item& folder) override {
    std::string front;
    if (folder.depth != 0) {
      P2P_TRY(const auto entry, entries_.at(folder.first));
      front = entry->path.substr(0, folder.depth);
    }
    return std::make_unique<ListCursor>(entries_, folder.first, std::move(front));
  }

  std::optional<std::uint64_t> size(const Item&) override { return std::nullopt; }

  void digest(files::Digester& digester, const Item& file, const files::Algorithms& algorithms,
              files::Digester::Done done) override {
    files::Digests known;
    Result<void> all;
    for (const auto alg : algorithms) {
      const auto found = std::ranges::find(file.digests, alg, &content::Digest::alg);
      if (found == file.digests.end()) {
        all = fail(Code::unsupported, "the list has no " + crypto::name_of(alg) + " of it");
        break;
      }
      known.values.push_back(found->bytes);
    }
    digester.then([all, known = std::move(known), done = std::move(done)]() mutable {
      if (all) return done(std::move(known));
      done(fail(all.error()));
    });
  }

  bool only_files() const override { return true; }

 private:
  /// Adds the list's lines to `sorter`, and tells `look` of their paths.
  template <class Look>
  Result<void> sort_lines(files::Sorter& sorter, const files::Algorithms& algorithms,
                          const Look& look) const {
    P2P_TRY(auto file, files::File::open_operand(name_));
    content::ChecksumList lines(algorithms);
    Result<void> taken;
    Bytes bytes;
    const auto take = [&](std::uint64_t number, std::optional<content::ChecksumLine> line) {
      if (!taken) return;
      if (!line) {
        taken = fail(Code::parse, "line " + std::to_string(number) + " is no checksum line");
        return;
      }
      Item item;
      if (auto* digest = std::get_if<content::Digest>(&line->expected)) {
        item.digests.push_back(std::move(*digest));
      } else {
        item.cid = std::get<multiformats::Cid>(line->expected);
      }
      bytes.clear();
      append_item(bytes, item);
      const std::string path = sortable(line->name);
      look(path);
      taken = sorter.add(path, as_text(bytes));
    };
    P2P_CHECK(file.read_all([&](ByteView piece) -> Result<void> {
      lines.feed(piece, take);
      return taken;
    }));
    lines.finish(take);
    P2P_CHECK(taken);
    return sorter.finish();
  }

  /// Keeps the sorted lines, each path but for its first `cut` bytes.
  Result<void> keep(files::Sorter& sorter, std::size_t cut) {
    std::optional<std::string> last;
    for (;;) {
      P2P_TRY(const auto record, sorter.next());
      if (!record) break;
      const auto path = record->key.substr(std::min(cut, record->key.size()));
      if (last && path != *last && (last->empty() || is_below(path, *last))) {
        std::ranges::replace(*last, kSeparator, '/');
        return fail(Code::parse,
                    (last->empty() ? "." : *last) + " is both a file and a folder in the list");
      }
      P2P_CHECK(entries_.append(path, record->value));
      last = path;
    }
    root_.name = name_;
    root_.kind = Item::Kind::folder;
    // One line for the whole: a CID of the folder, or a digest of the file, beside it.
    if (last && last->empty()) P2P_CHECK(entries_.fill(root_, 0));
    return {};
  }

  std::string name_;
  Item root_;
  Entries entries_;
};

}  // namespace

Result<std::unique_ptr<Tree>> list_tree(const std::string& list,
                                        const files::Algorithms& algorithms,
                                        const std::string& beside) {
  auto tree = std::make_unique<ListTree>();
  P2P_CHECK(tree->read(list, algorithms, beside));
  return tree;
}

}  // namespace p2p::hash
