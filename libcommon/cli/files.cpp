#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <utility>

#include "base/path.h"
#include "base/system_error.h"
#include "base/system_io.h"
#include "base/temporary_name.h"
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

/// Writes a file beside `path` and has `place` give it that name, so that whoever finds it there
/// finds all of it. `doing` is for errors.
Result<void> write_beside(const std::string& path, ByteView data, unsigned mode,
                          const std::string& doing,
                          const std::function<int(const char* temporary)>& place) {
  // Beside the target, so that the rename stays within one file system.
  TemporaryName temporary(AT_FDCWD, path + "." + std::to_string(::getpid()) + ".tmp");
  const char* name = temporary.name().c_str();
  File file(::open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.fd() < 0) return system_failure(errno, doing, path);
  P2P_CHECK(write_whole(file, path, data));
  // EINVAL: a file system that cannot sync.
  if (::fsync(file.fd()) != 0 && errno != EINVAL) return system_failure(errno, doing, path);
  if (!file.close() || place(name) != 0) return system_failure(errno, doing, path);
  temporary.let_go();
  sync_folder(path);
  return {};
}

/// rename(2) that replaces nothing.
int rename_to_new(const char* from, const char* to) {
  const int renamed = ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
  if (renamed == 0 || (errno != EINVAL && errno != ENOSYS)) return renamed;
  // File systems that cannot, such as NFS, have links.
  if (::link(from, to) != 0) return -1;
  ::unlink(from);
  return 0;
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t limit) {
  if (path == "-") return read_whole(File(STDIN_FILENO), "standard input", limit);
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return system_failure(errno, "read", path);
  return read_whole(file, path, limit);
}

Result<void> write_file(const std::string& path, ByteView data, unsigned mode) {
  return write_beside(path, data, mode, "write",
                      [&](const char* temporary) { return ::rename(temporary, path.c_str()); });
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
  Bytes data = multiformats::encode_private_key(key);
  auto written = write_beside(path, data, 0600, "create key", [&](const char* temporary) {
    return rename_to_new(temporary, path.c_str());
  });
  crypto::wipe(data);
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
