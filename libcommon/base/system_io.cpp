#include "base/system_io.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace p2p {

namespace {

template <class Write>
int until_written(int fd, ByteView data, Write write) {
  while (!data.empty()) {
    const ssize_t n = write(data);
    if (n >= 0) {
      data = data.subspan(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

int write_all(int fd, ByteView data) {
  return until_written(fd, data,
                       [fd](ByteView rest) { return ::write(fd, rest.data(), rest.size()); });
}

int write_all_at(int fd, std::uint64_t offset, ByteView data) {
  const std::uint64_t end = offset + data.size();
  return until_written(fd, data, [fd, end](ByteView rest) {
    return ::pwrite(fd, rest.data(), rest.size(), static_cast<off_t>(end - rest.size()));
  });
}

}  // namespace p2p
