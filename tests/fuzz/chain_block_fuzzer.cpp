// LAYERS: p2p_chain_ledger
// OPTIONS: -max_len=500
// A block has one encoding, and a sequence of blocks is the same however it is cut.
#include <optional>
#include <vector>

#include "chain/ledger/block_stream.h"
#include "chain/ledger/chain_params.h"
#include "fuzz/require.h"

using namespace p2p;
using namespace p2p::chain;

namespace {

struct Read {
  std::vector<Bytes> items;
  bool failed = false;
  bool cut_short = false;

  friend bool operator==(const Read&, const Read&) = default;
};

Read read(ByteView input, std::size_t piece) {
  BlockStream stream;
  Read out;
  while (!input.empty() && !out.failed) {
    const std::size_t size = std::min(piece, input.size());
    stream.feed(input.first(size));
    input = input.subspan(size);
    while (true) {
      const auto item = stream.next();
      out.failed = !item;
      if (!item || !*item) break;
      out.items.push_back(to_bytes(**item));
    }
  }
  out.cut_short = !out.failed && !stream.end();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto block = Block::decode(input)) {
    require(equal(block->encode(), input));
    const Outcome outcome = check_block(*block, size);
    require(outcome.verdict != Verdict::future && outcome.verdict != Verdict::orphan);
    static_cast<void>(ChainParams::from_genesis(input));
  }
  const Read whole = read(input, size + 1);
  require(read(input, size % 2 == 0 ? 1 : 7) == whole);
  Bytes together;
  for (const Bytes& item : whole.items) append(together, item);
  require(equal(together, input.first(together.size())));
  require(whole.failed || whole.cut_short == (together.size() != size));
  return 0;
}
