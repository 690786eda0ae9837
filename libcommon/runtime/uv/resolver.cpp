#include "runtime/uv/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>

#include <cstring>
#include <map>

#include "base/ascii.h"
#include "runtime/uv/socket.h"

namespace p2p::runtime::uv {

namespace {

/// c-ares doubles it with each of kTries, so that a dead server costs 1 + 2 + 4 s; whoever asks has
/// a deadline of their own.
constexpr int kTimeoutMs = 1000;
constexpr int kTries = 3;

/// Readiness of a descriptor that c-ares owns and closes.
class Watch final : public HandleState {
 public:
  Watch(Loop& owner, ares_channel channel, ares_socket_t fd)
      : HandleState(owner), channel_(channel), fd_(fd) {}
  bool open() {
    if (uv_poll_init(loop.raw(), &poll_, fd_) != 0) return false;
    opened(reinterpret_cast<uv_handle_t*>(&poll_));
    return true;
  }
  void want(int events) {
    uv_poll_start(&poll_, events, [](uv_poll_t* handle, int status, int ready) {
      auto& self = static_cast<Watch&>(*static_cast<HandleState*>(handle->data));
      const bool any = status != 0;
      ares_process_fd(self.channel_, any || (ready & UV_READABLE) ? self.fd_ : ARES_SOCKET_BAD,
                      any || (ready & UV_WRITABLE) ? self.fd_ : ARES_SOCKET_BAD);
    });
  }
  void close() { close_handle(); }

 private:
  ares_channel channel_;
  ares_socket_t fd_;
  uv_poll_t poll_;
};

/// A question under way; the channel's callback and the asking frame share it.
template <class T>
struct Question {
  std::optional<Result<T>> answer;
  WaitList changed;
  std::string name;

  void finish(Result<T> result) {
    answer.emplace(std::move(result));
    changed.wake_all();
  }
};

/// What a C callback is handed: it takes the reference back.
template <class T>
void* lend(std::shared_ptr<Question<T>> question) {
  return new std::shared_ptr<Question<T>>(std::move(question));
}
template <class T>
std::shared_ptr<Question<T>> take_back(void* lent) {
  const std::unique_ptr<std::shared_ptr<Question<T>>> owned(
      static_cast<std::shared_ptr<Question<T>>*>(lent));
  return *owned;
}

using Addresses = std::vector<IpAddress>;
using Texts = std::vector<std::string>;

std::unexpected<Error> dns_failure(int status, const std::string& name) {
  Code code = Code::unreachable;
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
      code = Code::not_found;
      break;
    case ARES_ETIMEOUT:
      code = Code::timeout;
      break;
    case ARES_EBADNAME:
    case ARES_EFORMERR:
      code = Code::invalid_argument;
      break;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      code = Code::cancelled;
      break;
    case ARES_EBADRESP:
    case ARES_EBADSTR:
      code = Code::protocol;
      break;
    default:
      break;
  }
  std::string why = ares_strerror(status);
  if (!why.empty() && why.front() >= 'A' && why.front() <= 'Z') {
    why.front() = static_cast<char>(why.front() - 'A' + 'a');
  }
  return fail(code, "resolve", name, std::move(why));
}

void on_addresses(void* lent, int status, int, ares_addrinfo* found) {
  const auto question = take_back<Addresses>(lent);
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(found, ares_freeaddrinfo);
  if (status != ARES_SUCCESS) return question->finish(dns_failure(status, question->name));
  Addresses out;
  for (const auto* at = found->nodes; at; at = at->ai_next) {
    SocketAddress address;
    if (at->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    out.push_back(address.endpoint().ip);
  }
  if (out.empty()) return question->finish(dns_failure(ARES_ENODATA, question->name));
  question->finish(std::move(out));
}

void on_texts(void* lent, int status, int, unsigned char* reply, int size) {
  const auto question = take_back<Texts>(lent);
  if (status != ARES_SUCCESS) return question->finish(dns_failure(status, question->name));
  ares_txt_ext* raw = nullptr;
  const int parsed = ares_parse_txt_reply_ext(reply, size, &raw);
  if (parsed != ARES_SUCCESS) return question->finish(dns_failure(parsed, question->name));
  const std::unique_ptr<void, void (*)(void*)> owned(raw, ares_free_data);
  Texts out;
  for (const auto* at = raw; at; at = at->next) {
    if (at->record_start || out.empty()) out.emplace_back();
    out.back().append(reinterpret_cast<const char*>(at->txt), at->length);
  }
  question->finish(std::move(out));
}

}  // namespace

struct UvResolver::State final : TimerQueue::Entry {
  State(Loop& owner, std::optional<Endpoint> at) : loop(owner), server(std::move(at)) {}
  ~State() override {
    if (channel) {
      ares_destroy(channel);
      ares_library_cleanup();
    }
  }

  /// An empty result, or why there is no channel.
  Result<void> open();
  void watch(ares_socket_t fd, bool readable, bool writable);
  void arm();
  void fire() override {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm();
  }

  template <class T>
  static Task<Result<T>> answer(std::shared_ptr<State> self,
                                std::shared_ptr<Question<T>> question) {
    self->arm();
    while (!question->answer) co_await question->changed.wait();
    co_return std::move(*question->answer);
  }

  Loop& loop;
  std::optional<Endpoint> server;
  ares_channel channel = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Watch>> watches;
};

Result<void> UvResolver::State::open() {
  if (channel) return {};
  const auto failed = [](int status) {
    return fail(Code::unreachable, "set up name resolution", "", ares_strerror(status));
  };
  if (const int status = ares_library_init(ARES_LIB_INIT_ALL)) return failed(status);
  char lookups[] = "fb";  // files before DNS
  ares_options options{};
  options.timeout = kTimeoutMs;
  options.tries = kTries;
  options.lookups = lookups;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<State*>(self)->watch(fd, readable != 0, writable != 0);
  };
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  if (const int status = ares_init_options(&channel, &options, mask)) {
    channel = nullptr;
    ares_library_cleanup();
    return failed(status);
  }
  if (server) {
    if (const int status = ares_set_servers_ports_csv(channel, server->text().c_str())) {
      return failed(status);
    }
  }
  return {};
}

void UvResolver::State::watch(ares_socket_t fd, bool readable, bool writable) {
  auto& entry = watches[fd];
  if (!readable && !writable) {
    if (entry) entry->close();
    watches.erase(fd);
    return;
  }
  if (!entry) {
    entry = std::make_shared<Watch>(loop, channel, fd);
    if (!entry->open()) {
      watches.erase(fd);  // the question then ends by its timeout
      return;
    }
  }
  entry->want((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

void UvResolver::State::arm() {
  timeval left{};
  if (!ares_timeout(channel, nullptr, &left)) {
    loop.timers.disarm(*this);
    return;
  }
  const Duration wait = std::chrono::seconds(left.tv_sec) + Duration(left.tv_usec);
  loop.timers.arm(*this, loop.clock.now() + wait);
}

namespace {

/// RFC 6761 section 6.3: these names are loopback whatever servers and files say, and c-ares 1.18
/// knows them from /etc/hosts alone, which a bare container does not have.
bool is_localhost(const std::string& name) {
  std::string lower = ascii_lower(name);
  if (lower.ends_with('.')) lower.pop_back();
  return lower == "localhost" || lower.ends_with(".localhost");
}

Addresses loopback(Resolver::Family family) {
  Addresses all;
  if (family != Resolver::Family::v6) all.push_back(IpAddress::v4(127, 0, 0, 1));
  if (family != Resolver::Family::v4) {
    IpAddress six = IpAddress::any(true);
    six.bytes.back() = 1;
    all.push_back(six);
  }
  return all;
}

}  // namespace

UvResolver::UvResolver(Loop& loop, std::optional<Endpoint> server)
    : state_(std::make_shared<State>(loop, std::move(server))) {}
UvResolver::~UvResolver() = default;

Task<Result<std::vector<IpAddress>>> UvResolver::addresses(std::string name, Family family) {
  const auto state = state_;
  if (const auto literal = IpAddress::parse(name)) {
    if (family != Family::any && literal->v6 != (family == Family::v6)) {
      co_return dns_failure(ARES_ENODATA, name);
    }
    co_return Addresses(1, *literal);
  }
  if (is_localhost(name)) co_return loopback(family);
  P2P_CO_CHECK(state->open());
  const auto question = std::make_shared<Question<Addresses>>();
  question->name = name;
  ares_addrinfo_hints hints{};
  hints.ai_family = family == Family::any ? AF_UNSPEC : family == Family::v6 ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(state->channel, name.c_str(), nullptr, &hints, on_addresses, lend(question));
  auto answer = State::answer(state, question);
  co_return co_await std::move(answer);
}

Task<Result<std::vector<std::string>>> UvResolver::txt(std::string name) {
  const auto state = state_;
  P2P_CO_CHECK(state->open());
  const auto question = std::make_shared<Question<Texts>>();
  question->name = name;
  ares_query(state->channel, name.c_str(), ns_c_in, ns_t_txt, on_texts, lend(question));
  auto answer = State::answer(state, question);
  co_return co_await std::move(answer);
}

}  // namespace p2p::runtime::uv
