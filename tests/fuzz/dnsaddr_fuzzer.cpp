// LAYERS: p2p_libp2p
// OPTIONS: -max_len=600
// Names that lead to addresses, where a hostile server answers every question: the search ends,
// within its bounds, and finds only what the address asked for.
#include <algorithm>

#include "fuzz/require.h"
#include "libp2p/dnsaddr.h"
#include "libp2p/resolve.h"

using namespace p2p;
using namespace p2p::libp2p;

namespace {

/// Answers from the input: a byte for the number of records, and each behind its length.
class Answers final : public runtime::Resolver {
 public:
  explicit Answers(ByteView input) : input_(input) {}

  Task<Result<std::vector<runtime::IpAddress>>> addresses(std::string, Family) override {
    require(++questions_ <= kMaxDnsaddrLookups);
    const std::size_t count = byte() % 16;
    std::vector<runtime::IpAddress> ips;
    for (std::size_t i = 0; i < count; ++i) {
      runtime::IpAddress& ip = ips.emplace_back();
      const ByteView bytes = take(4 + std::size_t{byte() % 2u} * 12);
      ip.v6 = bytes.size() == 16;
      if (bytes.size() == 4 || ip.v6) std::ranges::copy(bytes, ip.bytes.begin());
    }
    if (ips.empty()) co_return fail(Code::not_found, "no address");
    co_return std::move(ips);
  }

  Task<Result<std::vector<std::string>>> txt(std::string name) override {
    require(name.starts_with("_dnsaddr.") && ++questions_ <= kMaxDnsaddrLookups);
    const std::size_t count = byte() % 16;
    std::vector<std::string> records;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = byte();
      // The prefix is not left to chance.
      std::string& record = records.emplace_back(size % 2 == 0 ? "dnsaddr=/" : "");
      record += as_text(take(size));
    }
    if (records.empty()) co_return fail(Code::not_found, "no record");
    co_return std::move(records);
  }

 private:
  std::uint8_t byte() {
    const ByteView one = take(1);
    return one.empty() ? 0 : one[0];
  }
  ByteView take(std::size_t size) {
    const ByteView taken = input_.first(std::min(size, input_.size()));
    input_ = input_.subspan(taken.size());
    return taken;
  }

  ByteView input_;
  std::size_t questions_ = 0;
};

Task<void> expand(Answers answers, std::string name, bool* done) {
  auto expanding = expand_dnsaddr(answers, std::move(name));
  const auto found = co_await std::move(expanding);
  if (found) {
    require(!found->empty() && found->size() <= kMaxDnsaddrAddrs);
    for (const Multiaddr& addr : *found) require(Multiaddr::parse(addr.text()) == addr);
  }
  *done = true;
}

Task<void> follow(Answers answers, Multiaddr addr, bool* done) {
  const std::optional<PeerId> peer = addr.peer();
  auto resolving = resolve(answers, std::move(addr));
  const auto targets = co_await std::move(resolving);
  if (targets) {
    require(!targets->empty() && targets->size() <= kMaxTargets);
    for (const Target& target : *targets) {
      require(!peer || target.peer == peer);
      require(endpoint_of(target.addr).value() == target.endpoint && !target.addr.peer());
    }
  }
  *done = true;
}

void run(Task<void> task, const bool& done) {
  runtime::ReadyQueue queue;
  runtime::TaskGroup group(queue);
  group.spawn(std::move(task));
  queue.run_until_idle();
  require(done);
}

}  // namespace

/// Input: the address to begin with, a zero byte, the server's answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto zero = std::ranges::find(input, 0);
  const auto head = static_cast<std::size_t>(zero - input.begin());
  const auto text = as_text(input.first(head));
  const Answers answers(input.subspan(std::min(head + 1, size)));
  bool expanded = false;
  run(expand(answers, std::string(text), &expanded), expanded);
  auto addr = Multiaddr::parse(text);
  if (!addr) return 0;
  bool followed = false;
  run(follow(answers, std::move(*addr), &followed), followed);
  return 0;
}
