// What the two halves of Importer share: import.cpp walks and takes small files, import_large.cpp
// takes large ones and streams. Private to files/.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "content/directory.h"
#include "content/file_importer.h"
#include "files/import.h"

namespace p2p::files {

/// Who waits for something imported: a folder, where it is an entry, or the caller.
struct Importer::Target {
  Folder* folder = nullptr;  ///< outlives all targets in it: it is closed after them
  std::string name;          ///< in the folder, or the path as the caller gave it
  Done done;

  /// Where it stands for the system: an open directory and a name in it.
  int directory() const;
  std::string path() const;
};

struct Importer::Folder {
  Folder(Target target, std::string where, content::DirectoryImporter importer)
      : self(std::move(target)), path(std::move(where)), entries(std::move(importer)) {}
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  Target self;
  std::string path;
  int fd = -1;
  dev_t device = 0;
  ino_t inode = 0;
  content::DirectoryImporter entries;
  std::optional<Error> error;  // of the folder itself
  bool whole = true;           // nothing in it is missing
  bool left_out = false;       // it is empty, and empty folders are not wanted
};

/// One thing in a batch, settled in its turn.
struct Importer::Item {
  enum class What { file, symlink, failed, close } what = What::failed;
  Target target;
  Status status;
  std::unique_ptr<Folder> folder;  // close
  content::UnixFsMetadata metadata;
  Bytes content;  // file, while its batch is worked on
  Result<content::Imported> result;
  std::vector<std::pair<multiformats::Cid, Bytes>> blocks;  // for the sink
};

struct Importer::Batch {
  std::vector<Item> items;
  std::uint64_t bytes = 0;
};

/// A file that is imported in parts, or a stream.
struct Importer::Large {
  Large(File opened, Target to, content::UnixFsMetadata stored, content::FileTree builder)
      : file(std::move(opened)),
        target(std::move(to)),
        metadata(std::move(stored)),
        tree(std::move(builder)) {}

  File file;
  Target target;
  content::UnixFsMetadata metadata;
  content::FileTree tree;
  std::optional<Error> error;
  std::atomic<bool> broken = false;  // there is an error: jobs need not bother
};

/// Some chunks of a large file, side by side.
struct Importer::Part {
  std::uint64_t offset = 0;
  std::size_t size = 0;
  std::vector<std::size_t> lengths;  ///< of the chunks
  bool all = false;                  ///< the one chunk is all of the file

  bool loaded = false;
  Window window;
  Bytes copy;
  ByteView bytes;  ///< of one of the two

  std::vector<content::Leaf> leaves;
  Result<void> outcome;
};

}  // namespace p2p::files
