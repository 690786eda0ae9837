// Descriptors, socket addresses and system errors in our own vocabulary. Internal to runtime/uv.
#pragma once

#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/error.h"
#include "runtime/net.h"

namespace p2p::runtime::uv {

/// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The error for a system error number (errno, or a libuv status without its sign).
Error system_error(int number, std::string doing, std::string on);
std::unexpected<Error> system_failure(int number, std::string doing, std::string on);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  static SocketAddress of(const Endpoint& endpoint);
  /// Of an IPv4 or IPv6 address; anything else gives the empty endpoint.
  Endpoint endpoint() const;
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

Endpoint local_endpoint(int fd);
Endpoint remote_endpoint(int fd);

/// A non-blocking, close-on-exec socket; IPv6 ones carry IPv6 only.
Result<Fd> open_socket(int family, int type, const std::string& doing, const std::string& on);
/// setsockopt with an int.
bool set_option(int fd, int level, int name, int value);

/// One entry for each address of each interface that is up. Linux delivers multicast on the
/// loopback interface, whose flags deny it, so that one is asked by a route lookup instead.
Result<std::vector<Interface>> list_interfaces();

}  // namespace p2p::runtime::uv
