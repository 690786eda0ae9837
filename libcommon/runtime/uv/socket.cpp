#include "runtime/uv/socket.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/system_error.h"

namespace p2p::runtime::uv {

namespace {

/// Whether multicast can leave by interface `index`: a route lookup, nothing is sent.
bool carries_multicast(unsigned index) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ip_mreqn out{};
  out.imr_ifindex = static_cast<int>(index);
  Endpoint mdns;  // any link-local group would do
  mdns.ip = IpAddress::v4(224, 0, 0, 251);
  mdns.port = 5353;
  const auto to = SocketAddress::of(mdns);
  return fd && ::setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) == 0 &&
         ::connect(fd.get(), to.raw(), to.size) == 0;
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Error system_error(int number, std::string doing, std::string on) {
  char text[128];
  uv_strerror_r(-number, text, sizeof text);
  return Error(code_of_errno(number), std::move(doing), std::move(on), text);
}

std::unexpected<Error> system_failure(int number, std::string doing, std::string on) {
  return std::unexpected<Error>(system_error(number, std::move(doing), std::move(on)));
}

SocketAddress SocketAddress::of(const Endpoint& endpoint) {
  SocketAddress out;
  if (endpoint.ip.v6) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    std::memcpy(&six.sin6_addr, endpoint.ip.bytes.data(), 16);
    six.sin6_scope_id = endpoint.ip.scope;
    out.size = sizeof six;
    std::memcpy(&out.storage, &six, sizeof six);
  } else {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    std::memcpy(&four.sin_addr, endpoint.ip.bytes.data(), 4);
    out.size = sizeof four;
    std::memcpy(&out.storage, &four, sizeof four);
  }
  return out;
}

Endpoint SocketAddress::endpoint() const {
  Endpoint out;
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 six;
    std::memcpy(&six, &storage, sizeof six);
    out.ip.v6 = true;
    std::memcpy(out.ip.bytes.data(), &six.sin6_addr, 16);
    out.ip.scope = six.sin6_scope_id;
    out.port = ntohs(six.sin6_port);
  } else if (storage.ss_family == AF_INET) {
    sockaddr_in four;
    std::memcpy(&four, &storage, sizeof four);
    std::memcpy(out.ip.bytes.data(), &four.sin_addr, 4);
    out.port = ntohs(four.sin_port);
  }
  return out;
}

Endpoint local_endpoint(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, address.raw(), &address.size) != 0) return Endpoint();
  return address.endpoint();
}

Endpoint remote_endpoint(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getpeername(fd, address.raw(), &address.size) != 0) return Endpoint();
  return address.endpoint();
}

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Result<Fd> open_socket(int family, int type, const std::string& doing, const std::string& on) {
  Fd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_failure(errno, doing, on);
  if (family == AF_INET6 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
    return system_failure(errno, doing, on);
  }
  return fd;
}

Result<std::vector<Interface>> list_interfaces() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return system_failure(errno, "list interfaces", "");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(raw, ::freeifaddrs);
  std::vector<Interface> out;
  for (const ifaddrs* at = all.get(); at; at = at->ifa_next) {
    if (!at->ifa_addr || !(at->ifa_flags & IFF_UP)) continue;
    const int family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    SocketAddress address;
    address.size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&address.storage, at->ifa_addr, address.size);
    Interface entry;
    entry.name = at->ifa_name;
    entry.index = ::if_nametoindex(at->ifa_name);
    entry.address = address.endpoint().ip;
    entry.loopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
    entry.multicast = (at->ifa_flags & IFF_MULTICAST) != 0 || carries_multicast(entry.index);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace p2p::runtime::uv
