// What differs between two trees: collected in any number, paired by content where something only
// moved, and given back sorted by path. Memory is bounded: what does not fit waits in temporary
// files.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "diff_tree.h"
#include "files/sorter.h"
#include "files/spool.h"

namespace p2p::hash {

struct Difference {
  enum class Change { added, removed, changed, replaced, renamed };

  Change change = Change::changed;
  std::string path;
  Item::Kind kind = Item::Kind::file;  ///< in B; of what was removed, in A
  Item::Kind was = Item::Kind::file;   ///< of what was replaced, in A
  std::string from;                    ///< of what was renamed, its old path
};

/// What files are compared by where no list says otherwise: the fastest that cannot be fooled.
inline constexpr auto kDiffAlgorithm = crypto::HashAlg::blake3;

/// Functions that a list has digests of.
files::Algorithms algorithms_of(const Item& item);

class Changes {
 public:
  /// Paths in archives may be longer, and are no paths then.
  static constexpr std::size_t kMaxPath = 64 * 1024;

  /// Told of what cannot be read.
  using Trouble = std::function<void(const std::string& path, const Error& error)>;

  bool empty() const { return empty_; }
  /// Not renamed: that is found out. Code::limit where the path is too long; other errors, here as
  /// below, are those of temporary files, and there is no going on.
  Result<void> add(Difference::Change change, const std::string& path, const Item& item,
                   Item::Kind was = Item::Kind::file);
  /// Pairs each file that was removed with one that was added of the same content, the first with
  /// the first; but for empty files, which say nothing.
  Result<void> find_renamed(Tree& a, Tree& b, files::Digester& digester, const Trouble& trouble);
  /// To be called once, before next().
  Result<void> finish();
  /// The next difference by path, as folders sort: what is in a folder after it. Nothing at the
  /// end.
  Result<std::optional<Difference>> next();

 private:
  enum Side : std::uint8_t { removed, added };

  /// A difference as it was added.
  struct Entry {
    Difference difference;
    Item item;  ///< of a candidate
    std::uint64_t next = 0;
  };
  /// Files on one side that may have been renamed.
  struct Candidates {
    std::optional<Item> first;
    /// Places of those whose sizes give hope, in order, once they are known.
    std::optional<files::Sorter> hopeful;
  };

  Result<std::optional<Entry>> read(std::uint64_t place, bool with_item);
  static std::optional<Side> side_of(const Difference& difference);
  crypto::HashAlg algorithm() const;
  Result<void> drop_hopeless(Tree& a, Tree& b);
  template <class Take>
  Result<void> each_candidate(Side side, const Take& take);
  Result<files::Sorter> digests_of(Side side, Tree& tree, files::Digester& digester,
                                   const Trouble& trouble);

  bool empty_ = true;
  files::Spool all_;
  Bytes record_;
  std::array<Candidates, 2> candidates_;
  /// By place: of what was renamed its old path, of what was removed by that nothing.
  std::optional<files::Sorter> renamed_;
  std::optional<files::Sorter> by_path_;
};

}  // namespace p2p::hash
