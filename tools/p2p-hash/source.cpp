#include "source.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <memory>

#include "base/system_error.h"

namespace p2p::hash {

namespace {

/// What is read in less than this needs no flush before it: a reader downstream does not notice.
constexpr off_t kQuickSize = 1024 * 1024;

Time now() {
  return Time(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

std::unexpected<Error> system_failure(int error) {
  return fail(code_of_errno(error), errno_text(error));
}

/// A descriptor that closes itself, unless it is standard input.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  return S_ISLNK(mode) ? FileKind::symlink : FileKind::other;
}

}  // namespace

Source::Source(cli::Console& console)
    : console_(console), progress_(console), buffer_(kPieceSize) {}

Result<void> Source::read(const std::string& name, const Take& take) {
  const Descriptor file(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return system_failure(errno);
  struct stat status{};
  const bool sized = ::fstat(file.fd(), &status) == 0 && S_ISREG(status.st_mode);
  if (!sized || status.st_size > kQuickSize) console_.out().flush();
  ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);

  const bool show = progress_.visible();
  if (show) {
    const auto total = static_cast<std::uint64_t>(status.st_size);
    progress_.begin(name, sized ? std::optional(total) : std::nullopt, now());
  }
  std::uint64_t done = 0;
  Result<void> result;
  while (result) {
    const ssize_t n = ::read(file.fd(), buffer_.data(), buffer_.size());
    if (n == 0) break;
    if (n > 0) {
      done += static_cast<std::uint64_t>(n);
      result = take(ByteView(buffer_).first(static_cast<std::size_t>(n)));
      if (show) progress_.update(done, now());
    } else if (errno != EINTR) {
      result = system_failure(errno);
    }
  }
  progress_.end();
  return result;
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::vector<Entry>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return system_failure(errno);
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status{};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_failure(errno);
    }
    entries.push_back({name, kind_of(status.st_mode)});
  }
  if (errno != 0) return system_failure(errno);
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

Result<std::string> read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
  if (n < 0) return system_failure(errno);
  target.resize(static_cast<std::size_t>(n));
  return target;
}

std::string join_path(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

}  // namespace p2p::hash
