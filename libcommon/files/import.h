// Files and folders into UnixFS DAGs, as `ipfs add` does it, on all cores: the parts of a large
// file side by side, small files many to a job. What comes out, and the order of the blocks, does
// not depend on the number of threads.
//
//     Pipeline pipeline(jobs);
//     Importer importer(options, pipeline, events);
//     for (…) importer.import(path, done);
//     P2P_CHECK(importer.finish());
//
// Memory is bounded: what the pipeline has in flight, a row of links for each level of a large
// file's tree, and of each folder on the path to the current one its names and its entries' CIDs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/block.h"
#include "content/ignore_rules.h"
#include "content/unixfs.h"
#include "files/file.h"
#include "files/pipeline.h"

namespace p2p::files {

/// Which modes and times are stored: `ipfs add`'s --preserve-mode, --mode and so on.
struct MetadataRule {
  bool keep_mode = false;
  bool keep_mtime = false;
  /// For everything, instead of its own. Go's os.FileMode, as kubo takes it: of bits above 0777 it
  /// knows only its own, so that 04755 is stored as 0755. 0 is no mode.
  std::optional<std::uint32_t> mode;
  std::optional<content::UnixFsTime> mtime;

  bool any() const { return keep_mode || keep_mtime || mode || mtime; }
  /// What is stored of a file, folder or link of this status; standard input has none.
  content::UnixFsMetadata of(Kind kind, const Status* status) const;
};

struct ImportOptions {
  content::Profile profile;
  /// Folders are taken, with all below them; else they are Code::io, "Is a directory".
  bool recursive = false;
  bool hidden = false;          ///< entries whose names begin with a dot, too
  content::IgnoreRules ignore;  ///< entries to leave out; what is named by path is never left out
  bool empty_folders = true;    ///< folders that no entry is taken of, below what is named by path
  bool follow_named = false;    ///< symbolic links named by path stand for what they point to
  bool follow_all = false;      ///< all symbolic links do
  MetadataRule metadata;
};

class Importer {
 public:
  struct Events {
    /// Gets every block, children before parents, in an order that depends on the content only.
    /// With a sink, files are read into memory, not mapped: a block is what its CID says even if
    /// the file changes meanwhile.
    content::BlockSink sink = {};
    /// What could not be read, below a folder; its path, and why.
    std::function<void(const std::string& path, const Error& why)> failed = {};
    /// So many bytes of that file were read.
    std::function<void(const std::string& path, std::uint64_t bytes)> progress = {};
    /// A stream is going to be waited for: the time to flush what was printed.
    std::function<void()> waiting = {};
  };
  /// All are called on the caller's thread, and none by the destructor. The pipeline must outlive
  /// the importer and be used by nobody else meanwhile.
  Importer(ImportOptions options, Pipeline& pipeline, Events events);
  ~Importer();
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  using Done = std::move_only_function<void(Result<content::Imported>)>;
  /// Imports what `path` names, "-" standard input. `done` is called on this thread, now or by
  /// later calls, in the order of the calls: with the root; with the error, whose `why` is the
  /// system's own words; or with Code::cancelled where a folder lacks something that `failed` was
  /// told of, or the sink or a temporary file has failed.
  void import(const std::string& path, Done done);
  /// Calls what `done` is left. The sink's error, or that of a temporary file for the names in
  /// large folders, if there was one: everything since is cancelled.
  Result<void> finish();

 private:
  struct Folder;
  struct Target;
  struct Item;
  struct Batch;
  struct Large;
  struct Part;

  void add(Target target, Kind kind, const Status& status);
  void add_failed(Target target, Error error);
  void enter(Target target);
  void walk(std::unique_ptr<Folder> folder);
  void take(Folder& folder, std::string_view name, Kind kind);
  void put(Item item);
  void flush();
  void run(Batch& batch) const;
  Result<content::Imported> import_alone(Item& item) const;
  void settle(Item& item);
  void deliver(Target& target, Result<content::Imported> result);
  void break_off(const Error& error);
  void close(std::unique_ptr<Folder> folder);

  void open_large(Target target);
  std::size_t window_size() const;
  void import_parts(const std::shared_ptr<Large>& large);
  void import_cuts(const std::shared_ptr<Large>& large);
  void import_stream(const std::shared_ptr<Large>& large);
  static std::size_t cut(Part& part, content::Chunker& chunker, std::size_t scanned, bool last);
  void load(const Large& large, Part& part) const;
  void submit_part(const std::shared_ptr<Large>& large, const std::shared_ptr<Part>& part);
  void name_leaves(const Large& large, Part& part) const;
  void settle(Large& large, Part& part);
  void submit_end(const std::shared_ptr<Large>& large);

  ImportOptions options_;
  Pipeline& pipeline_;
  Events events_;
  content::BlockSink sink_;       // events_.sink, until it fails
  std::optional<Error> stopped_;  // nothing goes on: the sink's error, or a temporary file's
  std::unique_ptr<Batch> batch_;
  std::size_t depth_ = 0;
  bool abandoned_ = false;  // nobody waits any more
};

}  // namespace p2p::files
