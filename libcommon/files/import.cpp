#include "files/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/path.h"
#include "base/system_error.h"
#include "files/import_parts.h"
#include "files/listing.h"
#include "files/sorter.h"
#include "files/walk.h"

namespace p2p::files {

using content::Imported;
using content::UnixFsMetadata;
using multiformats::Cid;

namespace {

/// From here on a file is imported in parts: what is smaller is read, not mapped, and a batch of
/// such is hashed in a few milliseconds.
constexpr std::uint64_t kLargeSize = 256 * 1024;
constexpr std::size_t kBatchItems = 64;

/// Files of /proc and the like say that they are empty and are not. Their content is held whole:
/// the largest, /proc/kallsyms, is this long.
constexpr std::size_t kMaxUnsized = 16 * 1024 * 1024;
constexpr std::uint64_t kBatchBytes = 1024 * 1024;

/// Deeper than any path the system takes; each level holds a descriptor and some stack.
constexpr std::size_t kMaxDepth = 2000;

std::unexpected<Error> incomplete() { return fail(Code::cancelled, "incomplete"); }

/// `d/` names what `d` names, as with ipfs: the link itself where it is one.
std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::uint32_t unix_permissions(std::uint32_t go_mode) {
  // Go keeps set-uid, set-gid and sticky in bits of its own.
  return (go_mode & 0777) | (go_mode & 0xc00000) >> 12 | (go_mode & 0x100000) >> 11;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// All of a small file, which must be as `before` says, then and now.
Result<Bytes> read_small(int directory, const std::string& name, const Status& before) {
  // O_NONBLOCK: what has become a FIFO since is not waited for.
  const Descriptor file(
      ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.fd() < 0) return system_failure(errno);
  // Room for one byte more shows that the file ends where it should.
  Bytes content(before.size + 1);
  std::size_t done = 0;
  for (;;) {
    const ssize_t n = ::read(file.fd(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure(errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
    if (done < content.size()) {
      if (before.size != 0 && done == before.size) break;
      continue;
    }
    if (before.size != 0 || done > kMaxUnsized) return fail(Code::io, kChanged);
    content.resize(std::max<std::size_t>(4096, 2 * done));
  }
  P2P_TRY(const Status after, status_of(file.fd()));
  if (!(after == before) || done < before.size) {
    return fail(Code::io, kChanged);
  }
  content.resize(done);
  return content;
}

}  // namespace

UnixFsMetadata MetadataRule::of(Kind kind, const Status* status) const {
  UnixFsMetadata stored;
  const bool folder = kind == Kind::directory;
  if (mode && *mode != 0) {
    stored.mode = unix_permissions(*mode);
  } else if (keep_mode && status != nullptr) {
    stored.mode = status->mode;
  }
  // To Go a folder's mode is never 0, for it says that it is one; a file's may be.
  if (kind == Kind::symlink || (stored.mode == 0U && !folder)) stored.mode.reset();
  if (mtime) {
    stored.mtime = mtime;
  } else if (keep_mtime && status != nullptr) {
    stored.mtime = {status->modified.tv_sec, static_cast<std::uint32_t>(status->modified.tv_nsec)};
  }
  // Go's zero time, the beginning of the year 1, is no time.
  if (stored.mtime == content::UnixFsTime{-62135596800, 0}) stored.mtime.reset();
  return stored;
}

int Importer::Target::directory() const { return folder == nullptr ? AT_FDCWD : folder->fd; }

std::string Importer::Target::path() const {
  return folder == nullptr ? name : join_path(folder->path, name);
}

Importer::Folder::~Folder() {
  if (fd >= 0) ::close(fd);
}

Importer::Importer(ImportOptions options, Pipeline& pipeline, Events events)
    : options_(std::move(options)),
      pipeline_(pipeline),
      events_(std::move(events)),
      batch_(std::make_unique<Batch>()) {
  if (!events_.sink) return;
  sink_ = [this](const Cid& cid, ByteView block) -> Result<void> {
    if (stopped_) return incomplete();
    auto taken = events_.sink(cid, block);
    if (taken) return {};
    stopped_ = std::move(taken.error());
    return incomplete();
  };
}

Importer::~Importer() {
  // Jobs that have begun still look at what is here.
  abandoned_ = true;
  pipeline_.drain();
}

void Importer::import(const std::string& path, Done done) {
  Target target{nullptr, path, std::move(done)};
  if (path == "-") return open_large(std::move(target));
  target.name = without_slashes(path);
  const auto status =
      status_at(AT_FDCWD, target.name, options_.follow_named || options_.follow_all);
  if (!status) return add_failed(std::move(target), status.error());
  if (status->kind == Kind::directory && !options_.recursive) {
    return add_failed(std::move(target), Error(Code::io, errno_text(EISDIR)));
  }
  add(std::move(target), status->kind, *status);
}

Result<void> Importer::finish() {
  flush();
  pipeline_.drain();
  if (stopped_) return std::unexpected(*stopped_);
  return {};
}

void Importer::add(Target target, Kind kind, const Status& status) {
  Item item;
  switch (kind) {
    case Kind::directory:
      return enter(std::move(target));
    case Kind::other:  // a FIFO or a device is read where it is asked for by name
      if (target.folder == nullptr) return open_large(std::move(target));
      return add_failed(std::move(target), Error(Code::unsupported, "Not a regular file"));
    case Kind::regular:
      if (status.size >= kLargeSize) return open_large(std::move(target));
      item.what = Item::What::file;
      break;
    case Kind::symlink:
      item.what = Item::What::symlink;
      break;
  }
  item.target = std::move(target);
  item.status = status;
  put(std::move(item));
}

void Importer::add_failed(Target target, Error error) {
  Item item;
  item.target = std::move(target);
  item.result = std::unexpected(std::move(error));
  put(std::move(item));
}

void Importer::enter(Target target) {
  std::string path = target.path();
  const auto open = [&] {
    const bool named = target.folder == nullptr && options_.follow_named;
    const int nofollow = named || options_.follow_all ? 0 : O_NOFOLLOW;
    return ::openat(target.directory(), target.name.c_str(),
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC | nofollow);
  };
  int fd = open();
  if (fd < 0 && errno == EMFILE) {
    // Folders that are only waiting for their jobs hold descriptors, too.
    flush();
    pipeline_.drain();
    fd = open();
  }
  if (fd < 0) {
    const int why = errno;
    return add_failed(std::move(target), Error(code_of_errno(why), errno_text(why)));
  }
  UnixFsMetadata metadata;
  struct stat found{};
  if ((options_.metadata.any() || options_.follow_all) && ::fstat(fd, &found) == 0) {
    Status status;
    status.mode = found.st_mode & 07777U;
    status.modified = found.st_mtim;
    metadata = options_.metadata.of(Kind::directory, &status);
  }
  content::DirectoryImporter entries(
      options_.profile, sink_, metadata, make_temporary_file,
      Listing::share(depth_ + 1, content::DirectoryImporter::kMemory));
  auto folder = std::make_unique<Folder>(std::move(target), std::move(path), std::move(entries));
  folder->fd = fd;
  folder->device = found.st_dev;
  folder->inode = found.st_ino;
  walk(std::move(folder));
}

void Importer::walk(std::unique_ptr<Folder> folder) {
  ++depth_;
  for (const Folder* above = folder->self.folder; above != nullptr; above = above->self.folder) {
    if (options_.follow_all && above->device == folder->device && above->inode == folder->inode) {
      folder->error = Error(Code::limit, "a symbolic link leads back to a folder it is in");
    }
  }
  if (depth_ > kMaxDepth) folder->error = Error(Code::limit, "folders nested too deep");
  if (!folder->error) {
    const auto leave_out = [this](std::string_view name) {
      return (!options_.hidden && content::is_hidden(name)) || options_.ignore.ignores(name);
    };
    auto listing = Listing::read(folder->fd, leave_out, Listing::share(depth_));
    if (listing) {
      folder->left_out =
          listing->size() == 0 && !options_.empty_folders && folder->self.folder != nullptr;
      while (!stopped_) {
        const auto entry = listing->next();
        if (!entry) break_off(entry.error());
        if (!entry || !*entry) break;
        take(*folder, (*entry)->name, (*entry)->kind);
      }
    } else if (of_temporary_file(listing.error())) {
      break_off(listing.error());
    } else {
      folder->error = listing.error();
    }
  }
  --depth_;
  Item item;
  item.what = Item::What::close;
  item.folder = std::move(folder);
  put(std::move(item));
}

void Importer::take(Folder& folder, std::string_view name, Kind kind) {
  Target target{&folder, std::string(name), {}};
  Status status;
  const bool follow = kind == Kind::symlink && options_.follow_all;
  const bool times = kind == Kind::symlink && options_.metadata.keep_mtime;
  if (kind == Kind::regular || follow || times) {
    const auto found = status_at(folder.fd, target.name, follow);
    if (!found) return add_failed(std::move(target), found.error());
    status = *found;
    kind = status.kind;
  }
  add(std::move(target), kind, status);
}

void Importer::put(Item item) {
  batch_->bytes += item.status.size;
  batch_->items.push_back(std::move(item));
  if (batch_->items.size() >= kBatchItems || batch_->bytes >= kBatchBytes) flush();
}

void Importer::flush() {
  if (batch_->items.empty()) return;
  auto batch = std::shared_ptr<Batch>(std::exchange(batch_, std::make_unique<Batch>()));
  const auto job = [this, batch] { run(*batch); };
  const auto then = [this, batch] {
    if (abandoned_) return;
    for (auto& item : batch->items) settle(item);
  };
  // The sink's blocks are copies.
  pipeline_.submit(job, then, static_cast<std::size_t>(batch->bytes) * (sink_ ? 2 : 1));
}

/// On any thread. Files of one leaf are read first, and named all together.
void Importer::run(Batch& batch) const {
  const content::Profile& profile = options_.profile;
  std::vector<Item*> single;
  for (auto& item : batch.items) {
    if (item.what == Item::What::symlink) {
      item.metadata = options_.metadata.of(Kind::symlink, &item.status);
      item.result = import_alone(item);
    }
    if (item.what != Item::What::file) continue;
    item.metadata = options_.metadata.of(Kind::regular, &item.status);
    auto content = read_small(item.target.directory(), item.target.name, item.status);
    if (!content) {
      item.result = std::unexpected(std::move(content.error()));
      continue;
    }
    item.content = std::move(*content);
    const bool leaf = !item.content.empty() && item.content.size() <= profile.chunker.min &&
                      content::FileTree::whole_file(profile);
    if (leaf) {
      single.push_back(&item);
    } else {
      item.result = import_alone(item);
      item.content = {};
    }
  }
  std::ranges::sort(single, {}, [](const Item* item) { return item->content.size(); });
  std::vector<content::Chunk> chunks;
  chunks.reserve(single.size());
  for (const Item* item : single) chunks.push_back({item->content, &item->metadata});
  auto leaves = make_leaves(profile, chunks);
  for (std::size_t i = 0; i < single.size(); ++i) {
    Item& item = *single[i];
    if (sink_ && !content::is_inlined(leaves[i].imported.cid)) {
      Bytes block = std::move(leaves[i].frame.head);
      append(block, item.content);
      append(block, leaves[i].frame.tail);
      item.blocks.emplace_back(leaves[i].imported.cid, std::move(block));
    }
    item.result = std::move(leaves[i].imported);
    item.content = {};
  }
}

Result<Imported> Importer::import_alone(Item& item) const {
  content::BlockSink keep;
  if (sink_) {
    keep = [&item](const Cid& cid, ByteView block) -> Result<void> {
      item.blocks.emplace_back(cid, to_bytes(block));
      return {};
    };
  }
  if (item.what == Item::What::symlink) {
    P2P_TRY(const auto to, read_link_at(item.target.directory(), item.target.name));
    return content::import_symlink(options_.profile, to, keep, item.metadata);
  }
  content::FileImporter importer(options_.profile, keep, item.metadata);
  P2P_CHECK(importer.update(item.content));
  return importer.finish();
}

/// On the caller's thread, in the order of put().
void Importer::settle(Item& item) {
  if (item.what == Item::What::close) return close(std::move(item.folder));
  if (item.what == Item::What::file && events_.progress) {
    events_.progress(item.target.path(), item.status.size);
  }
  if (item.result) {
    for (const auto& [cid, block] : item.blocks) {
      if (auto taken = sink_(cid, block); !taken) item.result = std::unexpected(taken.error());
    }
  }
  item.blocks = {};
  deliver(item.target, std::move(item.result));
}

void Importer::deliver(Target& target, Result<Imported> result) {
  if (target.folder == nullptr) return target.done(std::move(result));
  if (result) {
    if (stopped_) return;
    const auto added = target.folder->entries.add(target.name, *result);
    if (added) return;
    if (of_temporary_file(added.error())) return break_off(added.error());
    result = std::unexpected(added.error());
  }
  target.folder->whole = false;
  if (result.error().code != Code::cancelled && events_.failed) {
    events_.failed(target.path(), result.error());
  }
}

/// Nothing more is walked, and what is not done yet is incomplete.
void Importer::break_off(const Error& error) {
  if (!stopped_) stopped_ = error;
}

void Importer::close(std::unique_ptr<Folder> folder) {
  if (folder->left_out) return;
  if (folder->error) return deliver(folder->self, std::unexpected(*folder->error));
  if (!folder->whole || stopped_) return deliver(folder->self, incomplete());
  auto finished = folder->entries.finish();
  if (!finished && of_temporary_file(finished.error())) {
    break_off(finished.error());
    finished = incomplete();
  }
  deliver(folder->self, std::move(finished));
}

}  // namespace p2p::files
