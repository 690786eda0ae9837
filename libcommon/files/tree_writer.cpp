#include "files/tree_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/system_error.h"
#include "base/system_io.h"
#include "base/temporary_name.h"

namespace p2p::files {

namespace {

/// Reads, writes and runs for owner, group and others; neither set-id nor sticky bits.
constexpr std::uint32_t kOrdinaryMode = 0777;

constexpr std::size_t kBuffer = std::size_t{128} * 1024;

std::timespec to_timespec(const content::UnixFsTime& time) {
  return {static_cast<std::time_t>(time.seconds), static_cast<long>(time.nanos)};
}

/// A file being written: nameless, or under a name of its own, until it is put in place.
class Draft {
 public:
  Draft(int folder, std::string temporary) : folder_(folder), temporary_(std::move(temporary)) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> open() {
    fd_ = ::openat(folder_, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (fd_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
      named_.emplace(folder_, temporary_);
      fd_ = ::openat(folder_, temporary_.c_str(),
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    }
    if (fd_ < 0) return system_failure(errno);
    return {};
  }

  Result<void> put(ByteView data) {
    if (buffer_.size() + data.size() > kBuffer) P2P_CHECK(flush());
    if (data.size() > kBuffer) return write(data);
    append(buffer_, data);
    return {};
  }

  Result<void> finish(const content::UnixFsMetadata& metadata) {
    P2P_CHECK(flush());
    if (metadata.mode && ::fchmod(fd_, *metadata.mode & kOrdinaryMode) != 0) {
      return system_failure(errno);
    }
    if (metadata.mtime) {
      const std::timespec times[] = {{0, UTIME_OMIT}, to_timespec(*metadata.mtime)};
      if (::futimens(fd_, times) != 0) return system_failure(errno);
    }
    return {};
  }

  /// Whether it has the temporary name now; false where it could be named `name` at once.
  Result<bool> name(const std::string& name, bool replace) {
    if (named_) return true;
    const auto self = "/proc/self/fd/" + std::to_string(fd_);
    // Fails where the name is taken, so that nothing is lost between a look and the deed.
    if (::linkat(AT_FDCWD, self.c_str(), folder_, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return false;
    }
    if (errno != EEXIST || !replace) return system_failure(errno);
    named_.emplace(folder_, temporary_);
    if (::linkat(AT_FDCWD, self.c_str(), folder_, temporary_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return system_failure(errno);
    }
    return true;
  }
  void let_go() { named_->let_go(); }

 private:
  Result<void> flush() {
    P2P_CHECK(write(buffer_));
    buffer_.clear();
    return {};
  }
  Result<void> write(ByteView data) {
    if (const int failed = write_all(fd_, data)) return system_failure(failed);
    return {};
  }

  int folder_;
  std::string temporary_;
  int fd_ = -1;
  std::optional<TemporaryName> named_;
  Bytes buffer_;
};

}  // namespace

Result<void> check_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos) {
    return fail(Code::permission, "a name that would lead elsewhere is refused");
  }
  return {};
}

Result<TreeWriter> TreeWriter::open(const std::string& folder, bool replace) {
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return system_failure(errno);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_failure(errno);
  return TreeWriter(fd, replace);
}

TreeWriter::TreeWriter(TreeWriter&& other) noexcept
    : folders_(std::exchange(other.folders_, {})), replace_(other.replace_) {}

TreeWriter::~TreeWriter() {
  for (const int fd : folders_) ::close(fd);
}

std::string TreeWriter::temporary() const { return ".p2p-" + std::to_string(::getpid()) + ".tmp"; }

/// Renames within the current folder.
Result<void> TreeWriter::put_in_place(const std::string& from, const std::string& name) const {
  const int renamed =
      replace_ ? ::renameat(here(), from.c_str(), here(), name.c_str())
               : ::renameat2(here(), from.c_str(), here(), name.c_str(), RENAME_NOREPLACE);
  if (renamed == 0) return {};
  // No fault of the disk: a folder is not replaced by what is none.
  if (errno == EISDIR) return fail(Code::invalid_argument, errno_text(errno));
  return system_failure(errno);
}

Result<void> TreeWriter::enter(const std::string& name) {
  P2P_CHECK(check_name(name));
  if (folders_.size() > kMaxDepth) {
    return fail(Code::limit, "folders nest deeper than " + std::to_string(kMaxDepth));
  }
  if (::mkdirat(here(), name.c_str(), 0777) != 0 && errno != EEXIST) return system_failure(errno);
  const int fd = ::openat(here(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return system_failure(errno);
  folders_.push_back(fd);
  return {};
}

Result<void> TreeWriter::leave(const content::UnixFsMetadata& metadata) {
  const int fd = here();
  folders_.pop_back();
  Result<void> outcome;
  if (metadata.mode && ::fchmod(fd, *metadata.mode & kOrdinaryMode) != 0) {
    outcome = system_failure(errno);
  }
  if (metadata.mtime) {
    const std::timespec times[] = {{0, UTIME_OMIT}, to_timespec(*metadata.mtime)};
    if (::futimens(fd, times) != 0) outcome = system_failure(errno);
  }
  ::close(fd);
  return outcome;
}

TreeWriter::Room TreeWriter::room() const {
  Room room;
  struct statvfs status{};
  if (::fstatvfs(here(), &status) != 0) return room;
  const bool all = ::geteuid() == 0;  // some is kept for it
  // None at all is what file systems say that have no bound, or do not know it.
  if (status.f_blocks != 0 && status.f_frsize != 0) {
    room.block_size = status.f_frsize;
    room.blocks = all ? status.f_bfree : status.f_bavail;
  }
  if (status.f_files != 0) room.files = all ? status.f_ffree : status.f_favail;
  return room;
}

Result<void> TreeWriter::check_room(std::uint64_t size) const {
  const auto free = room();
  if (free.blocks_of(size) <= free.blocks) return {};
  return fail(Code::limit, "its " + std::to_string(size) + " bytes do not fit into the " +
                               std::to_string(free.bytes()) + " that are free on the file system");
}

Result<void> TreeWriter::file(const std::string& name, const content::UnixFsMetadata& metadata,
                              const std::function<Result<void>(const Put&)>& fill) {
  P2P_CHECK(check_name(name));
  // Known before the work; what takes the name meanwhile is seen when the file is put in place.
  struct stat there{};
  if (!replace_ && ::fstatat(here(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) {
    return system_failure(EEXIST);
  }
  Draft draft(here(), temporary());
  P2P_CHECK(draft.open());
  P2P_CHECK(fill([&](ByteView data) { return draft.put(data); }));
  P2P_CHECK(draft.finish(metadata));
  P2P_TRY(const bool moved, draft.name(name, replace_));
  if (!moved) return {};
  P2P_CHECK(put_in_place(temporary(), name));
  draft.let_go();
  return {};
}

Result<void> TreeWriter::symlink(const std::string& name, const std::string& target,
                                 const content::UnixFsMetadata& metadata) {
  P2P_CHECK(check_name(name));
  if (target.find('\0') != std::string::npos) {
    return fail(Code::invalid_argument, "a symbolic link's target has a NUL in it");
  }
  TemporaryName from(here(), temporary());
  if (::symlinkat(target.c_str(), here(), from.name().c_str()) != 0) return system_failure(errno);
  if (metadata.mtime) {
    const std::timespec times[] = {{0, UTIME_OMIT}, to_timespec(*metadata.mtime)};
    if (::utimensat(here(), from.name().c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_failure(errno);
    }
  }
  P2P_CHECK(put_in_place(from.name(), name));
  from.let_go();
  return {};
}

}  // namespace p2p::files
