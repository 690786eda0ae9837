#include "diff_tree.h"

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

/// One of the folders of a tree that are open one in the other.
class Opened {
 public:
  explicit Opened(std::size_t& count) : count_(count), depth_(++count) {}
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { --count_; }

  /// From 1 on.
  std::size_t depth() const { return depth_; }

 private:
  std::size_t& count_;
  const std::size_t depth_;
};

class FolderCursor final : public Cursor {
 public:
  FolderCursor(std::string path, std::size_t& opened)
      : path_(std::move(path)),
        opened_(opened),
        listing_(files::Listing::of(path_, opened_.depth())) {}

  /// Why the folder cannot be listed. A temporary file's error comes with the first entry.
  Result<void> check() const {
    if (listing_ || files::of_temporary_file(listing_.error())) return {};
    return fail(listing_.error());
  }

  Result<std::optional<Item>> next() override {
    if (!listing_) return fail(listing_.error());
    P2P_TRY(const auto entry, listing_->next());
    if (!entry) return std::nullopt;
    Item item;
    item.name = entry->name;
    item.path = join_path(path_, item.name);
    item.kind = kind_of(entry->kind);
    if (item.kind == Item::Kind::link) {
      auto target = files::read_link(item.path);
      if (target) {
        item.target = std::move(*target);
      } else {
        item.error = std::move(target).error();
      }
    }
    return item;
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
  Opened opened_;
  Result<files::Listing> listing_;
};

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

  Result<std::unique_ptr<Cursor>> list(const Item& folder) override {
    auto cursor = std::make_unique<FolderCursor>(folder.path, opened_);
    P2P_CHECK(cursor->check());
    return cursor;
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
  std::string path_;
  std::size_t opened_ = 0;  ///< folders
};

/// Large folders are sharded, and come in the order of hashes.
class CarCursor final : public Cursor {
 public:
  explicit CarCursor(std::size_t& opened) : opened_(opened) {}

  /// Code::limit for a name that is too long.
  Result<void> add(const Item& item) {
    Bytes bytes;
    append_item(bytes, item);
    if (!sorted_) return {};
    sorted_ = sorter_.add(item.name, as_text(bytes));
    // A temporary file's error comes with the first entry.
    if (sorted_ || files::of_temporary_file(sorted_.error())) return {};
    return sorted_;
  }
  void finish() {
    if (sorted_) sorted_ = sorter_.finish();
  }

  Result<std::optional<Item>> next() override {
    P2P_CHECK(sorted_);
    P2P_TRY(const auto record, sorter_.next());
    if (!record) return std::nullopt;
    P2P_TRY(auto item, read_item(as_bytes(record->value)));
    item.name = record->key;
    return item;
  }

 private:
  Opened opened_;
  files::Sorter sorter_{files::Listing::share(opened_.depth())};
  Result<void> sorted_;
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

  Result<std::unique_ptr<Cursor>> list(const Item& folder) override {
    P2P_TRY(const auto node, car::read_node(source_->store(), *folder.cid));
    P2P_CHECK(walk_.start(node));
    auto cursor = std::make_unique<CarCursor>(opened_);
    using Kind = car::TreeWalk::Entry::Kind;
    for (;;) {
      P2P_TRY(auto entry, walk_.next());
      if (!entry) break;
      if (entry->kind == Kind::leave) continue;
      if (entry->kind == Kind::enter) walk_.skip();
      Item item = item_of(entry->node, std::move(entry->name));
      if (entry->kind == Kind::unreadable) {
        item.kind = Item::Kind::broken;
        item.error = std::move(entry->error);
      }
      P2P_CHECK(cursor->add(item));
    }
    cursor->finish();
    return cursor;
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
  std::size_t opened_ = 0;  ///< folders
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
