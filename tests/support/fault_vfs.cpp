#include "support/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

namespace p2p::testing {

namespace {

/// What a disk writes or does not write as one.
constexpr std::size_t kSector = 512;
constexpr int kShmLocks = 8;  // SQLITE_SHM_NLOCK

struct Change {
  std::size_t offset = 0;
  Bytes data;
  std::optional<std::size_t> truncate;
};

struct File {
  Bytes current;  ///< as programs see it
  Bytes durable;  ///< as it was when last synced
  std::vector<Change> pending;
  bool exists = true;
  bool durable_exists = false;

  int shared = 0;
  bool reserved = false;
  bool exclusive = false;
  std::vector<std::unique_ptr<Bytes>> shm;
  std::array<int, kShmLocks> shm_locks{};  ///< readers, or -1 for a writer
};

void replay(Bytes& content, const Change& change) {
  if (change.truncate) {
    content.resize(*change.truncate);
    return;
  }
  content.resize(std::max(content.size(), change.offset + change.data.size()));
  std::copy(change.data.begin(), change.data.end(),
            content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

}  // namespace

struct FaultVfs::Disk {
  sqlite3_vfs vfs{};
  std::map<std::string, std::shared_ptr<File>> files;
  std::uint64_t changes = 0;
  std::uint64_t off_at = UINT64_MAX;
  std::uint64_t lost = 0;
  std::uint64_t randomness = 1;

  /// Counts a change; false once the power is off.
  bool change() { return changes++ < off_at; }
  bool on() const { return changes <= off_at; }
  void sync_directory() {
    std::erase_if(files, [](const auto& entry) { return !entry.second->exists; });
    for (auto& [path, file] : files) file->durable_exists = true;
  }
};

namespace {

struct Handle {
  sqlite3_file base;
  FaultVfs::Disk* disk;
  std::shared_ptr<File>* file;
  int lock;
  std::array<signed char, kShmLocks>* held;  ///< of shm: 0 none, 1 shared, 2 exclusive
};

Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
File& file_of(sqlite3_file* file) { return **handle_of(file).file; }
FaultVfs::Disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultVfs::Disk*>(vfs->pAppData); }

int unlock(sqlite3_file* file, int level) {
  Handle& handle = handle_of(file);
  File& data = file_of(file);
  if (handle.lock >= SQLITE_LOCK_EXCLUSIVE && level < SQLITE_LOCK_EXCLUSIVE) data.exclusive = false;
  if (handle.lock >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED) data.reserved = false;
  if (handle.lock >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED) --data.shared;
  handle.lock = std::min(handle.lock, level);
  return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
  Handle& handle = handle_of(file);
  File& data = file_of(file);
  if (handle.lock >= level) return SQLITE_OK;
  if (handle.lock < SQLITE_LOCK_SHARED) {
    if (data.exclusive) return SQLITE_BUSY;
    ++data.shared;
    handle.lock = SQLITE_LOCK_SHARED;
  }
  if (level >= SQLITE_LOCK_RESERVED && handle.lock < SQLITE_LOCK_RESERVED) {
    if (data.reserved) return SQLITE_BUSY;
    data.reserved = true;
    handle.lock = SQLITE_LOCK_RESERVED;
  }
  if (level >= SQLITE_LOCK_EXCLUSIVE) {
    if (data.shared > 1) return SQLITE_BUSY;
    data.exclusive = true;
    handle.lock = SQLITE_LOCK_EXCLUSIVE;
  }
  return SQLITE_OK;
}

int close(sqlite3_file* file) {
  Handle& handle = handle_of(file);
  unlock(file, SQLITE_LOCK_NONE);
  delete handle.file;
  delete handle.held;
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  if (!handle_of(file).disk->on()) return SQLITE_IOERR_READ;
  const Bytes& content = file_of(file).current;
  const auto from = static_cast<std::size_t>(offset);
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t have = from >= content.size() ? 0 : std::min(wanted, content.size() - from);
  std::memset(out, 0, wanted);
  if (have > 0) std::memcpy(out, content.data() + from, have);
  return have == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int record(sqlite3_file* file, Change change, int failure) {
  if (!handle_of(file).disk->change()) return failure;
  File& data = file_of(file);
  replay(data.current, change);
  data.pending.push_back(std::move(change));
  return SQLITE_OK;
}

int write(sqlite3_file* file, const void* in, int size, sqlite3_int64 offset) {
  const auto* bytes = static_cast<const std::uint8_t*>(in);
  Change change;
  change.offset = static_cast<std::size_t>(offset);
  change.data.assign(bytes, bytes + size);
  return record(file, std::move(change), SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  Change change;
  change.truncate = static_cast<std::size_t>(size);
  return record(file, std::move(change), SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* file, int) {
  FaultVfs::Disk& disk = *handle_of(file).disk;
  if (!disk.change()) return SQLITE_IOERR_FSYNC;
  File& data = file_of(file);
  // As SQLite's own unix VFS: a new file's first sync syncs its directory too, and with it every
  // name that was made or deleted before.
  if (!data.durable_exists) disk.sync_directory();
  data.durable = data.current;
  data.durable_exists = true;
  data.pending.clear();
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(file_of(file).current.size());
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* out) {
  *out = file_of(file).reserved;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(kSector); }
int characteristics(sqlite3_file*) { return 0; }

int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  auto& pages = file_of(file).shm;
  *out = nullptr;
  while (pages.size() <= static_cast<std::size_t>(page)) {
    if (extend == 0) return SQLITE_OK;
    pages.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(size)));
  }
  *out = pages[static_cast<std::size_t>(page)]->data();
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  File& data = file_of(file);
  auto& held = *handle_of(file).held;
  for (int i = offset; i < offset + count; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    int& state = data.shm_locks[slot];
    if ((flags & SQLITE_SHM_UNLOCK) != 0) continue;
    if ((flags & SQLITE_SHM_SHARED) != 0 ? state < 0 : (state != 0 && held[slot] == 0)) {
      return SQLITE_BUSY;
    }
  }
  for (int i = offset; i < offset + count; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    int& state = data.shm_locks[slot];
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      if (held[slot] == 2) state = 0;
      if (held[slot] == 1) --state;
      held[slot] = 0;
    } else if ((flags & SQLITE_SHM_SHARED) != 0) {
      if (held[slot] == 0) ++state;
      held[slot] = 1;
    } else {
      state = -1;
      held[slot] = 2;
    }
  }
  return SQLITE_OK;
}

void shm_barrier(sqlite3_file*) {}

int shm_unmap(sqlite3_file* file, int remove) {
  for (int i = 0; i < kShmLocks; ++i) shm_lock(file, i, 1, SQLITE_SHM_UNLOCK);
  if (remove != 0) file_of(file).shm.clear();
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {2,
                                     close,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     file_size,
                                     lock,
                                     unlock,
                                     check_reserved,
                                     file_control,
                                     sector_size,
                                     characteristics,
                                     shm_map,
                                     shm_lock,
                                     shm_barrier,
                                     shm_unmap,
                                     nullptr,
                                     nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  FaultVfs::Disk& disk = disk_of(vfs);
  out->pMethods = nullptr;
  std::shared_ptr<File> file;
  if (name == nullptr) {
    file = std::make_shared<File>();
  } else {
    std::shared_ptr<File>& entry = disk.files[name];
    if (!entry || !entry->exists) {
      if ((flags & SQLITE_OPEN_CREATE) == 0 || !disk.on()) return SQLITE_CANTOPEN;
      if (!entry) entry = std::make_shared<File>();
      entry->exists = true;
      entry->current.clear();
      entry->pending.push_back(Change{0, {}, 0});
    }
    file = entry;
  }
  Handle& handle = handle_of(out);
  handle.disk = &disk;
  handle.file = new std::shared_ptr<File>(file);
  handle.lock = SQLITE_LOCK_NONE;
  handle.held = new std::array<signed char, kShmLocks>{};
  out->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  FaultVfs::Disk& disk = disk_of(vfs);
  const auto found = disk.files.find(name);
  if (found == disk.files.end() || !found->second->exists) return SQLITE_IOERR_DELETE_NOENT;
  if (!disk.change()) return SQLITE_IOERR_DELETE;
  found->second->exists = false;
  if (sync_directory != 0) disk.sync_directory();
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* name, int, int* out) {
  const auto& files = disk_of(vfs).files;
  const auto found = files.find(name);
  *out = found != files.end() && found->second->exists;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* out) {
  for (int i = 0; i < size; ++i) {
    std::uint64_t& state = disk_of(vfs).randomness;
    state = state * 6364136223846793005u + 1442695040888963407u;
    out[i] = static_cast<char>(state >> 56);
  }
  return size;
}

int no_sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

int current_time(sqlite3_vfs*, double* out) {
  *out = 2'460'000.5;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

FaultVfs::FaultVfs(const std::string& name) : name_(name), disk_(std::make_unique<Disk>()) {
  sqlite3_vfs& vfs = disk_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = 512;
  vfs.zName = name_.c_str();
  vfs.pAppData = disk_.get();
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = no_sleep;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  sqlite3_vfs_register(&vfs, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&disk_->vfs); }

std::uint64_t FaultVfs::changes() const { return disk_->changes; }
void FaultVfs::power_off_at(std::uint64_t change) { disk_->off_at = change; }
bool FaultVfs::powered() const { return disk_->on(); }
std::uint64_t FaultVfs::lost() const { return disk_->lost; }

void FaultVfs::restart(crypto::Random& random) {
  disk_->off_at = UINT64_MAX;
  disk_->changes = 0;
  disk_->lost = 0;
  for (auto it = disk_->files.begin(); it != disk_->files.end();) {
    File& file = *it->second;
    const bool comes_back = file.durable_exists || random.below(2) == 0;
    const bool stays_deleted = !file.exists && random.below(2) == 0;
    if (!comes_back || stays_deleted) {
      it = disk_->files.erase(it);
      continue;
    }
    file.exists = true;
    // How much of what was not synced reached the disk: nothing, all, or any sectors of it.
    const std::uint64_t luck = random.below(4);
    Bytes content = file.durable;
    for (const Change& change : file.pending) {
      if (change.truncate) {
        if (luck == 3 || random.below(2) == 0) replay(content, change);
        continue;
      }
      bool whole = true;
      for (std::size_t at = 0; at < change.data.size();) {
        const std::size_t sector_end = (change.offset + at) / kSector * kSector + kSector;
        const std::size_t size = std::min(change.data.size() - at, sector_end - change.offset - at);
        const auto from = change.data.begin() + static_cast<std::ptrdiff_t>(at);
        if (luck == 3 || (luck > 0 && random.below(2) == 0)) {
          Change part;
          part.offset = change.offset + at;
          part.data.assign(from, from + static_cast<std::ptrdiff_t>(size));
          replay(content, part);
        } else {
          whole = false;
        }
        at += size;
      }
      if (!whole) ++disk_->lost;
    }
    file.current = file.durable = content;
    file.durable_exists = true;
    file.pending.clear();
    file.shm.clear();
    file.shm_locks.fill(0);
    file.shared = 0;
    file.reserved = file.exclusive = false;
    ++it;
  }
}

}  // namespace p2p::testing
