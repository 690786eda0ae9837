#include "files/scratch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/system_error.h"
#include "base/system_io.h"

namespace p2p::files {

Result<std::size_t> FileStorage::read_at(std::uint64_t offset, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    P2P_TRY(const auto size, file_.read_at(offset + done, into.subspan(done)));
    if (size == 0) break;
    done += size;
  }
  return done;
}

std::string temporary_folder() {
  const char* set = std::getenv("TMPDIR");
  return set != nullptr && *set != '\0' ? set : "/var/tmp";
}

TemporaryFile::TemporaryFile(std::string folder, std::size_t buffer)
    : folder_(std::move(folder)), most_buffered_(buffer) {}

TemporaryFile::~TemporaryFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::unexpected<Error> TemporaryFile::failure(int number, const char* doing) const {
  return system_failure(number, doing, folder_);
}

Result<void> TemporaryFile::open() {
  fd_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  // Some file systems have no nameless files; there one loses its name at once.
  if (fd_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string name = folder_ + "/p2p-XXXXXX";
    fd_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd_ >= 0) ::unlink(name.c_str());
  }
  if (fd_ < 0) return failure(errno, "make a temporary file in");
  return {};
}

Result<void> TemporaryFile::flush(ByteView data) {
  if (fd_ < 0) P2P_CHECK(open());
  if (const int failed = write_all_at(fd_, written_, data)) {
    return failure(failed, "write a temporary file in");
  }
  written_ += data.size();
  return {};
}

Result<std::uint64_t> TemporaryFile::append(ByteView data) {
  const auto at = size();
  if (buffer_.size() + data.size() > most_buffered_ && !buffer_.empty()) {
    P2P_CHECK(flush(buffer_));
    buffer_.clear();
  }
  if (data.size() > most_buffered_) {
    P2P_CHECK(flush(data));
  } else {
    p2p::append(buffer_, data);
  }
  return at;
}

Result<std::size_t> TemporaryFile::read_at(std::uint64_t offset, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size() && offset + done < written_) {
    const auto most = std::min<std::uint64_t>(into.size() - done, written_ - offset - done);
    const auto size = ::pread(fd_, into.data() + done, static_cast<std::size_t>(most),
                              static_cast<off_t>(offset + done));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return failure(size < 0 ? errno : EIO, "read a temporary file in");
    done += static_cast<std::size_t>(size);
  }
  if (done < into.size() && offset + done < size()) {
    const auto there =
        ByteView(buffer_).subspan(static_cast<std::size_t>(offset + done - written_));
    const auto count = std::min(there.size(), into.size() - done);
    std::memcpy(into.data() + done, there.data(), count);
    done += count;
  }
  return done;
}

}  // namespace p2p::files
