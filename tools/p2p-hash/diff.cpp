// --diff: what was added, removed, changed or renamed between two trees of files, by content.
//
// Folders are walked side by side, entry by entry. What differs waits until all was seen: only then
// is it known whether what is missing here stands elsewhere. Where it waits, and what it is made
// of, memory is bounded (diff_changes.h, diff_tree.h).
#include <algorithm>

#include "base/utf8.h"
#include "cid_match.h"
#include "diff_changes.h"
#include "diff_tree.h"
#include "files/scratch.h"
#include "files/walk.h"
#include "meter.h"
#include "mode.h"
#include "report.h"

namespace p2p::hash {

namespace {

using Kind = Item::Kind;

using Change = Difference::Change;

/// Deeper than any path the system takes; each level holds some stack.
constexpr std::size_t kMaxDepth = 2000;

std::string_view name_of(Change change) {
  switch (change) {
    case Change::added:
      return "added";
    case Change::removed:
      return "removed";
    case Change::changed:
      return "changed";
    case Change::replaced:
      return "replaced";
    case Change::renamed:
      break;
  }
  return "renamed";
}

class Comparer {
 public:
  Comparer(cli::Console& console, unsigned threads, std::unique_ptr<Tree> a,
           std::unique_ptr<Tree> b)
      : console_(console),
        a_(std::move(a)),
        b_(std::move(b)),
        threads_(threads),
        meter_(console),
        digester_(threads, [this](std::uint64_t bytes) { meter_.advance(bytes); }) {
    digester_.before_waiting([this] { meter_.flush(); });
  }

  /// An error is that of a temporary file.
  Result<cli::ExitStatus> run() {
    meter_.begin("comparing", std::nullopt);
    auto compared = compare_all();
    meter_.hide();
    P2P_CHECK(compared);
    P2P_CHECK(print());
    if (trouble_) return cli::ExitStatus::error;
    return changes_.empty() ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

 private:
  /// While it lives, a folder is gone through; not so where it is too deep.
  class Level {
   public:
    Level(Comparer& comparer, const std::string& path) : depth_(comparer.depth_) {
      if (++depth_ > kMaxDepth) {
        comparer.trouble(path, Error(Code::limit, "folders nested too deep"));
      }
    }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() { --depth_; }
    explicit operator bool() const { return depth_ <= kMaxDepth; }

   private:
    std::size_t& depth_;
  };

  static bool is_folder(const Item& item) { return item.kind == Kind::folder; }

  Result<void> compare_all() {
    compare_roots();
    digester_.drain();
    P2P_CHECK(kept_);
    P2P_CHECK(changes_.find_renamed(
        *a_, *b_, digester_,
        [this](const std::string& path, const Error& error) { trouble(path, error); }));
    return changes_.finish();
  }

  void compare_roots() {
    Item a = a_->root();
    Item b = b_->root();
    const bool file_first = a.kind == Kind::file && is_folder(b);
    const bool file_second = b.kind == Kind::file && is_folder(a);
    // A file beside many: the one among them of its name.
    if (file_first || file_second) {
      auto& many = file_first ? b : a;
      auto& tree = file_first ? *b_ : *a_;
      const std::string name = file_first ? a.name : b.name;
      auto found = find(tree, many, name);
      if (!found) return trouble(many.name, found.error());
      if (!*found) {
        auto& one = file_first ? a : b;
        return differ(file_first ? Change::removed : Change::added, name, one);
      }
      many = std::move(**found);
    }
    const std::string path = is_folder(a) ? "." : file_second ? b.name : a.name;
    compare(path, std::move(a), std::move(b), "");
  }

  /// What stands at `path` in a tree, or what has only its last name.
  static Result<std::optional<Item>> find(Tree& tree, const Item& root, const std::string& path) {
    P2P_TRY(auto found, descend(tree, root, path));
    const auto slash = path.rfind('/');
    if (found || slash == std::string::npos) return found;
    return descend(tree, root, path.substr(slash + 1));
  }
  static Result<std::optional<Item>> descend(Tree& tree, Item at, std::string_view path) {
    while (!path.empty()) {
      const auto slash = path.find('/');
      const auto name = path.substr(0, slash);
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
      if (name.empty() || name == ".") continue;
      if (!is_folder(at)) return std::nullopt;
      P2P_TRY(const auto items, tree.list(at));
      for (;;) {
        P2P_TRY(auto item, items->next());
        if (!item) return std::nullopt;
        if (item->name != name) continue;
        at = std::move(*item);
        break;
      }
    }
    return at;
  }

  /// Two items of one path, in whose folder paths begin with `below`.
  void compare(const std::string& path, Item a, Item b, const std::string& below) {
    look_through(*b_, a);
    look_through(*a_, b);
    if (a.error || b.error) return trouble(path, a.error ? *a.error : *b.error);
    if (a.kind == Kind::named || b.kind == Kind::named) return compare_named(path, a, b);
    if (is_folder(a) && is_folder(b)) {
      // In CARs, equal names mean equal content, however much that is.
      if (a.cid && a.cid == b.cid) return;
      return compare_folders(path, a, b, below);
    }
    if (a.kind != b.kind) {
      const bool folder = is_folder(a) || is_folder(b);
      auto& tree = is_folder(a) ? *a_ : *b_;
      const Item inside = is_folder(a) ? a : b;
      const Change change = is_folder(a) ? Change::removed : Change::added;
      differ(Change::replaced, path, b, a.kind);
      if (folder) only_one(tree, inside, path + "/", change);
      return;
    }
    if (a.kind == Kind::link && a.target != b.target) return changed(path, b);
    if (a.kind == Kind::file) return compare_files(path, a, b);
    if (a.kind == Kind::special) trouble(path, Error(Code::unsupported, "Not a regular file"));
  }

  /// Where the other side knows only of files, what a link leads to counts, as it did for whoever
  /// made the list.
  static void look_through(const Tree& other, Item& item) {
    if (item.kind != Kind::link || item.path.empty() || !other.only_files()) return;
    item.kind = files::is_directory(item.path) ? Kind::folder : Kind::file;
  }

  /// Goes through a folder: the next item in it, until there is none or nothing can go on.
  class Items {
   public:
    Items(Comparer& comparer, Tree& tree, const Item& folder, const std::string& path)
        : comparer_(comparer) {
      auto cursor = tree.list(folder);
      if (!cursor) {
        comparer.trouble(path, cursor.error());
        return;
      }
      cursor_ = std::move(*cursor);
      step();
    }

    /// Whether the folder could be listed.
    bool listed() const { return cursor_ != nullptr; }
    const std::optional<Item>& front() const { return front_; }
    Item& item() { return *front_; }
    void step() {
      front_.reset();
      if (!comparer_.kept_) return;
      auto next = cursor_->next();
      if (next) {
        front_ = std::move(*next);
      } else {
        comparer_.kept_ = fail(std::move(next).error());
      }
    }

   private:
    Comparer& comparer_;
    std::unique_ptr<Cursor> cursor_;
    std::optional<Item> front_;
  };

  void compare_folders(const std::string& path, const Item& a, const Item& b,
                       const std::string& below) {
    const Level level(*this, path);
    if (!level) return;
    Items in_a(*this, *a_, a, path);
    if (!in_a.listed()) return;
    Items in_b(*this, *b_, b, path);
    if (!in_b.listed()) return;
    while (kept_ && (in_a.front() || in_b.front())) {
      const bool only_a =
          !in_b.front() || (in_a.front() && in_a.front()->name < in_b.front()->name);
      const bool only_b =
          !in_a.front() || (in_b.front() && in_b.front()->name < in_a.front()->name);
      if (only_a) {
        only(*a_, *b_, in_a.item(), below, Change::removed);
      } else if (only_b) {
        only(*b_, *a_, in_b.item(), below, Change::added);
      } else {
        const std::string here = below + in_a.item().name;
        compare(here, std::move(in_a.item()), std::move(in_b.item()), here + "/");
      }
      if (!only_b) in_a.step();
      if (!only_a) in_b.step();
    }
  }

  /// An item that stands in `tree` and not in `other`.
  void only(Tree& tree, const Tree& other, const Item& item, const std::string& below,
            Change change) {
    const std::string path = below + item.name;
    if (item.error) return trouble(path, *item.error);
    const bool known_there = item.kind == Kind::file || item.kind == Kind::named;
    if (is_folder(item)) {
      // A list of files does not say which folders there are.
      if (!other.only_files() && !tree.only_files()) differ(change, path, item);
      return only_one(tree, item, path + "/", change);
    }
    if (item.kind == Kind::special) {
      return trouble(path, Error(Code::unsupported, "Not a regular file"));
    }
    if (known_there || !other.only_files()) differ(change, path, item);
  }

  /// All that is in a folder that only one of the two has.
  void only_one(Tree& tree, const Item& folder, const std::string& below, Change change) {
    const Level level(*this, below);
    if (!level) return;
    const Tree& other = &tree == a_.get() ? *b_ : *a_;
    Items items(*this, tree, folder, below);
    for (; items.front(); items.step()) only(tree, other, items.item(), below, change);
  }

  void compare_files(const std::string& path, const Item& a, const Item& b) {
    if (a.cid && b.cid && a.cid == b.cid) return;
    const auto size_a = a_->size(a);
    const auto size_b = b_->size(b);
    if (size_a && size_b && size_a != size_b) return changed(path, b);
    const auto algorithms = common_algorithms(a, b);
    if (algorithms.empty()) {
      return trouble(path, Error(Code::unsupported,
                                 "its digests are of different functions, and say nothing of "
                                 "each other"));
    }
    // Both are asked for in turn; the second has the first's answer by then.
    const auto first = std::make_shared<Result<files::Digests>>();
    a_->digest(digester_, a, algorithms,
               [first](Result<files::Digests> digests) { *first = std::move(digests); });
    b_->digest(digester_, b, algorithms,
               [this, first, path, b](const Result<files::Digests>& second) {
                 if (!*first) return trouble(path, first->error());
                 if (!second) return trouble(path, second.error());
                 if ((*first)->values != second->values) changed(path, b);
               });
  }

  static files::Algorithms common_algorithms(const Item& a, const Item& b) {
    if (a.digests.empty() && b.digests.empty()) return {kDiffAlgorithm};
    if (a.digests.empty()) return algorithms_of(b);
    if (b.digests.empty()) return algorithms_of(a);
    files::Algorithms common;
    for (const auto alg : algorithms_of(a)) {
      const bool both = std::ranges::find(b.digests, alg, &content::Digest::alg) != b.digests.end();
      if (both) common.push_back(alg);
    }
    return common;
  }

  /// At least one is known by its CID only.
  void compare_named(const std::string& path, const Item& a, const Item& b) {
    const Item& other = a.kind == Kind::named ? b : a;
    const Item& named = a.kind == Kind::named ? a : b;
    if (!other.path.empty()) {
      return match_later(
          digester_, threads_, {other.path, *named.cid, {}},
          [this](std::uint64_t bytes) { meter_.advance(bytes); },
          [this, path, b](const Result<CidMatch>& found) {
            if (!found) return trouble(path, found.error());
            if (!found->matches) changed(path, b);
          });
    }
    if (other.cid && other.cid->hash() == named.cid->hash() &&
        other.cid->codec() == named.cid->codec()) {
      return;
    }
    // Made in one way, as far as can be seen, they would be the same.
    const bool alike = other.kind == Kind::named && other.cid->version() == named.cid->version() &&
                       other.cid->codec() == named.cid->codec() &&
                       other.cid->hash().code() == named.cid->hash().code();
    if (alike) return changed(path, b);
    trouble(path, Error(Code::unsupported, "its CIDs differ, but that may be how they were made"));
  }

  void differ(Change change, const std::string& path, const Item& item, Kind was = Kind::file) {
    if (!kept_) return;
    auto added = changes_.add(change, path, item, was);
    if (added) return;
    if (!files::of_temporary_file(added.error())) return trouble(path, added.error());
    kept_ = std::move(added);
  }
  void changed(const std::string& path, const Item& item) { differ(Change::changed, path, item); }

  Result<void> print() {
    for (;;) {
      P2P_TRY(const auto one, changes_.next());
      if (!one) return {};
      record::Record record("difference");
      set_path(record, one->path);
      record.set("change", name_of(one->change));
      if (one->change == Change::renamed) {
        record.set("from", repair_utf8(one->from));
        if (!is_utf8(one->from)) record.set("from_raw", as_bytes(one->from));
      }
      if (one->change == Change::replaced) record.set("was", hash::name_of(one->was));
      console_.print(record.set("kind", hash::name_of(one->kind)));
    }
  }

  void trouble(const std::string& path, const Error& error) {
    meter_.hide();
    complain(console_, path, error);
    trouble_ = true;
  }

  cli::Console& console_;
  std::unique_ptr<Tree> a_;
  std::unique_ptr<Tree> b_;
  const unsigned threads_;
  Changes changes_;
  Result<void> kept_;      ///< or why nothing can be kept any more, and nothing more is looked at
  std::size_t depth_ = 0;  ///< of folders that are gone through
  bool trouble_ = false;
  Meter meter_;
  files::Digester digester_;
};

class DiffMode : public Mode {
 public:
  explicit DiffMode(const Options& common) : common_(common) {}

  void declare(cli::Command& command) override {
    command.usage("p2p-hash --diff [OPTION]... A B");
    command.group("Comparing")
        .flag("--diff", diff_,
              "say what was added, removed, changed or renamed from A to B: folders, CARs, files "
              "of checksums, or a file");
    command.example("p2p-hash --diff SUMS src", "what happened since the checksums were written");
  }
  std::string_view chosen() const override { return diff_ ? "--diff" : ""; }
  bool defaults_to_stdin() const override { return false; }
  Takes takes() const override { return {.algorithm = true}; }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    if (common_.files.size() != 2) return usage("--diff compares two FILEs");
    const auto& [a, b] = std::pair(common_.files[0], common_.files[1]);
    if (a == "-" && b == "-") return usage("only one of the two can be standard input");
    P2P_TRY(const Side side_a, side_of_either(a, false));
    P2P_TRY(const Side side_b, side_of_either(b, has_many(a, side_a)));
    // An empty file may be a list of nothing, beside something that has many files.
    P2P_TRY(const Side sure_a, side_of_either(a, has_many(b, side_b)));
    P2P_TRY(auto tree_a, open(a, sure_a, side_b == Side::file_system ? b : ""));
    P2P_TRY(auto tree_b, open(b, side_b, sure_a == Side::file_system ? a : ""));
    Comparer comparer(console, common_.threads(), std::move(tree_a), std::move(tree_b));
    return comparer.run();
  }

 private:
  static Result<Side> side_of_either(const std::string& path, bool may_be_empty) {
    auto side = side_of(path, may_be_empty);
    if (!side) return fail(std::move(side).error().during("read", path));
    return side;
  }
  static bool has_many(const std::string& path, Side side) {
    return side == Side::list || files::is_directory(path);
  }

  Result<std::unique_ptr<Tree>> open(const std::string& path, Side side,
                                     const std::string& beside) const {
    if (side == Side::file_system) return file_system_tree(path);
    auto tree = side == Side::car ? car_tree(path) : list_tree(path, common_.algorithms, beside);
    if (!tree) return fail(std::move(tree).error().during("read", path));
    return tree;
  }

  const Options& common_;
  bool diff_ = false;
};

}  // namespace

std::unique_ptr<Mode> diff_mode(const Options& options) {
  return std::make_unique<DiffMode>(options);
}

}  // namespace p2p::hash
