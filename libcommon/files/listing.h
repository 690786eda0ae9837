// A directory's entries, kept small: directories of a million entries are walked, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "files/file.h"

namespace p2p::files {

class Listing {
 public:
  struct Entry {
    std::string_view name;  ///< valid until the next
    Kind kind;              ///< of the entry itself: links are not followed
  };

  /// The entries of an open directory but "." and "..", and but those that `leave_out` says. Keeps
  /// of each its name and three bytes; seven while it sorts them.
  static Result<Listing> read(int directory,
                              const std::function<bool(std::string_view)>& leave_out);

  std::size_t size() const { return size_; }
  /// The next entry, in the order of the names' bytes. What came before is forgotten.
  std::optional<Entry> next();

 private:
  Result<void> add(std::string_view name, Kind kind);
  Entry entry(std::uint32_t place) const;
  void sort();

  std::deque<Bytes> pages_;  // records: kind, the name's size in two bytes, name
  std::size_t size_ = 0;
  std::size_t at_ = 0;  // of the next, in the first page
};

}  // namespace p2p::files
