// LAYERS: p2p_chain_sync p2p_runtime_sim
// OPTIONS: -max_len=240 -entropic=0
// What a command makes of anything that might sit behind a node's socket: it ends with an answer or
// an error, and the same in whatever pieces the bytes come.
#include <algorithm>

#include "chain/sync/control.h"
#include "fuzz/require.h"
#include "runtime/sim/world.h"

using namespace p2p;
using namespace p2p::chain;

namespace {

class Wire final : public runtime::TcpStream {
 public:
  Wire(ByteView input, std::size_t piece) : input_(input), piece_(piece) {}

  Task<Result<ByteView>> read() override {
    const ByteView taken = input_.first(std::min(piece_, input_.size()));
    input_ = input_.subspan(taken.size());
    co_return taken;
  }
  Task<Result<void>> write(Bytes data) override {
    // Requests are whole lines.
    require(!data.empty() && std::ranges::find(data, '\n') == data.end() - 1);
    co_return Result<void>();
  }
  void shutdown() override {}
  void close(bool) override {}
  runtime::Endpoint local() const override { return {}; }
  runtime::Endpoint remote() const override { return {}; }

 private:
  ByteView input_;
  std::size_t piece_;
};

/// A machine with one socket on it, and nothing else.
class OneSocket final : public runtime::Net {
 public:
  OneSocket(ByteView input, std::size_t piece) : input_(input), piece_(piece) {}

  Task<Result<std::unique_ptr<runtime::TcpStream>>> connect_local(std::string) override {
    co_return std::unique_ptr<runtime::TcpStream>(std::make_unique<Wire>(input_, piece_));
  }
  Task<Result<std::unique_ptr<runtime::TcpStream>>> connect(runtime::Endpoint) override {
    std::abort();
  }
  Result<std::unique_ptr<runtime::TcpListener>> listen(const runtime::Endpoint&) override {
    std::abort();
  }
  Result<std::unique_ptr<runtime::UdpSocket>> udp(const runtime::Endpoint&,
                                                  const runtime::UdpOptions&) override {
    std::abort();
  }
  Result<std::vector<runtime::Interface>> interfaces() override { std::abort(); }
  runtime::Resolver& resolver() override { std::abort(); }
  Result<std::unique_ptr<runtime::TcpListener>> listen_local(const std::string&) override {
    std::abort();
  }

 private:
  ByteView input_;
  std::size_t piece_;
};

/// What each answer came to: its value as text, or its error's.
using Heard = std::vector<std::string>;

std::string text_of(std::uint64_t number) { return std::to_string(number); }
std::string text_of(bool yes) { return yes ? "yes" : "no"; }
std::string text_of(const std::string& text) { return text; }
std::string text_of(const BlockId& id) { return id.text(); }
std::string text_of(const std::vector<ControlClient::PeerLine>& peers) {
  std::string text;
  for (const auto& peer : peers) {
    text += peer.peer_id + ' ' + peer.state + ' ' + peer.addr + ' ' + peer.agent + ' ';
    text += std::to_string(peer.height.value_or(0)) + '\n';
  }
  return text;
}

template <class T>
void note(Heard& heard, const Result<T>& answer) {
  heard.push_back(answer ? text_of(*answer) : "error: " + answer.error().message());
}

Task<void> ask(runtime::Runtime world, std::uint8_t first, std::size_t lines, Heard& heard) {
  auto connecting = ControlClient::connect(world, std::filesystem::path("/chain"));
  auto client = co_await std::move(connecting);
  require(client.has_value());
  for (std::size_t i = 0; i < lines; ++i) {
    switch ((first + i) % 6) {
      case 0: {
        auto asking = client->next_nonce(Address());
        note(heard, co_await std::move(asking));
        break;
      }
      case 1: {
        auto asking = client->submit(Transaction());
        note(heard, co_await std::move(asking));
        break;
      }
      case 2: {
        auto asking = client->mined();
        note(heard, co_await std::move(asking));
        break;
      }
      case 3: {
        auto asking = client->peers();
        note(heard, co_await std::move(asking));
        break;
      }
      case 4: {
        auto asking = client->connect_peer("/ip4/127.0.0.1/tcp/1");
        note(heard, co_await std::move(asking));
        break;
      }
      default: {
        auto asking = client->disconnect_peer("peer");
        note(heard, co_await std::move(asking));
        break;
      }
    }
  }
  heard.emplace_back("end");
}

Heard run(ByteView input, std::uint8_t first, std::size_t lines, std::size_t piece) {
  OneSocket net(input, piece);
  Heard heard;
  // Lends its clock, whose deadlines never come; made once, for it is slow to make.
  static runtime::SimWorld still(1);
  static const runtime::Runtime lent = still.host("client").runtime();
  runtime::ReadyQueue queue;
  const runtime::Runtime world{queue, lent.clock, lent.random, net, lent.workers};
  runtime::TaskGroup group(queue);
  group.spawn(ask(world, first, lines, heard));
  queue.run_until_idle();
  require(!heard.empty() && heard.back() == "end");
  return heard;
}

}  // namespace

/// Input: a byte that says what is asked first, and the node's answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  const auto ends = std::ranges::count(input, '\n');
  const std::size_t lines = 1 + static_cast<std::size_t>(std::min<std::ptrdiff_t>(ends, 6));
  require(run(input, data[0], lines, size) == run(input, data[0], lines, 1 + data[0] / 8));
  return 0;
}
