#include "files/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/system_error.h"
#include "base/units.h"
#include "files/guard.h"

namespace p2p::files {

namespace {

/// Setting up and taking down a mapping costs as much as copying this much.
constexpr std::size_t kMapFrom = 256 * 1024;

std::unexpected<Error> changed() { return fail(Code::io, kChanged); }

}  // namespace

Window::Window(Window&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})),
      read_(std::move(other.read_)),
      mapped_(std::exchange(other.mapped_, nullptr)),
      mapped_size_(other.mapped_size_),
      slot_(other.slot_) {}

Window& Window::operator=(Window&& other) noexcept {
  if (this != &other) {
    static_cast<void>(close());
    bytes_ = std::exchange(other.bytes_, {});
    read_ = std::move(other.read_);
    mapped_ = std::exchange(other.mapped_, nullptr);
    mapped_size_ = other.mapped_size_;
    slot_ = other.slot_;
  }
  return *this;
}

Window::~Window() { static_cast<void>(close()); }

Result<void> Window::close() {
  bytes_ = {};
  read_ = Bytes();
  if (mapped_ == nullptr) return {};
  const bool whole = guard::leave(slot_);
  ::munmap(std::exchange(mapped_, nullptr), mapped_size_);
  if (!whole) return changed();
  return {};
}

Result<File> File::open(const std::string& path) { return open_at(AT_FDCWD, path); }

Result<File> File::open_at(int directory, const std::string& name) {
  // O_NOCTTY: hashing /dev/tty must not make it ours.
  File file(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY), true);
  if (file.fd_ < 0) return system_failure(errno);
  P2P_TRY(file.status_, status_of(file.fd_));
  return file;
}

File File::standard_input() {
  File file(STDIN_FILENO, false);
  if (auto status = status_of(STDIN_FILENO)) file.status_ = *status;
  return file;
}

Result<File> File::open_operand(const std::string& operand) {
  if (operand == "-") return standard_input();
  return open(operand);
}

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(other.owned_),
      status_(other.status_),
      peeked_(std::move(other.peeked_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(owned_, other.owned_);
  std::swap(status_, other.status_);
  std::swap(peeked_, other.peeked_);
  return *this;
}

File::~File() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

Result<ByteView> File::peek(std::size_t room) {
  while (peeked_.size() < room) {
    Bytes more(room - peeked_.size());
    P2P_TRY(const std::size_t n, read_on(more));
    if (n == 0) break;
    append(peeked_, ByteView(more).first(n));
  }
  return ByteView(peeked_).first(std::min(room, peeked_.size()));
}

Result<std::size_t> File::read(MutableBytes room) {
  if (!peeked_.empty()) {
    const std::size_t n = std::min(room.size(), peeked_.size());
    std::copy_n(peeked_.begin(), n, room.begin());
    peeked_.erase(peeked_.begin(), peeked_.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
  }
  return read_on(room);
}

Result<std::size_t> File::read_on(MutableBytes room) const {
  for (;;) {
    const ssize_t n = ::read(fd_, room.data(), room.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return system_failure(errno);
  }
}

Result<std::size_t> File::read_at(std::uint64_t offset, MutableBytes room) const {
  std::size_t done = 0;
  while (done < room.size()) {
    const ssize_t n =
        ::pread(fd_, room.data() + done, room.size() - done, static_cast<off_t>(offset + done));
    if (n == 0) break;
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) return system_failure(errno);
  }
  return done;
}

Result<Window> File::window(std::uint64_t offset, std::size_t size) const {
  Window window;
  if (size == 0) return window;
  if (size >= kMapFrom) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t before = offset % page;
    void* mapped = ::mmap(nullptr, size + before, PROT_READ, MAP_SHARED, fd_,
                          static_cast<off_t>(offset - before));
    if (mapped != MAP_FAILED) {
      if (const auto slot = guard::enter(mapped, size + before)) {
        ::madvise(mapped, size + before, MADV_SEQUENTIAL);
        // All pages by one call, not by a fault for every few of them. Where the system does not
        // know it (Linux before 5.14), or the file has shrunk already, faults do the same.
        ::madvise(mapped, size + before, MADV_POPULATE_READ);
        window.mapped_ = mapped;
        window.mapped_size_ = size + before;
        window.slot_ = *slot;
        window.bytes_ = ByteView(static_cast<const std::uint8_t*>(mapped) + before, size);
        return window;
      }
      ::munmap(mapped, size + before);
    }
  }
  window.read_.resize(size);
  P2P_TRY(const std::size_t got, read_at(offset, window.read_));
  if (got < size) return changed();
  window.bytes_ = window.read_;
  return window;
}

Result<void> File::read_all(const Take& take) {
  Bytes piece(regular() ? std::clamp<std::size_t>(size() + 1, 512, kPieceSize) : kPieceSize);
  for (std::uint64_t done = 0;;) {
    P2P_TRY(const std::size_t n, read(piece));
    if (n == 0) return {};
    P2P_CHECK(take(ByteView(piece).first(n)));
    done += n;
    // Nothing comes after that, and of many small files it spares a call each. Files of /proc say
    // that they are empty.
    if (regular() && done == size()) return {};
  }
}

Result<Bytes> File::read_whole(std::size_t most) {
  Bytes whole;
  if (regular()) whole.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(size(), most)));
  P2P_CHECK(read_all([&](ByteView piece) -> Result<void> {
    if (piece.size() > most - whole.size()) {
      return fail(Code::limit, "larger than " + format_size(most));
    }
    append(whole, piece);
    return {};
  }));
  return whole;
}

Result<void> File::unchanged() const {
  if (!regular()) return {};
  P2P_TRY(const Status now, status_of(fd_));
  if (now == status_) return {};
  return changed();
}

}  // namespace p2p::files
