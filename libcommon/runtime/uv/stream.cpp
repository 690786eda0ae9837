#include "runtime/uv/stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace p2p::runtime::uv {

namespace {

/// Written without a wait in one round of the loop: a peer that reads as fast as we write must not
/// keep the others from their turn.
constexpr std::size_t kWriteTurn = 1024 * 1024;

/// A closed stream sends what was written, then FIN, and reads on until the peer's FIN: closing a
/// socket with unread data sends a reset, which can overtake the last bytes. For so long, and so
/// many at once; beyond that the reset is the lesser evil.
constexpr Duration kLinger = std::chrono::seconds(5);
constexpr std::size_t kMostLingering = 256;

class StreamState final : public HandleState {
 public:
  StreamState(Loop& owner, StreamKind k) : HandleState(owner), kind(k), linger_(*this) {}

  int init();
  int adopt(Fd fd);

  static Task<Result<std::unique_ptr<TcpStream>>> connect(std::shared_ptr<StreamState> self,
                                                          Endpoint to);
  static Task<Result<ByteView>> read(std::shared_ptr<StreamState> self);
  static Task<Result<void>> write(std::shared_ptr<StreamState> self, Bytes data);
  void shutdown();
  void close(bool reset);
  void loop_ended() override;
  void hurry() override;

  const StreamKind kind;
  Endpoint local;
  Endpoint remote;

 private:
  struct Chunk {
    ReadBuffer bytes;
    std::size_t size = 0;
  };
  struct WriteRequest {
    uv_write_t request;
    std::shared_ptr<StreamState> stream;
    Bytes data;
    std::size_t size;
  };
  struct LingerEnd final : TimerQueue::Entry {
    explicit LingerEnd(StreamState& s) : stream(s) {}
    void fire() override { stream.end(); }
    StreamState& stream;
  };

  static StreamState& of(uv_stream_t* handle) {
    return static_cast<StreamState&>(*static_cast<HandleState*>(handle->data));
  }
  static void on_room(uv_handle_t* handle, std::size_t, uv_buf_t* room);
  static void on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t*);
  void enqueue(Bytes data, std::size_t sent);
  void failed(int number);
  void learn_endpoints();
  void reset_at_close();
  bool start_reading();
  void end();
  void end_if_done();
  std::unexpected<Error> failure(const char* doing) const;

  union {
    uv_stream_t stream_;
    uv_tcp_t tcp_;
    uv_pipe_t pipe_;
  };
  uv_connect_t connect_;
  uv_shutdown_t shutdown_;
  bool connected_ = false;
  bool closed_ = false;  // by us
  bool shut_ = false;
  bool eof_ = false;
  bool reading_ = false;
  bool lingering_ = false;
  int error_ = 0;           // what broke the stream, as an errno
  Chunk current_;           // what the last read returned
  Chunk pending_;           // what the next one will
  ReadBuffer incoming_;     // what libuv is reading into
  std::size_t unsent_ = 0;  // handed to libuv, not yet to the kernel
  Turn turn_{loop};
  LingerEnd linger_;
  WaitList readable_;
  WaitList writable_;
};

class UvStream final : public TcpStream {
 public:
  explicit UvStream(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  ~UvStream() override { state_->close(false); }

  Task<Result<ByteView>> read() override { return StreamState::read(state_); }
  Task<Result<void>> write(Bytes data) override {
    return StreamState::write(state_, std::move(data));
  }
  void shutdown() override { state_->shutdown(); }
  void close(bool reset) override { state_->close(reset); }
  Endpoint local() const override { return state_->local; }
  Endpoint remote() const override { return state_->remote; }

 private:
  std::shared_ptr<StreamState> state_;
};

int StreamState::init() {
  const int status = kind == StreamKind::tcp ? uv_tcp_init(loop.raw(), &tcp_)
                                             : uv_pipe_init(loop.raw(), &pipe_, 0);
  if (status != 0) return status;
  opened(reinterpret_cast<uv_handle_t*>(&stream_));
  if (kind == StreamKind::tcp) uv_tcp_nodelay(&tcp_, 1);
  return 0;
}

int StreamState::adopt(Fd fd) {
  if (const int status = init()) return status;
  const int status =
      kind == StreamKind::tcp ? uv_tcp_open(&tcp_, fd.get()) : uv_pipe_open(&pipe_, fd.get());
  if (status != 0) return status;
  fd.release();
  connected_ = true;
  learn_endpoints();
  return 0;
}

void StreamState::learn_endpoints() {
  uv_os_fd_t fd = -1;
  if (kind != StreamKind::tcp || uv_fileno(reinterpret_cast<uv_handle_t*>(&stream_), &fd) != 0) {
    return;
  }
  local = local_endpoint(fd);
  remote = remote_endpoint(fd);
}

std::unexpected<Error> StreamState::failure(const char* doing) const {
  const auto on = remote.port != 0 ? remote.text() : std::string();
  if (closed_) return fail(Code::closed, doing, on, "the connection is closed");
  return system_failure(error_, doing, on);
}

Task<Result<std::unique_ptr<TcpStream>>> StreamState::connect(std::shared_ptr<StreamState> self,
                                                              Endpoint to) {
  self->remote = to;
  if (const int status = self->init()) co_return system_failure(-status, "connect", to.text());
  auto stream = std::make_unique<UvStream>(self);  // closes the handle if this frame is destroyed
  const auto address = SocketAddress::of(to);
  const int status =
      uv_tcp_connect(&self->connect_, &self->tcp_, address.raw(), [](uv_connect_t* r, int result) {
        auto& state = of(r->handle);
        state.connected_ = result == 0;
        if (result != 0) state.error_ = -result;
        state.writable_.wake_all();
      });
  if (status != 0) co_return system_failure(-status, "connect", to.text());
  while (!self->connected_ && self->error_ == 0) co_await self->writable_.wait();
  if (self->error_ != 0) co_return self->failure("connect");
  self->learn_endpoints();
  if (self->local == self->remote) {
    // A port of this machine that nobody listened at was chosen as our own: TCP connects to itself.
    self->close(true);
    co_return system_failure(ECONNREFUSED, "connect", to.text());
  }
  co_return std::move(stream);
}

void StreamState::on_room(uv_handle_t* handle, std::size_t, uv_buf_t* room) {
  auto& self = of(reinterpret_cast<uv_stream_t*>(handle));
  if (self.pending_.size != 0) {  // nobody has read yet: on_read will stop
    *room = uv_buf_init(nullptr, 0);
    return;
  }
  if (!self.incoming_) self.incoming_ = self.loop.buffers.take();
  *room = uv_buf_init(reinterpret_cast<char*>(self.incoming_.get()), kReadBuffer);
}

void StreamState::on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t*) {
  auto& self = of(handle);
  if (size > 0 && self.lingering_) {
    self.loop.buffers.give(std::move(self.incoming_));
    return;
  }
  if (size > 0) {
    self.pending_.bytes = std::move(self.incoming_);
    self.pending_.size = static_cast<std::size_t>(size);
    self.readable_.wake_all();
    return;
  }
  self.loop.buffers.give(std::move(self.incoming_));
  if (size == 0) return;
  uv_read_stop(handle);
  self.reading_ = false;
  if (size == UV_ENOBUFS) return;
  if (size == UV_EOF) {
    self.eof_ = true;
    self.readable_.wake_all();
  } else {
    self.failed(static_cast<int>(-size));
  }
  self.end_if_done();
}

Task<Result<ByteView>> StreamState::read(std::shared_ptr<StreamState> self) {
  self->current_.size = 0;
  self->loop.buffers.give(std::move(self->current_.bytes));
  while (true) {
    if (self->closed_) co_return self->failure("read");
    if (self->pending_.size != 0) {
      self->current_ = std::move(self->pending_);
      self->pending_.size = 0;
      co_return ByteView(self->current_.bytes.get(), self->current_.size);
    }
    if (self->eof_) co_return ByteView();
    if (self->error_ != 0) co_return self->failure("read");
    if (!self->start_reading()) continue;
    co_await self->readable_.wait();
  }
}

Task<Result<void>> StreamState::write(std::shared_ptr<StreamState> self, Bytes data) {
  if (self->closed_ || self->error_ != 0) co_return self->failure("write");
  if (self->shut_) co_return fail(Code::closed, "write", "", "this direction is shut down");
  std::size_t sent = 0;
  if (self->unsent_ == 0) {
    // libuv's buffers are not const; it only reads them.
    auto buffer = uv_buf_init(reinterpret_cast<char*>(data.data()),
                              static_cast<unsigned>(std::min<std::size_t>(data.size(), INT32_MAX)));
    const int size = data.empty() ? 0 : uv_try_write(&self->stream_, &buffer, 1);
    if (size < 0 && size != UV_EAGAIN) {
      self->failed(-size);
      co_return self->failure("write");
    }
    sent = static_cast<std::size_t>(std::max(size, 0));
    self->turn_.spend(sent);
  }
  if (sent < data.size()) {
    self->enqueue(std::move(data), sent);
  } else if (self->turn_.spent(kWriteTurn)) {
    co_await self->turn_.next();
  }
  while (self->unsent_ > kWriteBuffer && !self->closed_ && self->error_ == 0) {
    co_await self->writable_.wait();
  }
  if (self->closed_ || self->error_ != 0) co_return self->failure("write");
  co_return Result<void>();
}

void StreamState::enqueue(Bytes data, std::size_t sent) {
  auto owned = std::make_unique<WriteRequest>();
  auto& request = *owned;
  request.stream = std::static_pointer_cast<StreamState>(shared_from_this());
  request.data = std::move(data);
  request.size = request.data.size() - sent;
  request.request.data = &request;
  // One libuv buffer counts in 32 bits on its way through writev.
  std::vector<uv_buf_t> parts;
  for (std::size_t at = sent; at < request.data.size();) {
    const auto part = std::min<std::size_t>(request.data.size() - at, 1U << 30);
    parts.push_back(uv_buf_init(reinterpret_cast<char*>(request.data.data() + at),
                                static_cast<unsigned>(part)));
    at += part;
  }
  const auto done = [](uv_write_t* written, int status) {
    const std::unique_ptr<WriteRequest> last(static_cast<WriteRequest*>(written->data));
    auto& self = *last->stream;
    self.unsent_ -= last->size;
    if (status != 0 && status != UV_ECANCELED) self.failed(-status);
    self.writable_.wake_all();
    self.end_if_done();
  };
  const int status =
      uv_write(&request.request, &stream_, parts.data(), static_cast<unsigned>(parts.size()), done);
  if (status != 0) {
    failed(-status);
    return;
  }
  unsent_ += request.size;
  static_cast<void>(owned.release());
}

void StreamState::failed(int number) {
  if (error_ == 0) error_ = number;
  readable_.wake_all();
  writable_.wake_all();
}

void StreamState::shutdown() {
  if (closed_ || shut_ || error_ != 0) return;
  shut_ = true;
  // Only fails where the peer is gone already, which reading tells.
  static_cast<void>(uv_shutdown(&shutdown_, &stream_, [](uv_shutdown_t*, int) {}));
}

void StreamState::close(bool reset) {
  if (closed_) {
    if (reset && lingering_) {
      reset_at_close();
      end();
    }
    return;
  }
  if (!reset && connected_) shutdown();
  closed_ = true;
  readable_.wake_all();
  writable_.wake_all();
  if (reset) reset_at_close();
  const bool open = handle_open() && connected_ && error_ == 0;
  if (reset || !open || (eof_ && unsent_ == 0) || loop.lingering >= kMostLingering) {
    close_handle();
    return;
  }
  lingering_ = true;
  ++loop.lingering;
  loop.timers.arm(linger_, loop.clock.now() + kLinger);
  pending_.size = 0;
  loop.buffers.give(std::move(pending_.bytes));
  if (!eof_ && !start_reading()) end_if_done();
}

/// Makes the kernel end the connection by RST.
void StreamState::reset_at_close() {
  uv_os_fd_t fd = -1;
  if (kind != StreamKind::tcp || !handle_open() ||
      uv_fileno(reinterpret_cast<uv_handle_t*>(&stream_), &fd) != 0) {
    return;
  }
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool StreamState::start_reading() {
  if (reading_) return true;
  if (const int status = uv_read_start(&stream_, on_room, on_read)) {
    failed(-status);
    return false;
  }
  reading_ = true;
  return true;
}

void StreamState::end_if_done() {
  if (lingering_ && (error_ != 0 || (eof_ && unsent_ == 0))) end();
}

void StreamState::end() {
  if (std::exchange(lingering_, false)) --loop.lingering;
  loop.timers.disarm(linger_);
  close_handle();
}

void StreamState::loop_ended() {
  closed_ = true;
  end();
}

/// What the peer's kernel has acknowledged, its program can read, even where a reset follows.
void StreamState::hurry() {
  if (!lingering_ || unsent_ != 0) return;
  uv_os_fd_t fd = -1;
  int unacknowledged = 0;
  if (kind == StreamKind::tcp && uv_fileno(reinterpret_cast<uv_handle_t*>(&stream_), &fd) == 0 &&
      ::ioctl(fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0) {
    return;
  }
  end();
}

}  // namespace

Task<Result<std::unique_ptr<TcpStream>>> connect_tcp(Loop& loop, Endpoint to) {
  return StreamState::connect(std::make_shared<StreamState>(loop, StreamKind::tcp), to);
}

Result<std::unique_ptr<TcpStream>> adopt_stream(Loop& loop, StreamKind kind, Fd fd) {
  auto state = std::make_shared<StreamState>(loop, kind);
  auto stream = std::make_unique<UvStream>(state);
  if (const int status = state->adopt(std::move(fd))) {
    return system_failure(-status, "open connection", "");
  }
  return stream;
}

}  // namespace p2p::runtime::uv
