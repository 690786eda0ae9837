// LAYERS: p2p_libp2p
// OPTIONS: -max_len=160
// Multistream-select, both roles: any split of the input gives the same output, result and
// remainder.
#include "fuzz/require.h"
#include "libp2p/multistream.h"

using namespace p2p;
using libp2p::Multistream;

namespace {

struct Run {
  Bytes out;
  Bytes left;
  std::optional<Code> failed;
  bool done = false;
  std::string protocol;

  friend bool operator==(const Run&, const Run&) = default;
};

Run run(bool dialer, ByteView input, std::size_t chunk) {
  auto machine = dialer ? Multistream::dialer({"/a", "/noise"})
                        : Multistream::listener([](std::string_view offered) {
                            return offered == "/noise" || offered == "/ipfs/id/1.0.0";
                          });
  Run result;
  append(result.out, machine.take_output());
  while (!input.empty() && !result.failed) {
    ByteView part = input.first(std::min(chunk, input.size()));
    input = input.subspan(part.size());
    const auto received = machine.receive(part);
    append(result.out, machine.take_output());
    if (!received) result.failed = received.error().code;
    append(result.left, part);
  }
  if (result.failed) result.left.clear();  // how much more lay behind depends on the split
  result.done = machine.done();
  result.protocol = machine.protocol();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool dialer = data[0] & 1;
  const ByteView input(data + 1, size - 1);
  const Run whole = run(dialer, input, input.size() + 1);
  require(whole == run(dialer, input, size % 2 == 0 ? 1 : 2 + data[0] / 2));
  require(!whole.done || !whole.failed);
  require(whole.left.empty() || whole.done);
  return 0;
}
