// Not libuv's UDP: that cannot tell which interface a datagram came in on (IP_PKTINFO).
#include "runtime/uv/udp.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/uv/poll.h"

namespace p2p::runtime::uv {

namespace {

/// Received in one round of the loop before others have their turn.
constexpr std::size_t kReceiveTurn = 32;

struct UdpState {
  explicit UdpState(Loop& owner) : loop(owner), poll(std::make_shared<Poll>(owner)), turn(owner) {}

  Loop& loop;
  Endpoint local;
  std::shared_ptr<Poll> poll;
  Turn turn;
};

std::uint32_t arrival_interface(msghdr& message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(at), sizeof info);
      return static_cast<std::uint32_t>(info.ipi_ifindex);
    }
    if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(at), sizeof info);
      return info.ipi6_ifindex;
    }
  }
  return 0;
}

/// One datagram, or -1 with errno.
ssize_t receive_into(int fd, MutableBytes room, Datagram& out) {
  SocketAddress from;
  iovec part{room.data(), room.size()};
  alignas(cmsghdr) char control[128];
  msghdr message{};
  message.msg_name = &from.storage;
  message.msg_namelen = sizeof from.storage;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = ::recvmsg(fd, &message, 0);
  if (size < 0) return size;
  out.from = from.endpoint();
  out.interface = arrival_interface(message);
  out.data.assign(room.data(), room.data() + size);
  return size;
}

Task<Result<Datagram>> receive(std::shared_ptr<UdpState> self) {
  while (true) {
    if (self->turn.spent(kReceiveTurn)) co_await self->turn.next();
    if (self->poll->closed()) {
      co_return fail(Code::closed, "receive", self->local.text(), "the socket is closed");
    }
    auto room = self->loop.buffers.take();
    Datagram datagram;
    const auto size =
        receive_into(self->poll->fd(), MutableBytes(room.get(), kReadBuffer), datagram);
    const int number = errno;
    self->loop.buffers.give(std::move(room));
    if (size >= 0) {
      self->turn.spend(1);
      co_return std::move(datagram);
    }
    if (number == EAGAIN) {
      co_await self->poll->readable();
    } else {
      // The others report an earlier send's fate (ICMP) or a signal; the next call goes on. A
      // descriptor that is really broken ends up here for ever, so it has its turn limited too.
      self->turn.spend(1);
    }
  }
}

std::unexpected<Error> cannot(const char* doing, const Endpoint& on) {
  return system_failure(errno, doing, on.text());
}

class UvUdpSocket final : public UdpSocket {
 public:
  explicit UvUdpSocket(std::shared_ptr<UdpState> state) : state_(std::move(state)) {}
  ~UvUdpSocket() override { state_->poll->close(); }

  Task<Result<Datagram>> receive() override { return uv::receive(state_); }
  Endpoint local() const override { return state_->local; }

  Result<void> send(const Endpoint& to, ByteView data) override {
    const auto address = SocketAddress::of(to);
    if (::sendto(fd(), data.data(), data.size(), MSG_NOSIGNAL, address.raw(), address.size) >= 0) {
      return {};
    }
    switch (errno) {
      case EAGAIN:
      case EINTR:
      case EPERM:  // a firewall's drop
      case ENOBUFS:
      case ENOMEM:
      case ECONNREFUSED:
        return {};  // an earlier datagram's fate
      default:
        return system_failure(errno, "send", to.text());
    }
  }

  Result<void> join(const IpAddress& group, const IpAddress& interface) override {
    Endpoint on;
    on.ip = group;
    int status = 0;
    if (group.v6) {
      ipv6_mreq request{};
      std::memcpy(&request.ipv6mr_multiaddr, group.bytes.data(), 16);
      P2P_TRY(request.ipv6mr_interface, index_of(interface));
      status = ::setsockopt(fd(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request);
    } else {
      ip_mreqn request{};
      std::memcpy(&request.imr_multiaddr, group.bytes.data(), 4);
      std::memcpy(&request.imr_address, interface.bytes.data(), 4);
      status = ::setsockopt(fd(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
    }
    if (status != 0 && errno != EADDRINUSE) return cannot("join multicast group", on);
    return {};
  }

  Result<void> set_multicast_interface(const IpAddress& interface) override {
    Endpoint on;
    on.ip = interface;
    if (interface.v6) {
      P2P_TRY(const std::uint32_t index, index_of(interface));
      if (set_option(fd(), IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index))) return {};
    } else {
      in_addr address{};
      std::memcpy(&address, interface.bytes.data(), 4);
      if (::setsockopt(fd(), IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof address) == 0) {
        return {};
      }
    }
    return cannot("send multicast from", on);
  }

 private:
  int fd() const { return state_->poll->fd(); }

  /// IPv6 multicast goes by interface index; 0 lets the system choose.
  static Result<std::uint32_t> index_of(const IpAddress& address) {
    if (address.scope != 0 || address.is_any()) return address.scope;
    P2P_TRY(const auto all, list_interfaces());
    const auto found = std::find_if(all.begin(), all.end(), [&address](const Interface& i) {
      return i.address.v6 && i.address.bytes == address.bytes;
    });
    if (found != all.end()) return found->index;
    return fail(Code::not_found, "find interface", address.text(), "no interface has this address");
  }

  std::shared_ptr<UdpState> state_;
};

bool set_options(int fd, bool v6, const UdpOptions& options) {
  if (options.reuse_address && (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
                                !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))) {
    return false;
  }
  if (v6) {
    return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, options.multicast_ttl) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, options.multicast_loop);
  }
  // Without IP_MULTICAST_ALL=0, Linux delivers the groups that any program has joined.
  return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
         set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
         set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, options.multicast_ttl) &&
         set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, options.multicast_loop);
}

}  // namespace

Result<std::unique_ptr<UdpSocket>> open_udp(Loop& loop, const Endpoint& at,
                                            const UdpOptions& options) {
  const char* doing = "open UDP socket";
  P2P_TRY(Fd fd, open_socket(at.ip.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, doing, at.text()));
  const auto address = SocketAddress::of(at);
  if (!set_options(fd.get(), at.ip.v6, options) ||
      ::bind(fd.get(), address.raw(), address.size) != 0) {
    return cannot(doing, at);
  }
  auto state = std::make_shared<UdpState>(loop);
  state->local = local_endpoint(fd.get());
  if (!state->poll->open(std::move(fd))) return cannot(doing, at);
  return std::make_unique<UvUdpSocket>(std::move(state));
}

}  // namespace p2p::runtime::uv
