// Directories: one block of sorted links, or past the profile's threshold a HAMT of shards
// (https://specs.ipfs.tech/unixfs, "HAMT Sharded Directory"): fanout 256, murmur3-x64-64.
#pragma once

#include <map>
#include <string>

#include "content/block.h"

namespace p2p::content {

class DirectoryImporter {
 public:
  explicit DirectoryImporter(const Profile& profile, BlockSink sink = {});

  /// Adds an entry; a name that is there already, is empty, or has a slash is
  /// Code::invalid_argument.
  Result<void> add(std::string name, const Imported& target);
  Result<Imported> finish();

 private:
  Profile profile_;
  BlockSink sink_;
  std::map<std::string, Imported> entries_;  // std::string compares bytes, as dag-pb sorts
};

/// A symbolic link's own block.
Result<Imported> import_symlink(const Profile& profile, std::string_view target,
                                const BlockSink& sink = {});

}  // namespace p2p::content
