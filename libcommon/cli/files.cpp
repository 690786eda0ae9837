#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/path.h"
#include "base/system_error.h"
#include "base/system_io.h"
#include "crypto/wipe.h"
#include "multiformats/peer_id.h"

namespace p2p::cli {

namespace {

/// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  int fd() const { return fd_; }
  /// Closes now; false where the system reports a late failure.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Result<void> write_whole(const File& file, const std::string& path, ByteView data) {
  if (const int failed = write_all(file.fd(), data)) return system_failure(failed, "write", path);
  return {};
}

Result<Bytes> read_whole(const File& file, const std::string& path, std::size_t limit) {
  Bytes data;
  std::uint8_t chunk[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(file.fd(), chunk, sizeof chunk);
    if (n == 0) return data;
    if (n > 0) {
      append(data, ByteView(chunk, static_cast<std::size_t>(n)));
      if (data.size() > limit) {
        return fail(Code::limit, "read", path,
                    "larger than the " + std::to_string(limit) + " bytes it may have");
      }
    } else if (errno != EINTR) {
      return system_failure(errno, "read", path);
    }
  }
}

/// For a rename in it to last.
void sync_folder(const std::string& path) {
  const File folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot sync a folder; the rename stands either way.
  if (folder.fd() >= 0) ::fsync(folder.fd());
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t limit) {
  if (path == "-") return read_whole(File(STDIN_FILENO), "standard input", limit);
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return system_failure(errno, "read", path);
  return read_whole(file, path, limit);
}

Result<void> write_file(const std::string& path, ByteView data, unsigned mode) {
  // Beside the target, so that the rename stays within one file system.
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  ::unlink(temporary.c_str());  // left by a process that died and had our number
  File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.fd() < 0) return system_failure(errno, "write", path);
  auto written = write_whole(file, path, data);
  // EINVAL: a file system that cannot sync.
  if (written && ::fsync(file.fd()) != 0 && errno != EINVAL) {
    written = system_failure(errno, "write", path);
  }
  if (!file.close() && written) written = system_failure(errno, "write", path);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = system_failure(errno, "write", path);
  }
  if (!written) {
    ::unlink(temporary.c_str());
  } else {
    sync_folder(path);
  }
  return written;
}

Result<crypto::SigningKey> read_key_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return system_failure(errno, "read key", path);
  struct stat status{};
  if (::fstat(file.fd(), &status) != 0) return system_failure(errno, "read key", path);
  // A pipe or /dev/fd/N has its own ways of being private; a mode says nothing about it.
  if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0) {
    return fail(Error(Code::permission, "read key", path, "others can read or write this file")
                    .with_hint("chmod 600 " + path));
  }
  P2P_TRY(Bytes data, read_whole(file, path, kMaxKeyFileSize));
  auto key = multiformats::decode_private_key(data);
  crypto::wipe(data);
  if (!key) return fail(std::move(key).error().during("read key", path));
  return key;
}

Result<void> create_key_file(const std::string& path, const crypto::SigningKey& key) {
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd() < 0) return system_failure(errno, "create key", path);
  Bytes data = multiformats::encode_private_key(key);
  auto written = write_whole(file, path, data);
  crypto::wipe(data);
  if (written && ::fsync(file.fd()) != 0) written = system_failure(errno, "create key", path);
  if (!file.close() && written) written = system_failure(errno, "create key", path);
  if (!written) {
    ::unlink(path.c_str());
  } else {
    sync_folder(path);
  }
  return written;
}

Result<crypto::SigningKey> read_or_create_key_file(const std::string& path,
                                                   crypto::Random& random) {
  auto key = read_key_file(path);
  if (key || key.error().code != Code::not_found) return key;
  auto fresh = crypto::SigningKey::generate(random);
  P2P_CHECK(create_key_file(path, fresh));
  return fresh;
}

}  // namespace p2p::cli
