// The network, as an interface: TCP, UDP with multicast, name resolution. The real one is in
// runtime/uv, a seeded fabric with faults in runtime/sim; one conformance suite runs over both.
#pragma once

#include <array>
#include <compare>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "runtime/task.h"

namespace p2p::runtime {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4 in the first four
  std::uint32_t scope = 0;               ///< interface index of a link-local IPv6 address

  static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
  static IpAddress any(bool v6);
  /// "127.0.0.1" (four plain decimal numbers), "::1", "fe80::1%2" (the scope by index only).
  static Result<IpAddress> parse(std::string_view text);
  /// The canonical text, RFC 5952's for IPv6; parse reads it back.
  std::string text() const;
  bool is_any() const;
  bool is_loopback() const;
  bool is_multicast() const;
  ByteView view() const { return ByteView(bytes).first(v6 ? 16 : 4); }

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;

  /// "127.0.0.1:80", "[::1]:80".
  static Result<Endpoint> parse(std::string_view text);
  std::string text() const;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// A connected byte stream. Reading and writing may wait at the same time, one task each.
/// Destroying it closes it; what was written is still sent.
class TcpStream {
 public:
  virtual ~TcpStream() = default;
  /// The next bytes, valid until the next call of read or the stream's end; empty at the peer's
  /// FIN. Bounded inside (64 KiB): a stream that nobody reads stops the peer.
  virtual Task<Result<ByteView>> read() = 0;
  /// Hands `data` over; returns once it may be followed by more (bounded buffering), not once it is
  /// acknowledged.
  virtual Task<Result<void>> write(Bytes data) = 0;
  /// Sends FIN after what was written.
  virtual void shutdown() = 0;
  /// Closes now; with `reset`, by RST. Waiting reads and writes return Code::closed.
  virtual void close(bool reset = false) = 0;
  virtual Endpoint local() const = 0;
  virtual Endpoint remote() const = 0;
};

class TcpListener {
 public:
  virtual ~TcpListener() = default;
  virtual Task<Result<std::unique_ptr<TcpStream>>> accept() = 0;
  virtual Endpoint local() const = 0;  ///< with the port the system chose
};

struct Datagram {
  Endpoint from;
  Bytes data;
  std::uint32_t interface = 0;  ///< index it came in on, where known
};

struct UdpOptions {
  bool reuse_address = false;  ///< share the port, as every mDNS responder does with 5353
  std::uint8_t multicast_ttl = 255;
  bool multicast_loop = true;  ///< our own host's other programs hear us
};

class UdpSocket {
 public:
  virtual ~UdpSocket() = default;
  /// The next datagram; the queue of those not yet received is bounded, what does not fit is
  /// dropped.
  virtual Task<Result<Datagram>> receive() = 0;
  /// Sends or drops, as UDP does. A system error that says "later" (EPERM, ENOBUFS) is not one.
  virtual Result<void> send(const Endpoint& to, ByteView data) = 0;
  virtual Result<void> join(const IpAddress& group, const IpAddress& interface) = 0;
  /// Where multicast goes out.
  virtual Result<void> set_multicast_interface(const IpAddress& interface) = 0;
  virtual Endpoint local() const = 0;
};

struct Interface {
  std::string name;
  std::uint32_t index = 0;
  IpAddress address;
  bool loopback = false;
  bool multicast = false;
};

/// DNS. A name that does not exist, or has no such record, is Code::not_found; a server that cannot
/// be reached or fails is Code::unreachable, one that never answers Code::timeout.
class Resolver {
 public:
  virtual ~Resolver() = default;
  enum class Family { any, v4, v6 };
  virtual Task<Result<std::vector<IpAddress>>> addresses(std::string name, Family family) = 0;
  /// TXT records, each with its strings joined.
  virtual Task<Result<std::vector<std::string>>> txt(std::string name) = 0;
};

class Net {
 public:
  virtual ~Net() = default;
  /// Connects; the caller puts a deadline on it (runtime/deadline.h).
  virtual Task<Result<std::unique_ptr<TcpStream>>> connect(Endpoint to) = 0;
  virtual Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at) = 0;
  virtual Result<std::unique_ptr<UdpSocket>> udp(const Endpoint& at, const UdpOptions& options) = 0;
  /// One entry for each address of each interface that is up.
  virtual Result<std::vector<Interface>> interfaces() = 0;
  virtual Resolver& resolver() = 0;

  /// Streams between programs of one user on one machine, by a path (Unix-domain sockets). The
  /// socket file has mode 0600 from its first moment. An existing file is Code::already_exists:
  /// whether it is stale (connect_local says Code::refused) and may be removed is the caller's
  /// decision, and so is removing it at the end. Endpoints of such streams are empty.
  virtual Result<std::unique_ptr<TcpListener>> listen_local(const std::string& path) = 0;
  /// Code::not_found where there is no such file, Code::refused where nobody listens at it.
  virtual Task<Result<std::unique_ptr<TcpStream>>> connect_local(std::string path) = 0;
};

}  // namespace p2p::runtime
