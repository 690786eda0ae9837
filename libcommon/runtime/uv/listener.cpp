// Listeners accept by themselves instead of through libuv, whose accept loop spins when descriptors
// run out (EMFILE), and which takes connections that nobody has asked for yet.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "runtime/uv/poll.h"
#include "runtime/uv/stream.h"

namespace p2p::runtime::uv {

namespace {

/// Connections the kernel holds ready for us; what a burst of dialers needs (go's default is the
/// system's somaxconn, 4096, which also caps this).
constexpr int kBacklog = 4096;

/// Accepted in one round of the loop before others have their turn.
constexpr std::size_t kAcceptTurn = 16;

/// When descriptors or memory run out, trying again at once would only spin.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

/// A full backlog of a local listener is tried again this often.
constexpr Duration kConnectPause = std::chrono::milliseconds(10);

struct ListenerState {
  ListenerState(Loop& owner, StreamKind k)
      : loop(owner), kind(k), poll(std::make_shared<Poll>(owner)), turn(owner) {}

  Loop& loop;
  StreamKind kind;
  Endpoint local;
  std::shared_ptr<Poll> poll;
  Turn turn;
};

bool out_of_resources(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

/// accept(2) passes on what befell that one connection; the next one may be fine.
bool only_this_connection(int number) {
  switch (number) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

Task<Result<std::unique_ptr<TcpStream>>> accept(std::shared_ptr<ListenerState> self) {
  while (true) {
    if (self->turn.spent(kAcceptTurn)) co_await self->turn.next();
    if (self->poll->closed()) {
      co_return fail(Code::closed, "accept", self->local.text(), "the listener is closed");
    }
    Fd fd(::accept4(self->poll->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    const int number = errno;
    if (fd) {
      self->turn.spend(1);
      co_return adopt_stream(self->loop, self->kind, std::move(fd));
    }
    if (number == EAGAIN) {
      co_await self->poll->readable();
    } else if (out_of_resources(number)) {
      co_await sleep_for(self->loop.clock, kAcceptPause);
    } else if (only_this_connection(number)) {
      self->turn.spend(1);
    } else {
      co_return system_failure(number, "accept", self->local.text());
    }
  }
}

class UvListener final : public TcpListener {
 public:
  explicit UvListener(std::shared_ptr<ListenerState> state) : state_(std::move(state)) {}
  ~UvListener() override { state_->poll->close(); }
  Task<Result<std::unique_ptr<TcpStream>>> accept() override { return uv::accept(state_); }
  Endpoint local() const override { return state_->local; }

 private:
  std::shared_ptr<ListenerState> state_;
};

Result<std::unique_ptr<TcpListener>> serve(Loop& loop, StreamKind kind, Fd fd, std::string on) {
  auto state = std::make_shared<ListenerState>(loop, kind);
  if (::listen(fd.get(), kBacklog) != 0) return system_failure(errno, "listen", std::move(on));
  if (kind == StreamKind::tcp) state->local = local_endpoint(fd.get());
  if (!state->poll->open(std::move(fd))) return system_failure(errno, "listen", std::move(on));
  return std::make_unique<UvListener>(std::move(state));
}

/// The address of a path. One that is too long for sockaddr_un (107 bytes) is reached through a
/// descriptor of its directory, which must stay open until the address has been used.
struct LocalAddress {
  sockaddr_un raw{};
  Fd directory;
};

Result<LocalAddress> local_address(const std::string& path, const char* doing) {
  LocalAddress out;
  out.raw.sun_family = AF_UNIX;
  std::string name = path;
  if (path.empty() || path.find('\0') != std::string::npos) {
    return fail(Code::invalid_argument, doing, path, "not a path");
  }
  if (name.size() >= sizeof out.raw.sun_path) {
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    out.directory.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!out.directory) return system_failure(errno, doing, path);
    name = "/proc/self/fd/" + std::to_string(out.directory.get()) + '/' + path.substr(slash + 1);
  }
  if (name.size() >= sizeof out.raw.sun_path) return system_failure(ENAMETOOLONG, doing, path);
  std::memcpy(out.raw.sun_path, name.data(), name.size());
  return out;
}

}  // namespace

Result<std::unique_ptr<TcpListener>> listen_tcp(Loop& loop, const Endpoint& at) {
  P2P_TRY(Fd fd, open_socket(at.ip.v6 ? AF_INET6 : AF_INET, SOCK_STREAM, "listen", at.text()));
  const auto address = SocketAddress::of(at);
  if (!set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) ||
      ::bind(fd.get(), address.raw(), address.size) != 0) {
    return system_failure(errno, "listen", at.text());
  }
  return serve(loop, StreamKind::tcp, std::move(fd), at.text());
}

Result<std::unique_ptr<TcpListener>> listen_local(Loop& loop, const std::string& path) {
  P2P_TRY(const LocalAddress address, local_address(path, "listen"));
  P2P_TRY(Fd fd, open_socket(AF_UNIX, SOCK_STREAM, "listen", path));
  // Linux creates the file with the socket's own mode, so there is no moment in which it is wider,
  // and the process's umask need not change.
  if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.raw), sizeof address.raw) != 0) {
    return system_failure(errno, "listen", path);
  }
  return serve(loop, StreamKind::local, std::move(fd), path);
}

Task<Result<std::unique_ptr<TcpStream>>> connect_local(Loop& loop, std::string path) {
  P2P_CO_TRY(const LocalAddress address, local_address(path, "connect"));
  P2P_CO_TRY(Fd fd, open_socket(AF_UNIX, SOCK_STREAM, "connect", path));
  const auto raw = reinterpret_cast<const sockaddr*>(&address.raw);
  while (::connect(fd.get(), raw, sizeof address.raw) != 0) {
    const int number = errno;
    if (number == EINTR) continue;
    if (number != EAGAIN) co_return system_failure(number, "connect", path);
    co_await sleep_for(loop.clock, kConnectPause);  // the listener's backlog is full
  }
  co_return adopt_stream(loop, StreamKind::local, std::move(fd));
}

}  // namespace p2p::runtime::uv
