#include "files/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/path.h"
#include "base/system_error.h"
#include "base/system_io.h"

namespace p2p::files {

namespace {

constexpr std::size_t kBuffer = std::size_t{256} * 1024;
/// What a temporary file's name keeps of the file's: with a process's number behind it, it has
/// fewer than 255 bytes.
constexpr std::size_t kNameInTemporary = 200;

}  // namespace

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      fd_(std::exchange(other.fd_, -1)),
      regular_(other.regular_),
      written_(other.written_),
      buffer_(std::move(other.buffer_)) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::unexpected<Error> OutputFile::failure(int number) const {
  return system_failure(number, "write", path_);
}

/// A name that no other process makes, and no longer than names may be.
std::string OutputFile::beside() const {
  const std::size_t name = path_.rfind('/') + 1;  // 0 where there is no slash
  return path_.substr(0, name) + path_.substr(name, kNameInTemporary) + "." +
         std::to_string(::getpid()) + ".tmp";
}

Result<OutputFile> OutputFile::create(const std::string& path, unsigned mode) {
  OutputFile file(path);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    file.regular_ = false;
    file.fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } else {
    file.fd_ = ::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (file.fd_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
      file.temporary_.emplace(AT_FDCWD, file.beside());
      file.fd_ =
          ::open(file.temporary_->name().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    }
  }
  if (file.fd_ < 0) return file.failure(errno);
  return file;
}

Result<void> OutputFile::put(ByteView data) {
  if (const int failed = write_all(fd_, data)) return failure(failed);
  written_ += data.size();
  return {};
}

Result<void> OutputFile::flush() {
  P2P_CHECK(put(buffer_));
  buffer_.clear();
  return {};
}

Result<void> OutputFile::write(ByteView data) {
  if (buffer_.size() + data.size() > kBuffer) {
    P2P_CHECK(flush());
    if (data.size() > kBuffer) return put(data);
  }
  append(buffer_, data);
  return {};
}

Result<void> OutputFile::write_at(std::uint64_t offset, ByteView data) {
  P2P_CHECK(flush());
  if (const int failed = write_all_at(fd_, offset, data)) return failure(failed);
  return {};
}

Result<void> OutputFile::commit() {
  P2P_CHECK(flush());
  if (!regular_) {
    if (::close(std::exchange(fd_, -1)) != 0) return failure(errno);
    return {};
  }
  // EINVAL: a file system that cannot sync.
  if (::fsync(fd_) != 0 && errno != EINVAL) return failure(errno);
  if (!temporary_) {
    const auto self = "/proc/self/fd/" + std::to_string(fd_);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      if (::close(std::exchange(fd_, -1)) != 0) return failure(errno);
      return {};
    }
    if (errno != EEXIST) return failure(errno);
    // A nameless file cannot take the place of another: it gets a name first.
    temporary_.emplace(AT_FDCWD, beside());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_->name().c_str(), AT_SYMLINK_FOLLOW) !=
        0) {
      return failure(errno);
    }
  }
  if (::close(std::exchange(fd_, -1)) != 0) return failure(errno);
  if (::rename(temporary_->name().c_str(), path_.c_str()) != 0) return failure(errno);
  temporary_->let_go();
  return {};
}

}  // namespace p2p::files
