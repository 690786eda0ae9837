// A directory's entries, one by one in order, in bounded memory: directories of millions of entries
// are walked, too.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "files/file.h"
#include "files/sorter.h"

namespace p2p::files {

class Listing {
 public:
  /// Names held of a directory take this much, which is some 50,000; of what has more, the names go
  /// to a temporary file.
  static constexpr std::size_t kMemory = std::size_t{2} << 20;
  /// What is left of `most` for the `depth`th directory, from 1 on, of those that are open one in
  /// the other: all together hold a few times as much as the first, however many they are.
  static constexpr std::size_t share(std::size_t depth, std::size_t most = kMemory) {
    return most / depth;
  }

  struct Entry {
    std::string_view name;  ///< valid until the next
    Kind kind;              ///< of the entry itself: links are not followed
  };

  using LeaveOut = std::function<bool(std::string_view name)>;

  /// The entries of an open directory but "." and "..", and but those that `leave_out` says. An
  /// error of the temporary file has a subject (of_temporary_file); one of the directory, whose
  /// path is not known here, has none.
  static Result<Listing> read(int directory, const LeaveOut& leave_out,
                              std::size_t memory = kMemory);
  /// All entries of the directory at `path`, which is the `depth`th that is open.
  static Result<Listing> of(const std::string& path, std::size_t depth);

  std::uint64_t size() const { return sorter_.size(); }
  /// The next entry, in the order of the names' bytes; nothing at the end. Errors are those of the
  /// temporary file.
  Result<std::optional<Entry>> next();

 private:
  explicit Listing(std::size_t memory) : sorter_(memory) {}

  Sorter sorter_;  ///< by name; the value is the kind
};

}  // namespace p2p::files
