// LAYERS: p2p_libp2p
// OPTIONS: -max_len=48
// Messages behind their lengths on a stream that gives as few bytes as it likes: the pieces make no
// difference, no message passes its bound, and what was read is written the same.
#include <algorithm>

#include "base/varint.h"
#include "fuzz/require.h"
#include "libp2p/stream.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

constexpr std::size_t kMost = 20;

class Pipe final : public Stream {
 public:
  Pipe(ByteView input, std::size_t piece) : input_(input), piece_(piece) {}

  Task<Result<Bytes>> read(std::size_t most) override {
    require(most > 0 && most <= kMost);
    const std::size_t size = std::min({most, piece_, input_.size()});
    Bytes taken = to_bytes(input_.first(size));
    input_ = input_.subspan(size);
    co_return std::move(taken);
  }
  Task<Result<void>> write(Bytes data) override {
    append(written, data);
    co_return Result<void>();
  }
  void close_write() override {}
  void reset(std::uint32_t) override {}
  std::size_t buffered() const override { return input_.size(); }
  const std::string& protocol() const override { return protocol_; }
  const PeerId& peer() const override { return peer_; }
  const Multiaddr& remote_addr() const override { return addr_; }
  bool outbound() const override { return false; }

  Bytes written;

 private:
  ByteView input_;
  std::size_t piece_;
  std::string protocol_;
  PeerId peer_;
  Multiaddr addr_;
};

struct Outcome {
  std::vector<Bytes> messages;
  std::optional<Code> failed;
  bool ended = false;
  std::size_t consumed = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Task<void> read_all(Pipe& pipe, std::size_t size, Outcome& outcome) {
  while (!outcome.ended && !outcome.failed) {
    auto reading = read_message(pipe, kMost);
    auto message = co_await std::move(reading);
    if (!message) {
      outcome.failed = message.error().code;
    } else if (!*message) {
      outcome.ended = true;
    } else {
      auto writing = write_message(pipe, **message);
      const auto wrote = co_await std::move(writing);
      require(wrote.has_value());
      outcome.messages.push_back(std::move(**message));
    }
  }
  outcome.consumed = size - pipe.buffered();
}

Outcome read(ByteView input, std::size_t piece) {
  Pipe pipe(input, piece);
  Outcome outcome;
  runtime::ReadyQueue queue;
  runtime::TaskGroup group(queue);
  group.spawn(read_all(pipe, input.size(), outcome));
  queue.run_until_idle();
  require(outcome.ended || outcome.failed);
  require(!outcome.ended || outcome.consumed == input.size());
  // Lengths have one form (multiformats/unsigned-varint), so that writing gives the bytes again.
  require(pipe.written.size() <= input.size() &&
          equal(pipe.written, input.first(pipe.written.size())));
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const Outcome whole = read(input, size + 1);
  require(whole == read(input, 1 + size % 4));
  for (const Bytes& message : whole.messages) require(message.size() <= kMost);
  return 0;
}
