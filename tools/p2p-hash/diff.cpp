// --diff: what was added, removed, changed or renamed between two trees of files, by content.
//
// Folders are walked side by side, so that memory is that of two listings a level. What differs is
// held until all was seen: only then is it known whether what is missing here stands elsewhere.
#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "base/utf8.h"
#include "cid_match.h"
#include "diff_tree.h"
#include "files/walk.h"
#include "meter.h"
#include "mode.h"
#include "report.h"

namespace p2p::hash {

namespace {

using Kind = Item::Kind;

/// What files are compared by where no list says otherwise: the fastest that cannot be fooled.
constexpr auto kAlgorithm = crypto::HashAlg::blake3;

struct Difference {
  enum class Change { added, removed, changed, replaced, renamed } change;
  std::string path;
  Item item;         ///< as it is in B; what was removed, as it was in A
  std::string from;  ///< of what was renamed, its old path
  Kind was = Kind::file;
};
using Change = Difference::Change;

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

  cli::ExitStatus run() {
    meter_.begin("comparing", std::nullopt);
    compare_roots();
    digester_.drain();
    find_renamed();
    print();
    meter_.hide();
    if (trouble_) return cli::ExitStatus::error;
    return differences_.empty() ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

 private:
  static bool is_folder(const Item& item) { return item.kind == Kind::folder; }

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
        return differ(file_first ? Change::removed : Change::added, name, std::move(one));
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
      P2P_TRY(auto items, tree.list(at));
      const auto found = std::ranges::find(items, name, &Item::name);
      if (found == items.end()) return std::nullopt;
      at = std::move(*found);
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
      differences_.push_back({Change::replaced, path, std::move(b), {}, a.kind});
      if (folder) only_one(tree, inside, path + "/", change);
      return;
    }
    if (a.kind == Kind::link && a.target != b.target) return changed(path, std::move(b));
    if (a.kind == Kind::file) return compare_files(path, a, b);
    if (a.kind == Kind::special) trouble(path, Error(Code::unsupported, "Not a regular file"));
  }

  /// Where the other side knows only of files, what a link leads to counts, as it did for whoever
  /// made the list.
  static void look_through(const Tree& other, Item& item) {
    if (item.kind != Kind::link || item.path.empty() || !other.only_files()) return;
    item.kind = files::is_directory(item.path) ? Kind::folder : Kind::file;
  }

  void compare_folders(const std::string& path, const Item& a, const Item& b,
                       const std::string& below) {
    auto in_a = a_->list(a);
    if (!in_a) return trouble(path, in_a.error());
    auto in_b = b_->list(b);
    if (!in_b) return trouble(path, in_b.error());
    auto at = in_a->begin();
    auto bt = in_b->begin();
    while (at != in_a->end() || bt != in_b->end()) {
      const bool only_a = bt == in_b->end() || (at != in_a->end() && at->name < bt->name);
      const bool only_b = at == in_a->end() || (bt != in_b->end() && bt->name < at->name);
      if (only_a) {
        only(*a_, *b_, std::move(*at++), below, Change::removed);
      } else if (only_b) {
        only(*b_, *a_, std::move(*bt++), below, Change::added);
      } else {
        const std::string here = below + at->name;
        compare(here, std::move(*at++), std::move(*bt++), here + "/");
      }
    }
  }

  /// An item that stands in `tree` and not in `other`.
  void only(Tree& tree, const Tree& other, Item item, const std::string& below, Change change) {
    const std::string path = below + item.name;
    if (item.error) return trouble(path, *item.error);
    const bool known_there = item.kind == Kind::file || item.kind == Kind::named;
    if (is_folder(item)) {
      const Item folder = item;
      // A list of files does not say which folders there are.
      if (!other.only_files() && !tree.only_files()) differ(change, path, std::move(item));
      return only_one(tree, folder, path + "/", change);
    }
    if (item.kind == Kind::special) {
      return trouble(path, Error(Code::unsupported, "Not a regular file"));
    }
    if (known_there || !other.only_files()) differ(change, path, std::move(item));
  }

  /// All that is in a folder that only one of the two has.
  void only_one(Tree& tree, const Item& folder, const std::string& below, Change change) {
    auto items = tree.list(folder);
    if (!items) return trouble(below, items.error());
    const Tree& other = &tree == a_.get() ? *b_ : *a_;
    for (auto& item : *items) only(tree, other, std::move(item), below, change);
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

  static files::Algorithms algorithms_of(const Item& item) {
    files::Algorithms algorithms;
    for (const auto& digest : item.digests) algorithms.push_back(digest.alg);
    return algorithms;
  }
  static files::Algorithms common_algorithms(const Item& a, const Item& b) {
    if (a.digests.empty() && b.digests.empty()) return {kAlgorithm};
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

  void differ(Change change, std::string path, Item item) {
    differences_.push_back({change, std::move(path), std::move(item), {}, Kind::file});
  }
  void changed(const std::string& path, Item item) {
    differ(Change::changed, path, std::move(item));
  }

  /// Pairs what was removed with what was added of the same content, but for empty files, which say
  /// nothing.
  void find_renamed() {
    std::vector<Difference*> removed;
    std::vector<Difference*> added;
    for (auto& difference : differences_) {
      if (difference.item.kind != Kind::file) continue;
      if (difference.change == Change::removed) removed.push_back(&difference);
      if (difference.change == Change::added) added.push_back(&difference);
    }
    const auto alg = rename_algorithm(removed, added);
    if (!alg) return;
    drop_hopeless(*a_, removed, *b_, added);
    const Bytes nothing = crypto::hash(*alg, {});
    std::map<Bytes, std::deque<Difference*>> old;
    digest_all(*a_, removed, *alg, [&](Difference* one, const Bytes& digest) {
      if (digest != nothing) old[digest].push_back(one);
    });
    std::vector<std::pair<Difference*, Difference*>> pairs;
    digest_all(*b_, added, *alg, [&](Difference* one, const Bytes& digest) {
      const auto found = old.find(digest);
      if (found == old.end() || found->second.empty()) return;
      pairs.emplace_back(found->second.front(), one);
      found->second.pop_front();
    });
    std::set<const Difference*> gone;
    for (const auto& [before, after] : pairs) {
      after->change = Change::renamed;
      after->from = before->path;
      gone.insert(before);
    }
    std::erase_if(differences_, [&](const Difference& one) { return gone.contains(&one); });
  }

  /// The first function that all can be compared by; nothing where there is nothing to compare.
  static std::optional<crypto::HashAlg> rename_algorithm(const std::vector<Difference*>& removed,
                                                         const std::vector<Difference*>& added) {
    if (removed.empty() || added.empty()) return std::nullopt;
    for (const auto* some : {&removed, &added}) {
      const auto& digests = some->front()->item.digests;
      if (!digests.empty()) return digests.front().alg;
    }
    return kAlgorithm;
  }

  /// Leaves only those whose size the other side has, too. What has no size of its own stays.
  static void drop_hopeless(Tree& a, std::vector<Difference*>& removed, Tree& b,
                            std::vector<Difference*>& added) {
    const auto sizes_of = [](Tree& tree, const std::vector<Difference*>& some) {
      std::map<const Difference*, std::optional<std::uint64_t>> sizes;
      for (const auto* one : some) sizes[one] = tree.size(one->item);
      return sizes;
    };
    const auto sizes_a = sizes_of(a, removed);
    const auto sizes_b = sizes_of(b, added);
    const auto drop = [](std::vector<Difference*>& some, const auto& own, const auto& others) {
      std::set<std::optional<std::uint64_t>> there;
      for (const auto& [one, size] : others) there.insert(size);
      std::erase_if(some, [&](const Difference* one) {
        const auto size = own.at(one);
        return size && !there.contains(size) && !there.contains(std::nullopt);
      });
    };
    drop(removed, sizes_a, sizes_b);
    drop(added, sizes_b, sizes_a);
  }

  template <class Take>
  void digest_all(Tree& tree, const std::vector<Difference*>& some, crypto::HashAlg alg,
                  const Take& take) {
    for (auto* one : some) {
      const auto algorithms = algorithms_of(one->item);
      const bool can =
          one->item.digests.empty() || std::ranges::find(algorithms, alg) != algorithms.end();
      if (!can) continue;
      tree.digest(digester_, one->item, {alg}, [&, one](const Result<files::Digests>& digests) {
        if (!digests) return trouble(one->path, digests.error());
        take(one, digests->values.front());
      });
    }
    digester_.drain();
  }

  void print() {
    // As paths sort name by name, what is in a folder after it.
    const auto key = [](const Difference& one) {
      std::string sortable = one.path;
      std::ranges::replace(sortable, '/', '\0');
      return sortable;
    };
    std::ranges::stable_sort(differences_, {}, key);
    meter_.hide();
    for (const auto& one : differences_) {
      record::Record record("difference");
      set_path(record, one.path);
      record.set("change", name_of(one.change));
      if (one.change == Change::renamed) {
        record.set("from", repair_utf8(one.from));
        if (!is_utf8(one.from)) record.set("from_raw", as_bytes(one.from));
      }
      if (one.change == Change::replaced) record.set("was", hash::name_of(one.was));
      console_.print(record.set("kind", hash::name_of(one.item.kind)));
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
  std::deque<Difference> differences_;
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
