// A directory's entries, kept small: directories of a million entries are walked, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "files/file.h"

namespace p2p::files {

class Listing {
 public:
  struct Entry {
    std::string_view name;  ///< valid as long as the listing
    Kind kind;              ///< of the entry itself: links are not followed
  };

  /// The entries of an open directory but "." and "..", and but those that `leave_out` says. Keeps
  /// of each its name and six bytes.
  static Result<Listing> read(int directory,
                              const std::function<bool(std::string_view)>& leave_out);

  std::size_t size() const { return places_.size(); }
  /// In the order of the names' bytes.
  Entry at(std::size_t index) const { return entry(places_[index]); }

 private:
  static constexpr std::size_t kPageSize = 256 * 1024;

  Result<void> add(std::string_view name, Kind kind);
  Entry entry(std::uint32_t place) const;

  std::vector<Bytes> pages_;           // records: kind, the name's size in two bytes, name
  std::vector<std::uint32_t> places_;  // where they begin: page * kPageSize + place in it
};

}  // namespace p2p::files
