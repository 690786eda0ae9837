#include "diff_tree.h"

#include <algorithm>
#include <utility>

#include "base/path.h"
#include "base/varint.h"
#include "car_source.h"
#include "content/car/format.h"
#include "content/checksum_list.h"
#include "files/listing.h"
#include "files/walk.h"

namespace p2p::hash {

namespace {

class FileSystemTree final : public Tree {
 public:
  explicit FileSystemTree(std::string path) : path_(std::move(path)) {}

  Item root() override {
    Item item;
    item.name = path_;
    item.path = path_;
    item.kind = files::is_directory(path_) ? Item::Kind::folder : Item::Kind::file;
    return item;
  }

  Result<std::vector<Item>> list(const Item& folder) override {
    P2P_TRY(auto listing, files::Listing::of(folder.path));
    std::vector<Item> items;
    for (;;) {
      P2P_TRY(const auto entry, listing.next());
      if (!entry) break;
      Item item;
      item.name = entry->name;
      item.path = join_path(folder.path, item.name);
      item.kind = kind_of(entry->kind);
      if (entry->kind == files::Kind::symlink) {
        P2P_TRY(item.target, files::read_link(item.path));
      }
      items.push_back(std::move(item));
    }
    return items;
  }

  std::optional<std::uint64_t> size(const Item& file) override {
    const auto status = files::path_status(file.path);
    if (!status || status->kind != files::Kind::regular) return std::nullopt;
    return status->size;
  }

  void digest(files::Digester& digester, const Item& file, const files::Algorithms& algorithms,
              files::Digester::Done done) override {
    digester.add(file.path, algorithms, std::move(done));
  }

 private:
  static Item::Kind kind_of(files::Kind kind) {
    switch (kind) {
      case files::Kind::regular:
        return Item::Kind::file;
      case files::Kind::directory:
        return Item::Kind::folder;
      case files::Kind::symlink:
        return Item::Kind::link;
      case files::Kind::other:
        break;
    }
    return Item::Kind::special;
  }

  std::string path_;
};

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

class ListTree final : public Tree {
 public:
  Result<void> read(const std::string& list, const files::Algorithms& algorithms,
                    const std::string& beside) {
    name_ = list;
    P2P_TRY(auto file, files::File::open_operand(list));
    content::ChecksumList lines(algorithms);
    std::uint64_t improper = 0;
    const auto take = [&](std::uint64_t number, std::optional<content::ChecksumLine> line) {
      if (line) {
        entries_.push_back({sortable(line->name), std::move(line->expected)});
      } else if (improper == 0) {
        improper = number;
      }
    };
    P2P_CHECK(file.read_all([&](ByteView piece) -> Result<void> {
      lines.feed(piece, take);
      return {};
    }));
    lines.finish(take);
    if (improper != 0) {
      return fail(Code::parse, "line " + std::to_string(improper) + " is no checksum line");
    }
    cut_front(sortable(beside));
    std::ranges::stable_sort(entries_, {}, &Entry::path);
    return {};
  }

  Item root() override {
    Item item;
    item.name = name_;
    item.kind = Item::Kind::folder;
    item.last = entries_.size();
    // One line for the whole: a CID of the folder, or a digest of the file, beside it.
    if (!entries_.empty() && entries_.back().path.empty()) fill(item);
    return item;
  }

  Result<std::vector<Item>> list(const Item& folder) override {
    std::vector<Item> items;
    for (std::size_t i = folder.first; i < folder.last;) {
      const std::string_view path = entries_[i].path;
      if (path.size() <= folder.depth) return fail(Code::parse, "it is a file in the list, too");
      const auto end = std::min(path.find(kSeparator, folder.depth), path.size());
      const auto front = path.substr(0, end);
      Item item;
      item.name = path.substr(folder.depth, end - folder.depth);
      item.first = i;
      while (i < folder.last && is_below(entries_[i].path, front)) ++i;
      item.last = i;
      if (end < path.size()) {
        item.kind = Item::Kind::folder;
        item.depth = end + 1;
      } else if (entries_[i - 1].path.size() > end) {
        return fail(Code::parse, item.name + " is both a file and a folder in the list");
      } else {
        fill(item);
      }
      items.push_back(std::move(item));
    }
    return items;
  }

  std::optional<std::uint64_t> size(const Item&) override { return std::nullopt; }

  void digest(files::Digester& digester, const Item& file, const files::Algorithms& algorithms,
              files::Digester::Done done) override {
    files::Digests known;
    Result<void> all;
    for (const auto alg : algorithms) {
      const auto found = std::ranges::find(file.digests, alg, &content::Digest::alg);
      if (found == file.digests.end()) {
        all = fail(Code::unsupported,
                   "the list has no " + std::string(crypto::name_of(alg)) + " of it");
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
  struct Entry {
    std::string path;  ///< sortable
    std::variant<content::Digest, multiformats::Cid> expected;
  };

  void cut_front(const std::string& front) {
    const bool below = !front.empty() && std::ranges::all_of(entries_, [&](const Entry& entry) {
      return is_below(entry.path, front);
    });
    if (!below) return;
    for (auto& entry : entries_) {
      entry.path.erase(0, std::min(front.size() + 1, entry.path.size()));
    }
  }

  /// Makes `item` what its lines say of one name.
  void fill(Item& item) const {
    item.kind = Item::Kind::named;
    for (std::size_t i = item.first; i < item.last; ++i) {
      if (const auto* digest = std::get_if<content::Digest>(&entries_[i].expected)) {
        item.kind = Item::Kind::file;
        item.digests.push_back(*digest);
      } else {
        item.cid = std::get<multiformats::Cid>(entries_[i].expected);
      }
    }
  }

  std::string name_;
  std::vector<Entry> entries_;
};

class CarTree final : public Tree {
 public:
  explicit CarTree(std::unique_ptr<CarSource> source)
      : source_(std::move(source)), walk_(source_->store()) {}

  Result<void> start(const std::string& name) {
    const auto& roots = source_->store().header().roots;
    if (roots.size() != 1) {
      return fail(Code::unsupported,
                  "it has " + std::to_string(roots.size()) + " roots, and only one is compared");
    }
    P2P_TRY(const auto node, car::read_node(source_->store(), roots.front()));
    root_ = item_of(node, name);
    return {};
  }

  Item root() override { return root_; }

  Result<std::vector<Item>> list(const Item& folder) override {
    P2P_TRY(const auto node, car::read_node(source_->store(), *folder.cid));
    P2P_CHECK(walk_.start(node));
    std::vector<Item> items;
    using Kind = car::TreeWalk::Entry::Kind;
    for (;;) {
      P2P_TRY(auto entry, walk_.next());
      if (!entry) break;
      if (entry->kind == Kind::leave) continue;
      if (entry->kind == Kind::enter) walk_.skip();
      items.push_back(item_of(entry->node, entry->name));
      if (entry->kind == Kind::unreadable) {
        items.back().kind = Item::Kind::broken;
        items.back().error = std::move(entry->error);
      }
    }
    // Large folders are sharded, and come in the order of hashes.
    std::ranges::stable_sort(items, {}, &Item::name);
    return items;
  }

  std::optional<std::uint64_t> size(const Item& file) override { return file.size; }

  void digest(files::Digester& digester, const Item& file, const files::Algorithms& algorithms,
              files::Digester::Done done) override {
    // On this thread: the store is its.
    auto work = [this, cid = *file.cid, algorithms, done = std::move(done)]() mutable {
      done(digest_now(cid, algorithms));
    };
    digester.then(std::move(work));
  }

 private:
  static Item item_of(const car::Node& node, std::string name) {
    Item item;
    item.name = std::move(name);
    item.cid = node.cid;
    switch (node.kind) {
      case car::Node::Kind::file:
        item.size = node.size;
        break;
      case car::Node::Kind::directory:
        item.kind = Item::Kind::folder;
        break;
      case car::Node::Kind::symlink:
        item.kind = Item::Kind::link;
        item.target = node.target;
        break;
    }
    return item;
  }

  Result<files::Digests> digest_now(const multiformats::Cid& cid,
                                    const files::Algorithms& algorithms) {
    std::vector<crypto::Hasher> hashers;
    for (const auto alg : algorithms) hashers.emplace_back(alg);
    car::FileWalk walk(source_->store(), {}, {}, [&](ByteView data) -> Result<void> {
      for (auto& hasher : hashers) hasher.update(data);
      return {};
    });
    files::Digests digests;
    P2P_TRY(digests.size, walk.run(cid));
    for (auto& hasher : hashers) digests.values.push_back(hasher.finish());
    return digests;
  }

  std::unique_ptr<CarSource> source_;
  car::TreeWalk walk_;
  Item root_;
};

/// Whether the bytes are the beginning of a CAR.
bool begins_car(ByteView bytes) {
  if (bytes.size() >= car::kPragma.size() &&
      equal(bytes.first(car::kPragma.size()), car::kPragma)) {
    return true;
  }
  const auto size = read_varint(bytes);
  return size && *size > 0 && *size <= bytes.size() &&
         car::decode_header(bytes.first(static_cast<std::size_t>(*size)));
}

bool begins_list(ByteView bytes) {
  std::optional<bool> first;
  content::ChecksumList lines;
  const auto take = [&](std::uint64_t, const std::optional<content::ChecksumLine>& line) {
    if (!first) first = line.has_value();
  };
  lines.feed(bytes, take);
  lines.finish(take);
  return first.value_or(false);
}

}  // namespace

std::string_view name_of(Item::Kind kind) {
  switch (kind) {
    case Item::Kind::file:
      return "file";
    case Item::Kind::folder:
      return "folder";
    case Item::Kind::link:
      return "link";
    case Item::Kind::named:
      return "cid";
    case Item::Kind::special:
      return "special";
    case Item::Kind::broken:
      break;
  }
  return "broken";
}

std::unique_ptr<Tree> file_system_tree(const std::string& path) {
  return std::make_unique<FileSystemTree>(path);
}

Result<std::unique_ptr<Tree>> list_tree(const std::string& list,
                                        const files::Algorithms& algorithms,
                                        const std::string& beside) {
  auto tree = std::make_unique<ListTree>();
  P2P_CHECK(tree->read(list, algorithms, beside));
  return tree;
}

Result<std::unique_ptr<Tree>> car_tree(const std::string& car) {
  P2P_TRY(auto source, CarSource::open(car));
  auto tree = std::make_unique<CarTree>(std::move(source));
  P2P_CHECK(tree->start(car));
  return tree;
}

Result<Side> side_of(const std::string& path, bool may_be_empty) {
  if (path == "-") return Side::list;
  P2P_TRY(const auto status, files::path_status(path));
  if (status.kind == files::Kind::directory) return Side::file_system;
  // A pipe is not opened only to look at it: what is read is gone.
  if (status.kind != files::Kind::regular) return Side::list;
  P2P_TRY(const auto file, files::File::open(path));
  Bytes front(content::kMaxChecksumLine);
  P2P_TRY(const std::size_t size, file.read_at(0, front));
  const auto bytes = ByteView(front).first(size);
  if (begins_car(bytes)) return Side::car;
  if (begins_list(bytes) || (size == 0 && may_be_empty)) return Side::list;
  return Side::file_system;
}

}  // namespace p2p::hash
