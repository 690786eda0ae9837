// What --diff compares: trees of files, wherever they stand. A folder is asked for one entry at a
// time, so that memory does not grow with how many there are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/car/unixfs_walk.h"
#include "content/checksum_line.h"
#include "files/digest.h"

namespace p2p::hash {

/// Something that stands in a tree.
struct Item {
  enum class Kind {
    file,
    folder,
    link,
    named,    ///< by a CID only: a file or a folder
    special,  ///< a device, a pipe, a socket
    broken,   ///< in a CAR: its block is missing or wrong
  };

  std::string name;  ///< in its folder; the root's is what the whole is called
  Kind kind = Kind::file;
  std::string target;  ///< of a link
  // Where it stands, as its tree needs it.
  std::string path;                      ///< in the file system
  std::vector<content::Digest> digests;  ///< what a list says of a file
  std::optional<multiformats::Cid> cid;  ///< what a list says, or a CAR
  std::optional<std::uint64_t> size;     ///< of a file, where it is known without looking
  std::uint64_t first = 0;               ///< where a list's entries below a folder begin
  std::size_t depth = 0;                 ///< and where in their paths their names begin
  std::optional<Error> error;            ///< of what is broken
};

/// An item as bytes, for where many wait: all but its name and its place in a list.
void append_item(Bytes& out, const Item& item);
/// The reverse, of all of `bytes`.
Result<Item> read_item(ByteView bytes);

/// "file", "folder", …
std::string_view name_of(Item::Kind kind);

/// What stands in a folder, sorted by the bytes of the names.
class Cursor {
 public:
  virtual ~Cursor() = default;
  /// The next item; nothing at the end. An error is that of a temporary file: there is no going on.
  virtual Result<std::optional<Item>> next() = 0;
};

class Tree {
 public:
  virtual ~Tree() = default;

  virtual Item root() = 0;
  /// The tree must outlive the cursor. An error is the folder's.
  virtual Result<std::unique_ptr<Cursor>> list(const Item& folder) = 0;
  /// A file's size, where that can be had without reading it.
  virtual std::optional<std::uint64_t> size(const Item& file) = 0;
  /// As Digester::add. Not for what only a list knows: that has its digests already.
  virtual void digest(files::Digester& digester, const Item& file,
                      const files::Algorithms& algorithms, files::Digester::Done done) = 0;
  /// Whether it knows of files only: of folders no more than the files in them, of links nothing.
  virtual bool only_files() const { return false; }
};

/// A folder, or a file on its own.
std::unique_ptr<Tree> file_system_tree(const std::string& path);
/// A check file's lines; `beside` is what it is compared with: names that all begin with that are
/// taken to be below it. Code::parse where a line is no checksum, or a name both a file and a
/// folder; other errors are those of reading, and of a temporary file.
Result<std::unique_ptr<Tree>> list_tree(const std::string& list,
                                        const files::Algorithms& algorithms,
                                        const std::string& beside);
/// The file or folder that is a CAR's root, of which there must be one.
Result<std::unique_ptr<Tree>> car_tree(const std::string& car);

/// What a name on the command line is.
enum class Side { file_system, list, car };
/// By its first bytes: a regular file is a CAR if it has a CAR's header, and a list if its first
/// line that is no comment is a checksum line, or it is empty and `may_be_empty`. "-" and pipes are
/// lists.
Result<Side> side_of(const std::string& path, bool may_be_empty);

}  // namespace p2p::hash
